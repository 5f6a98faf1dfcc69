//! UserLogin: frozen or not.

use super::{Field, Object, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::soql::Value;
use crate::table::Keyed;
use jiff::Timestamp;

/// Whether a user is kept from logging in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frost {
    /// As usual.
    Thawed,
    /// Cannot log in.
    Frozen,
}

/// One user's login state. Object reference: `sforce_api_objects_userlogin.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLogin {
    /// `0Yw…`.
    pub id: Id,
    /// Whose.
    pub user_id: Id,
    /// Frozen or not.
    pub frost: Frost,
    /// Last change.
    pub last_modified: Timestamp,
    /// Who changed it.
    pub last_modified_by: Id,
}

impl Keyed for UserLogin {
    const PREFIX: &'static str = "0Yw";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "UserLogin",
    fields: &[
        Field::id("Id").required(),
        Field::id("UserId"),
        Field::flag("IsFrozen"),
        Field::flag("IsPasswordLocked"),
        Field::time("LastModifiedDate"),
        Field::id("LastModifiedById"),
    ],
    relations: &[],
    needs: None,
};

impl Row for UserLogin {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "UserId" => Value::Id(self.user_id),
            "IsFrozen" => Value::Flag(self.frost == Frost::Frozen),
            "IsPasswordLocked" => Value::Flag(false),
            "LastModifiedDate" => Value::Time(self.last_modified),
            "LastModifiedById" => Value::Id(self.last_modified_by),
            _ => Value::Null,
        }
    }
}

/// Without Manage Users or Freeze Users a user sees his own row.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let all = Object::UserLogin.shows_others_to(view.caller);
    let mine = view.caller.user_id;
    Box::new(view.org.user_logins.all().iter().filter(move |state| all || state.user_id == mine).map(row))
}
