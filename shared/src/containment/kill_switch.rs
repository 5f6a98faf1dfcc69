//! The switch that stops every containment of an org.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Readable;
use crate::observation::OrgId;
use crate::store::{Room, Store, StoreError, Table};

/// Stops every containment of an org, automatic or not, while it is thrown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillSwitch {
    /// Whether it stops.
    pub switch: Switch,
    /// Who says so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Whether a kill switch stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Nothing is done.
    Thrown,
    /// As if there were none.
    Lifted,
}

/// The room of an org's kill switch; the command writes the record `org`, and any record there that is not lifted, or
/// cannot be read, stops.
pub fn kill_switch(org: &OrgId) -> Room<KillSwitch> {
    Room::new(Table::People, org, "kill-switch")
}

/// Why nothing may be done, if it is so; `Err` inside when the switch cannot be read.
pub(crate) async fn thrown(store: &dyn Store, org: &OrgId) -> Result<Readable<Option<String>>, StoreError> {
    match kill_switch(org).all(store).await {
        Ok(switches) => {
            let thrown = switches.into_iter().map(|(_, kept)| kept.value);
            let thrown = thrown.into_iter().find(|kept| kept.switch == Switch::Thrown);
            Ok(Ok(thrown.map(|kept| format!("{} stopped all containments: {}", kept.by, kept.reason))))
        }
        Err(error @ StoreError::Unreadable { .. }) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}
