//! What can go wrong.

/// What a request meets instead of, before, or after being handled as usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This status with this JSON body; the request does nothing.
    Json(u16, serde_json::Value),
    /// This status with this HTML body, as Salesforce's edge answers (420, 502, 503); the request does nothing.
    Html(u16, String),
    /// `QUERY_TIMEOUT`, as if the query had run for more than two minutes.
    QueryTimeout,
    /// `REQUEST_LIMIT_EXCEEDED` with status 403 and no Retry-After, as Salesforce does.
    LimitExceeded,
    /// The caller's session ends just before the request, which is then handled as usual: 401.
    SessionExpired,
    /// Every query locator given out so far becomes invalid just before the request.
    LocatorExpired,
    /// Somebody else holds the rows: a request is refused with `UNABLE_TO_LOCK_ROW`; in a collection every other item
    /// is, beginning with the first.
    RowLocked,
    /// The connection breaks before an answer; the request does nothing.
    Close,
    /// The request is done, but the connection breaks before its answer.
    CloseAfter,
    /// Milliseconds for which the request is in progress before it is handled as usual.
    Delay(u64),
    /// The request is done, and its answer leaves only after so many milliseconds.
    Withheld(u64),
    /// The answer's body comes in pieces.
    Trickle {
        /// Bytes in a piece, at least 1.
        bytes: usize,
        /// Milliseconds before each.
        pause: u64,
    },
    /// The answer names its true length, and the connection breaks half way through the body.
    CutShort,
    /// Half of the body, as if that were all: a whole answer, but no JSON any more.
    Clipped,
    /// Half of a page's records are missing from a well-formed answer that says it is the last.
    RowsMissing,
    /// A write is answered with success and not done.
    Lie,
}

impl Effect {
    /// The error array as Salesforce writes it, with this status and errorCode; the request does nothing.
    pub fn refusal(status: u16, code: &str) -> Self {
        Self::Json(status, serde_json::json!([{"message": "an ordered fault", "errorCode": code}]))
    }
}
