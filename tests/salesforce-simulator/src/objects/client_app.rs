//! External client apps: no SOQL object lists their usage, the Connect REST API does.

use crate::id::Id;
use crate::table::Keyed;

/// One external client app. Connect REST API Developer Guide: "OAuth Usage Resources".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientApp {
    /// `0xI…`.
    pub id: Id,
    /// As people see it.
    pub label: String,
    /// Its name in the API.
    pub developer_name: String,
}

impl Keyed for ClientApp {
    const PREFIX: &'static str = "0xI";

    fn id(&self) -> Id {
        self.id
    }
}
