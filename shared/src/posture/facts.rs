//! What is read of an org.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::observation::{Session, Token, User, UserId};
use crate::salesforce::{
    Ability, ConnectedApp, Factor, LoginRanges, Privileges, Salesforce, SalesforceError, SecuritySetting,
    Sight, TokenHashKey, Visibility, Whose,
};

/// Something that was read, or what it needs.
pub type Readable<T> = Result<T, String>;

/// After 90 days without a login an account is dormant, and after 90 without a use a token is idle.
pub(super) const IDLE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is read of an org.
#[derive(Debug)]
pub struct Facts {
    /// When.
    pub now: Timestamp,
    /// Every user.
    pub users: Readable<BTreeMap<UserId, User>>,
    /// Who holds which powerful permission.
    pub privileges: Readable<Privileges>,
    /// What the privileged have registered.
    pub factors: Readable<BTreeMap<UserId, BTreeSet<Factor>>>,
    /// Active users without a login for 90 days.
    pub dormant: Readable<BTreeSet<UserId>>,
    /// Who is frozen.
    pub frozen: Readable<BTreeSet<UserId>>,
    /// Live sessions; those that only hand over are left out.
    pub sessions: Readable<Vec<Session>>,
    /// Refresh tokens.
    pub tokens: Readable<Vec<Token>>,
    /// From where the users of each profile in use may log in.
    pub ranges: Readable<Vec<LoginRanges>>,
    /// The connected apps that are installed.
    pub apps: Readable<Vec<ConnectedApp>>,
    /// The org's settings beside Salesforce's baseline.
    pub settings: Readable<Vec<SecuritySetting>>,
}

impl Facts {
    /// Reads them; one call for each profile in use, and about twenty more. What this identity may not see is not asked
    /// for: its own rows would look like an org in order.
    ///
    /// # Errors
    /// When Salesforce cannot be reached, does not let the identity in, or has no calls left.
    pub async fn read(salesforce: &Salesforce, clock: &dyn Clock) -> Result<Self, SalesforceError> {
        let now = clock.now();
        let reading = Reading { salesforce, sight: salesforce.visibility().await? };
        let long_ago = now.saturating_sub(IDLE).unwrap_or(Timestamp::MIN);
        let users = reading.users().await?;
        let privileges = reading.seen(Ability::Privileges, salesforce.privileges()).await?;
        Ok(Self {
            now,
            factors: reading.factors(&privileges).await?,
            dormant: reading.seen(Ability::Users, salesforce.dormant_users(long_ago)).await?,
            frozen: reading.seen(Ability::UserLogins, salesforce.frozen_users()).await?,
            sessions: reading.sessions(now).await?,
            tokens: reading.tokens().await?,
            ranges: reading.ranges(&users).await?,
            apps: reading.seen(Ability::Apps, salesforce.connected_apps()).await?,
            settings: reading.seen(Ability::OrgSettings, salesforce.security_settings()).await?,
            users,
            privileges,
        })
    }
}

struct Reading<'a> {
    salesforce: &'a Salesforce,
    sight: Visibility,
}

impl Reading<'_> {
    /// Reads where the permissions show everyone's rows. What Salesforce then refuses is unreadable; that it cannot be
    /// reached ends the reading.
    async fn seen<T>(
        &self,
        ability: Ability,
        reading: impl Future<Output = Result<T, SalesforceError>>,
    ) -> Result<Readable<T>, SalesforceError> {
        let object = ability.object();
        match self.sight.of(ability) {
            Sight::Blind { missing } => Ok(Err(format!("{object}: needs {missing}"))),
            Sight::Off => Ok(Err(format!("{object}: `{ability}` is off in the connection document"))),
            Sight::Seeing => match reading.await {
                Ok(read) => Ok(Ok(read)),
                Err(error) if error.retryable() || matches!(error, SalesforceError::NotAuthorised { .. }) => {
                    Err(error)
                }
                Err(error) => Ok(Err(format!("{object}: {error}"))),
            },
        }
    }

    async fn users(&self) -> Result<Readable<BTreeMap<UserId, User>>, SalesforceError> {
        let read = async {
            let (mut users, mut unread) = (BTreeMap::new(), 0);
            let mut pages = std::pin::pin!(self.salesforce.user_pages());
            while let Some(next) = pages.try_next().await? {
                unread += next.rejected.len();
                users.extend(next.rows.into_iter().map(|user| (user.id.clone(), user)));
            }
            Ok((users, unread))
        };
        Ok(self.seen(Ability::Users, read).await?.and_then(|(users, unread)| match unread {
            0 => Ok(users),
            unread => Err(format!("User: {unread} records are not as documented; --verbose tells why")),
        }))
    }

    /// Of the privileged alone: an org has many users, and this object is asked user by user.
    async fn factors(
        &self,
        privileges: &Readable<Privileges>,
    ) -> Result<Readable<BTreeMap<UserId, BTreeSet<Factor>>>, SalesforceError> {
        let holders = privileges.iter().flat_map(|held| held.users().map(|(user, _)| user.clone()));
        let holders: Vec<_> = holders.collect();
        self.seen(Ability::MfaMethods, self.salesforce.factors(&holders)).await
    }

    async fn sessions(&self, now: Timestamp) -> Result<Readable<Vec<Session>>, SalesforceError> {
        let live = async {
            let found = self.salesforce.sessions(Whose::Everyone).await?;
            let sessions = found.into_iter().map(|found| found.session);
            Ok(sessions.filter(|session| session.is_live(now) && !session.is_temporary()).collect())
        };
        self.seen(Ability::Sessions, live).await
    }

    async fn tokens(&self) -> Result<Readable<Vec<Token>>, SalesforceError> {
        // It tells tokens apart within this reading, and is then forgotten.
        let Some(key) = TokenHashKey::generate() else {
            return Ok(Err("OauthToken: this machine gives no randomness".to_owned()));
        };
        let tokens = async {
            let found = self.salesforce.tokens(Whose::Everyone, &key).await?;
            Ok(found.into_iter().map(|found| found.token).collect())
        };
        self.seen(Ability::Tokens, tokens).await
    }

    /// Of the profiles that somebody active has.
    async fn ranges(
        &self,
        users: &Readable<BTreeMap<UserId, User>>,
    ) -> Result<Readable<Vec<LoginRanges>>, SalesforceError> {
        let users = match users {
            Ok(users) => users,
            Err(needs) => return Ok(Err(needs.clone())),
        };
        let active = users.values().filter(|user| user.is_active);
        let profiles: BTreeSet<_> = active.map(|user| user.details.profile_id.as_str()).collect();
        let asked = stream::iter(profiles).map(|profile| self.salesforce.login_ranges(profile));
        let ranges = asked.buffered(self.salesforce.lanes()).try_filter_map(async |ranges| Ok(ranges));
        self.seen(Ability::OrgSettings, ranges.try_collect()).await
    }
}
