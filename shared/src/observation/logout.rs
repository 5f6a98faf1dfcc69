//! Somebody who has logged out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Text, UserId};

/// A user has logged out of the user interface; it arrives by Event Relay and needs no Shield licence. The event names the login and no
/// session: where the login was relayed too, its key leads to the record, and that to the sessions that were seen of it. Source:
/// Platform Events Developer Guide, LogoutEventStream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logout {
    /// `EventIdentifier`.
    pub id: String,
    /// `EventDate`: from then on the sessions of the login are over.
    pub time: Timestamp,
    /// Who.
    pub user_id: UserId,
    /// `LoginKey` of the login.
    pub login_key: Text,
}
