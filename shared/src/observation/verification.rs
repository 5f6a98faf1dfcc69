//! A row of VerificationHistory.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LoginId, Source, UserId, VerificationId};

/// One attempt to verify an identity, or one change of how it is verified. Source: Object Reference,
/// VerificationHistory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The record.
    pub id: VerificationId,
    /// When.
    pub time: Timestamp,
    /// Whose identity.
    pub user_id: UserId,
    /// `Activity`, for example `Login` or `ConnectTotp`.
    pub activity: String,
    /// `Status`, for example `Succeeded`.
    pub status: String,
    /// From where.
    pub source: Source,
    /// The login it belongs to.
    #[serde(default)]
    pub login_id: Option<LoginId>,
    /// `Policy`: what asked for it, for example `TwoFactorAuthentication` or `DeviceActivation`.
    #[serde(default)]
    pub policy: String,
    /// `VerificationMethod`, for example `Totp`; empty where none was used.
    #[serde(default)]
    pub method: String,
    /// `Remarks`, free text, at most 255 characters.
    #[serde(default)]
    pub remarks: String,
    /// `EventGroup`: the attempts of one verification share it.
    #[serde(default)]
    pub event_group: Option<i64>,
}

/// What a verification was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationKind {
    /// A new way to verify was registered.
    MethodRegistered,
    /// Anything else.
    Other,
}

impl Verification {
    /// Whether a new factor was registered: `Connect*` activities, which succeeded. `ConnectedApp` is not one.
    pub fn kind(&self) -> VerificationKind {
        let registers = self.activity.starts_with("Connect") && self.activity != "ConnectedApp";
        let succeeded = matches!(self.status.as_str(), "Succeeded" | "AutomatedSuccess");
        if registers && succeeded { VerificationKind::MethodRegistered } else { VerificationKind::Other }
    }
}
