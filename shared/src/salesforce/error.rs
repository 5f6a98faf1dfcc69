//! Why something could not be done in Salesforce.

use jiff::Timestamp;

use crate::observation::UserId;

use super::connection::Role;

/// The codes with which a session that has ended is answered.
const SESSION_ENDED: [&str; 2] = ["INVALID_SESSION_ID", "INVALID_AUTH_HEADER"];
/// Answers of a server that is busy, not of one that refuses; 420 is Salesforce Edge's own.
const BUSY: [u16; 5] = [420, 500, 502, 503, 504];
/// Refusals that pass by themselves.
const PASSING: [&str; 2] = ["UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE"];

/// Why something could not be done in Salesforce. Holds no secret and no query of a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SalesforceError {
    /// The connection document does not hold what this needs.
    #[error("the connection `{org_alias}` cannot be used as {role}: {reason}")]
    Configuration {
        /// The operator's name for the org.
        org_alias: String,
        /// Which identity was asked for.
        role: Role,
        /// What is missing or unreadable.
        reason: String,
    },
    /// Salesforce does not let the identity in.
    #[error("Salesforce does not let this identity in: {error}: {description}. {hint}")]
    NotAuthorised {
        /// The OAuth `error`, or the code of a session that was refused twice.
        error: String,
        /// What Salesforce says.
        description: String,
        /// What to do about it.
        hint: String,
    },
    /// Salesforce understood the request and refuses it.
    #[error("Salesforce refuses {object}: {code}: {message}{}", advice(code))]
    Api {
        /// The object or endpoint that was asked for.
        object: String,
        /// `errorCode`.
        code: String,
        /// What Salesforce says, at most 400 characters.
        message: String,
        /// The HTTP status.
        status: u16,
    },
    /// The org's API calls for the day are used up.
    #[error(
        "Salesforce refuses {object}: the org's API request limit is reached ({message}); wait, or scan less often"
    )]
    RequestLimit {
        /// The object or endpoint that was asked for.
        object: String,
        /// What Salesforce says.
        message: String,
    },
    /// Too many requests that take long run in the org at once.
    #[error(
        "Salesforce refuses {object}: too many long requests run in this org at once ({message}); find what else \
         queries it"
    )]
    TooManyAtOnce {
        /// The object or endpoint that was asked for.
        object: String,
        /// What Salesforce says.
        message: String,
    },
    /// What is left of the org's API calls for the day belongs to containment.
    #[error(
        "{object} is not asked for: the org has used {used} of its {allowed} API calls of the last 24 hours, and the \
         last {reserve} are kept for containment; scanning goes on at {again_at:.0} if calls are free by then, and \
         what happens meanwhile is unseen"
    )]
    ReserveReached {
        /// The object or endpoint that would have been asked for.
        object: String,
        /// Calls of the whole org in the last 24 hours.
        used: u64,
        /// Calls that it may make.
        allowed: u64,
        /// How many of them are reserved.
        reserve: u64,
        /// When this client asks again.
        again_at: Timestamp,
    },
    /// No connection, or it broke before the answer was complete.
    #[error("{object}: Salesforce cannot be reached: {reason}; check the network path and the org's host")]
    Unreachable {
        /// The object or endpoint that was asked for.
        object: String,
        /// What the network says.
        reason: String,
    },
    /// The answer did not come in time.
    #[error("{object}: Salesforce did not answer within {seconds} seconds")]
    TimedOut {
        /// The object or endpoint that was asked for.
        object: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The answer began and then stopped coming.
    #[error("{object}: Salesforce's answer stopped in the middle; nothing came for {seconds} seconds")]
    Stalled {
        /// The object or endpoint that was asked for.
        object: String,
        /// How long nothing came.
        seconds: u64,
    },
    /// An answer that is not in the documented form.
    #[error("{object}: Salesforce's answer (HTTP {status}) is not what its API documents: {reason}")]
    UnexpectedAnswer {
        /// The object or endpoint that was asked for.
        object: String,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it, at most 120 characters of the answer.
        reason: String,
    },
    /// One user alone has more rows than Salesforce gives out, in a part that cannot be cut further.
    #[error(
        "{object}: user {user} has more than the {limit} rows that Salesforce gives out{}; some stay unseen",
        .app.as_ref().map(|app| format!(", of the application {app:?} alone")).unwrap_or_default()
    )]
    TooManyRows {
        /// The object that was asked for.
        object: String,
        /// Whose rows.
        user: UserId,
        /// The application they are all of, where the rows are tokens.
        app: Option<String>,
        /// The most that Salesforce gives out.
        limit: u64,
    },
    /// Fewer rows came than Salesforce counts.
    #[error(
        "{object}: {read} rows were read of {expected} that Salesforce counts; what is missing is unseen"
    )]
    Incomplete {
        /// The object that was asked for.
        object: String,
        /// Rows counted.
        expected: u64,
        /// Rows read.
        read: u64,
    },
    /// A row that cannot be read, where every one counts.
    #[error(
        "{object}: the row {} could not be read, so what it holds is unseen: {reason}",
        .id.as_deref().unwrap_or("without an id")
    )]
    UnreadableRow {
        /// The object that was asked for.
        object: String,
        /// Its record id, if it had one.
        id: Option<String>,
        /// Why, without the row's content.
        reason: String,
    },
    /// An object, or fields of one, that this cannot do without and that the identity does not see in this org.
    #[error(
        "Salesforce shows this identity no {what}: check its permissions, the org's edition, and `api_version` in \
         the connection document"
    )]
    NotVisible {
        /// `Object`, or `Object.Field` with commas between.
        what: String,
    },
    /// A token without a DeleteToken.
    #[error(
        "Salesforce gives no way to revoke a token of {app_name:?} that user {user} granted: revoke it in Setup, on the \
         user's page under OAuth Connected Apps"
    )]
    Irrevocable {
        /// Who granted it.
        user: UserId,
        /// To which application.
        app_name: String,
    },
    /// Somebody else's freeze, which is his to take back.
    #[error("user {user} was frozen by {by}, not by this identity, and stays so")]
    FrozenByOthers {
        /// Who is frozen.
        user: UserId,
        /// Who froze him, where that is told.
        by: String,
    },
    /// A user without a UserLogin row: they never logged in, or this identity may not see it.
    #[error("user {user} has no UserLogin row and cannot be frozen; deactivate the user in Setup instead")]
    NoUserLogin {
        /// Who.
        user: UserId,
    },
}

impl SalesforceError {
    /// Whether the same request may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::RequestLimit { .. } | Self::ReserveReached { .. } | Self::Incomplete { .. } => true,
            Self::Api { code, .. } if code == "INVALID_QUERY_LOCATOR" => true,
            other => other.is_slow() || other.is_passing(),
        }
    }

    /// Whether less has to be asked for at once; the same again would take as long. With which status Salesforce answers
    /// `QUERY_TIMEOUT` is not documented.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self, Self::TimedOut { .. }) || self.code() == Some("QUERY_TIMEOUT")
    }

    /// Whether asking again within seconds is worth it.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            slow if slow.is_slow() => false,
            Self::Unreachable { .. } | Self::Stalled { .. } | Self::TooManyAtOnce { .. } => true,
            Self::Api { code, status, .. } => BUSY.contains(status) || is_passing_code(code),
            Self::UnexpectedAnswer { status, .. } => BUSY.contains(status),
            _ => false,
        }
    }

    /// Whether Salesforce understood the request and will not answer it, however often it is asked.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Api { .. } => !self.retryable(),
            Self::UnexpectedAnswer { status, .. } => *status == 200,
            _ => false,
        }
    }

    /// Whether the session was refused, so that a new token is worth a try.
    pub(super) fn session_has_ended(&self) -> bool {
        matches!(self, Self::NotAuthorised { error, .. } if SESSION_ENDED.contains(&error.as_str()))
    }

    /// `errorCode`, where Salesforce gave one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api { code, .. } => Some(code),
            Self::NotAuthorised { error, .. } => Some(error),
            Self::RequestLimit { .. } | Self::TooManyAtOnce { .. } => Some("REQUEST_LIMIT_EXCEEDED"),
            _ => None,
        }
    }
}

/// Whether a refusal with this code passes by itself.
pub(super) fn is_passing_code(code: &str) -> bool {
    PASSING.contains(&code)
}

fn advice(code: &str) -> &'static str {
    match code {
        "INVALID_TYPE" | "INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY" => {
            "; give the identity API Enabled and Manage Users, and the revoker Customize Application too"
        }
        "INVALID_FIELD" => {
            "; the field does not exist in this org, or the identity may not see it: check its field permissions"
        }
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" => {
            "; the password of the identity's user has expired: give it the permission Password Never Expires, or set a \
             new password in Setup"
        }
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => "; give the identity the permission API Enabled",
        "GONE" | "UNSUPPORTED_API_VERSION" => "; set a newer `api_version` in the connection document",
        _ => "",
    }
}
