//! Behaviour that Salesforce does not document, or that differs between orgs: both ways can be tried.

/// Whether a refresh-token grant writes a LoginHistory row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefreshRows {
    /// One row a grant.
    #[default]
    Written,
    /// None: only the token's use count moves.
    NotWritten,
}

/// Whether deleting a session takes its children with it (observed, not documented).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cascade {
    /// The children go too.
    #[default]
    On,
    /// The children stay until they are deleted.
    Off,
}

/// What a collection delete answers for a session that an earlier id of the same call took with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CascadedItems {
    /// `ENTITY_IS_DELETED`.
    #[default]
    Failed,
    /// Success.
    Succeeded,
}

/// What becomes of the sessions a revoked refresh token made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevokeSessions {
    /// They are gone at once.
    #[default]
    Removed,
    /// They live on until they expire or are deleted.
    Kept,
}

/// What becomes of the live sessions of a user being frozen (undocumented).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FreezeSessions {
    /// They go on working.
    #[default]
    Survive,
    /// They are removed.
    Killed,
}

/// A write that is answered with success and does nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lying {
    /// Every answer is true.
    #[default]
    No,
    /// Session deletes.
    Deletes,
    /// Token revocations.
    Revokes,
    /// Freezes and thaws.
    Freezes,
}

/// How many rows a query page holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pages {
    /// As many as `Sforce-Query-Options` asks for.
    #[default]
    AsAsked,
    /// Fewer, and not the same number twice.
    Smaller,
}

/// All switches; the default is the behaviour thought most likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// LoginHistory rows of refresh-token grants.
    pub refresh_rows: RefreshRows,
    /// Children of a deleted session.
    pub cascade: Cascade,
    /// Answers for children in the same collection delete.
    pub cascaded_items: CascadedItems,
    /// Sessions of a revoked token.
    pub revoke_sessions: RevokeSessions,
    /// Sessions of a frozen user.
    pub freeze_sessions: FreezeSessions,
    /// Answers that are not true.
    pub lying: Lying,
    /// Page sizes.
    pub pages: Pages,
}
