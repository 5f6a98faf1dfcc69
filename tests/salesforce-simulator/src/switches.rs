//! Behaviour that Salesforce does not document, or that differs between orgs: both ways can be tried.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// Each switch: its field, and a type of two variants, the one thought more likely first.
macro_rules! switches {
    ($($(#[$doc:meta])* $field:ident: $switch:ident {
        $(#[$first_doc:meta])* $first:ident,
        $(#[$second_doc:meta])* $second:ident,
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
            pub enum $switch {
                $(#[$first_doc])*
                #[default]
                $first,
                $(#[$second_doc])*
                $second,
            }
        )*

        /// All switches; the default is the behaviour thought most likely.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Switches {
            $($(#[$doc])* pub $field: $switch,)*
            /// Answers that are not true.
            pub lying: Lying,
        }

        /// Each switch's other position.
        const OTHERS: &[(&str, fn(&mut Switches))] = &[
            $((
                concat!(stringify!($field), ": ", stringify!($second)),
                |switches| switches.$field = $switch::$second,
            ),)*
        ];
    };
}

switches! {
    /// Whether a refresh-token grant writes a LoginHistory row.
    refresh_rows: RefreshRows {
        /// One row a grant.
        Written,
        /// None: only the token's use count moves.
        NotWritten,
    }
    /// Whether deleting a session takes its children with it (observed, not documented).
    cascade: Cascade {
        /// The children go too.
        On,
        /// The children stay until they are deleted.
        Off,
    }
    /// What a collection delete answers for a session that an earlier id of the same call took with it.
    cascaded_items: CascadedItems {
        /// `ENTITY_IS_DELETED`.
        Failed,
        /// Success.
        Succeeded,
    }
    /// Whether the short hand-over sessions (`Temp…`) can be deleted.
    temporary_sessions: TemporarySessions {
        /// As any other session.
        Deletable,
        /// Only together with their parent; alone they are refused.
        Undeletable,
    }
    /// With what the delete of a hand-over session is refused where it is.
    undeletable: Undeletable {
        /// `INSUFFICIENT_ACCESS_OR_READONLY`.
        ReadOnly,
        /// `DELETE_FAILED`.
        DeleteFailed,
    }
    /// How the type of the user interface's hand-over session is written; sources differ.
    hand_over_names: HandOverNames {
        /// `TempUIFrontdoor`.
        Capitals,
        /// `TempUiFrontdoor`.
        Words,
    }
    /// Whether pages of Visualforce are used, for which a login in the user interface has a session more.
    visualforce: Visualforce {
        /// They are not.
        Unused,
        /// They are: the family has `Visualforce` and `TempVisualforceExchange`.
        Used,
    }
    /// What becomes of the AuthSession rows a revoked refresh token made.
    revoke_sessions: RevokeSessions {
        /// They are gone at once.
        Removed,
        /// They live on until they expire or are deleted.
        Kept,
    }
    /// What becomes of the live sessions of a user being frozen (undocumented).
    freeze_sessions: FreezeSessions {
        /// They go on working.
        Survive,
        /// They are removed.
        Killed,
    }
    /// Whether *Freeze Users* without *Manage Users* is enough to update UserLogin through the API.
    freeze_permission: FreezePermission {
        /// It is.
        Enough,
        /// It holds for the Setup page only.
        PageOnly,
    }
    /// What a password reset (DELETE of a user's password) answers.
    password_reset: PasswordReset {
        /// 204 without a body: the user gets a link by e-mail.
        NoBody,
        /// 200 with the generated password, as older documents say.
        NewPassword,
    }
    /// Whether the My Domain URL is accepted as the audience of an assertion.
    own_audience: OwnAudience {
        /// As the login hosts are.
        Accepted,
        /// `audience is invalid`.
        Refused,
    }
    /// What a query answers about login rows, sessions or tokens to a caller who may not see others'.
    outsiders: Outsiders {
        /// His own rows, without a word about the rest.
        OwnRows,
        /// `INVALID_TYPE`.
        Refused,
    }
    /// Whether the org has external client apps, whose usage the Connect REST API tells.
    client_apps: ClientApps {
        /// It has.
        Available,
        /// The usage resources are not found.
        Absent,
    }
    /// Whether OauthToken lists the tokens of external client apps too.
    client_app_tokens: ClientAppTokens {
        /// Only the Connect REST API tells them.
        Hidden,
        /// Both tell them.
        Listed,
    }
    /// Whether several readings can be asked for in one call.
    composite: Composite {
        /// They can, and count as one call.
        Served,
        /// The resource is not found.
        Absent,
    }
    /// When a login row becomes visible to queries.
    login_rows: LoginRows {
        /// As soon as it is written.
        AtOnce,
        /// Every third row 30 seconds after its LoginTime, so that they come out of order.
        Late,
    }
    /// Whether LoginHistory has a relationship `User`.
    login_user: LoginUser {
        /// `Didn't understand relationship 'User'`.
        Unrelated,
        /// It can be selected through.
        Related,
    }
    /// How LoginSubType reads.
    login_sub_type: LoginSubType {
        /// The code, such as `OauthRefreshToken`.
        Code,
        /// In words, such as `Oauth Refresh Token`.
        Label,
    }
    /// What kind of access token OAuth grants answer with.
    access_tokens: AccessTokens {
        /// A reference to the session, which ends with it.
        Opaque,
        /// A JWT, which some services accept for up to 30 minutes after its session was deleted or revoked.
        Jwt,
    }
    /// The HTTP status of `UNABLE_TO_LOCK_ROW`.
    lock_status: LockStatus {
        /// 400.
        BadRequest,
        /// 409.
        Conflict,
    }
    /// The HTTP status of `INSUFFICIENT_ACCESS_OR_READONLY`.
    access_status: AccessStatus {
        /// 403.
        Forbidden,
        /// 400.
        BadRequest,
    }
    /// The HTTP status of `QUERY_TIMEOUT`.
    timeout_status: TimeoutStatus {
        /// 400.
        BadRequest,
        /// 500.
        ServerError,
    }
    /// Whether LoginHistory can be read by a query job of Bulk API 2.0 (undocumented).
    bulk_logins: BulkLogins {
        /// As any object.
        Served,
        /// `INVALIDENTITY`.
        Unsupported,
    }
    /// Whether callers may use Bulk API 2.0.
    bulk_access: BulkAccess {
        /// Whoever may use the API.
        Allowed,
        /// `FEATURENOTENABLED`.
        Refused,
    }
    /// How a query job ends.
    bulk_jobs: BulkJobs {
        /// `JobComplete`.
        Complete,
        /// `Failed`.
        Fail,
    }
    /// How a query job's results travel; Salesforce documents them as always compressed, which costs time and shows
    /// nothing on the loopback.
    bulk_results: BulkResults {
        /// As they are.
        Plain,
        /// `Content-Encoding: gzip`, whatever the client accepts.
        Compressed,
    }
    /// Whether Event Relay carries the events of real-time monitoring (documented, and shown by nobody).
    real_time_relay: RealTimeRelay {
        /// It does.
        Carried,
        /// Nothing of them arrives.
        NotCarried,
    }
    /// How times are written in relayed events.
    relayed_times: RelayedTimes {
        /// Milliseconds since 1970.
        Milliseconds,
        /// As ISO 8601.
        Written,
    }
    /// Whether a relayed event tells its schema and its place in the stream beside its payload.
    relayed_keys: RelayedKeys {
        /// `schemaId`, `event.EventUuid` and `event.replayId`.
        Told,
        /// The payload alone.
        Untold,
    }
    /// How many rows a query page holds.
    pages: Pages {
        /// As many as `Sforce-Query-Options` asks for.
        AsAsked,
        /// Fewer, and not the same number twice.
        Smaller,
    }
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
    /// Every write.
    Always,
}

impl Lying {
    pub(crate) fn is_about(self, writes: Self) -> bool {
        self == writes || self == Self::Always
    }
}

impl Switches {
    /// The default, and each switch in its other position alone, with a name such as `cascade: Off`.
    pub fn each() -> impl Iterator<Item = (&'static str, Self)> {
        let others = OTHERS.iter().map(|(name, turn)| (*name, Self::turned(&[*turn])));
        std::iter::once(("every default", Self::default())).chain(others)
    }

    /// Pairs of switches in their other positions, without end; the same seed gives the same pairs.
    pub fn pairs(seed: u64) -> impl Iterator<Item = (String, Self)> {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        std::iter::repeat_with(move || {
            let one = dice.random_range(0..OTHERS.len());
            let other = (one + dice.random_range(1..OTHERS.len())) % OTHERS.len();
            let ((one, turn_one), (other, turn_other)) = (OTHERS[one], OTHERS[other]);
            (format!("{one}, {other}"), Self::turned(&[turn_one, turn_other]))
        })
    }

    /// The HTTP status of a refusal where a switch decides it.
    pub(crate) fn status_of(&self, code: &str) -> Option<u16> {
        let (lock, access, timeout) = (self.lock_status, self.access_status, self.timeout_status);
        match code {
            "UNABLE_TO_LOCK_ROW" => Some(if lock == LockStatus::BadRequest { 400 } else { 409 }),
            "INSUFFICIENT_ACCESS_OR_READONLY" => {
                Some(if access == AccessStatus::Forbidden { 403 } else { 400 })
            }
            "QUERY_TIMEOUT" => Some(if timeout == TimeoutStatus::BadRequest { 400 } else { 500 }),
            _ => None,
        }
    }

    fn turned(turns: &[fn(&mut Self)]) -> Self {
        let mut switches = Self::default();
        for turn in turns {
            turn(&mut switches);
        }
        switches
    }
}
