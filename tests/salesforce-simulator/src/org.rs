//! The state of the org, and the accessors through which tests read it.

use crate::access::identity::Identity;
use crate::access::keys::Keys;
use crate::access::secrets::Secrets;
use crate::campaign::Campaign;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::generate::Person;
use crate::generate::future::Future;
use crate::generate::present::add_token;
use crate::http::cursors::Cursors;
use crate::id::Id;
use crate::journal::{Journal, Request, Write};
use crate::lazy::Lazy;
use crate::objects::auth_session::Session;
use crate::objects::client_app::ClientApp;
use crate::objects::connected_application::ConnectedApplication;
use crate::objects::login_geo::LoginGeo;
use crate::objects::login_history::Login;
use crate::objects::login_ip::LoginIp;
use crate::objects::oauth_token::Token;
use crate::objects::organization::Organization;
use crate::objects::permission_set::PermissionSet;
use crate::objects::permission_set_assignment::PermissionSetAssignment;
use crate::objects::profile::Profile;
use crate::objects::setup_audit_trail::SetupChange;
use crate::objects::user::{Activity, User};
use crate::objects::user_login::{Frost, UserLogin};
use crate::objects::verification_history::Verification;
use crate::permission::{Permission, Permissions};
use crate::query_job::{JobState, QueryJobs};
use crate::relay::Logout;
use crate::security_setting::SecuritySetting;
use crate::settings::Settings;
use crate::switches::Switches;
use crate::table::{Keyed, Table};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

/// A simulated Salesforce org: its records, and what was asked of it.
#[derive(Debug)]
pub struct Org {
    pub(crate) organization: Organization,
    pub(crate) users: Table<User>,
    pub(crate) logins: Table<Login>,
    /// The places of the logins that are not held.
    pub(crate) geos: Option<Arc<Lazy<LoginGeo>>>,
    pub(crate) sessions: Table<Session>,
    pub(crate) tokens: Vec<Arc<Token>>,
    pub(crate) client_apps: Table<ClientApp>,
    pub(crate) connected_apps: Table<ConnectedApplication>,
    pub(crate) login_ips: Table<LoginIp>,
    pub(crate) setup_changes: Table<SetupChange>,
    pub(crate) user_logins: Table<UserLogin>,
    pub(crate) profiles: Table<Profile>,
    pub(crate) permission_sets: Table<PermissionSet>,
    pub(crate) assignments: Table<PermissionSetAssignment>,
    pub(crate) verifications: Table<Verification>,
    pub(crate) security_settings: Vec<SecuritySetting>,
    /// Ways of verifying that were registered and perhaps never used.
    pub(crate) registered_methods: BTreeMap<Id, BTreeSet<String>>,
    pub(crate) taken_permissions: HashMap<Id, Permissions>,
    pub(crate) deleted_sessions: HashSet<Id>,
    pub(crate) revoked_tokens: Vec<Arc<Token>>,
    pub(crate) logouts: Vec<Logout>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) people: Vec<Person>,
    pub(crate) campaigns: Vec<Campaign>,
    /// Users in harmless oddities, whom campaigns leave alone.
    pub(crate) innocents: HashSet<Id>,
    /// What everybody is going to do.
    pub(crate) future: Future,
    pub(crate) cursors: Cursors,
    pub(crate) query_jobs: QueryJobs,
    pub(crate) secrets: Secrets,
    pub(crate) keys: Keys,
    pub(crate) geo_count: u64,
    pub(crate) token_count: u64,
    pub(crate) challenge_count: i64,
    pub(crate) clock: Clock,
    pub(crate) client_address: String,
    pub(crate) page_latency: Duration,
    pub(crate) switches: Switches,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
}

impl Org {
    /// `00D…`, 18 characters.
    pub fn id(&self) -> Id {
        self.organization.id
    }

    /// All users that are held, by id; in a large org there are others, see [`Org::user`].
    pub fn users(&self) -> &[Arc<User>] {
        self.users.all()
    }

    /// The user with this id, 15 or 18 characters.
    pub fn user(&self, id: &str) -> Option<Arc<User>> {
        self.users.get(id)
    }

    /// How many users there are, held or not.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The user with this username, case ignored.
    pub fn user_by_name(&self, username: &str) -> Option<Arc<User>> {
        let named = |user: &Arc<User>| user.username.eq_ignore_ascii_case(username);
        let lazy = || {
            let crowd = self.users.lazy()?;
            (0..crowd.len()).map(|place| crowd.get(place)).find(named)
        };
        self.users().iter().find(|user| named(user)).cloned().or_else(lazy)
    }

    /// The break-glass administrator, whom no automation may touch.
    pub fn break_glass(&self) -> Option<&Arc<User>> {
        self.users().iter().find(|user| user.username.starts_with("break-glass@"))
    }

    /// All login rows that are held, by id and so by the time they were written. In a large org those are the rows
    /// that came after its past; see [`Org::login`].
    pub fn logins(&self) -> &[Arc<Login>] {
        self.logins.all()
    }

    /// The login row with this id, held or not.
    pub fn login(&self, id: &str) -> Option<Arc<Login>> {
        self.logins.get(id)
    }

    /// How many login rows there are, held or not.
    pub fn login_count(&self) -> usize {
        self.logins.len()
    }

    /// Every login row by id, those of a large org's past computed one by one.
    pub fn every_login(&self) -> impl Iterator<Item = Arc<Login>> + '_ {
        let past = self.logins.lazy().into_iter();
        past.flat_map(|past| (0..past.len()).map(|place| past.get(place)))
            .chain(self.logins().iter().cloned())
    }

    /// All session rows, also the lingering ones of expired sessions.
    pub fn sessions(&self) -> &[Arc<Session>] {
        self.sessions.all()
    }

    /// All refresh tokens that are not revoked.
    pub fn tokens(&self) -> &[Arc<Token>] {
        &self.tokens
    }

    /// All verifications, by id.
    pub fn verifications(&self) -> &[Arc<Verification>] {
        self.verifications.all()
    }

    /// The user's sessions that can be used now.
    pub fn live_sessions_of(&self, user_id: &str) -> Vec<Arc<Session>> {
        let now = self.now();
        let of_user = |session: &&Arc<Session>| session.user_id == *user_id && session.is_live(now);
        self.sessions().iter().filter(of_user).cloned().collect()
    }

    /// The user's refresh tokens.
    pub fn tokens_of(&self, user_id: &str) -> Vec<Arc<Token>> {
        self.tokens.iter().filter(|token| token.user_id == *user_id).cloned().collect()
    }

    /// Whether the user is kept from logging in.
    pub fn is_frozen(&self, user_id: &str) -> bool {
        self.login_state(user_id).is_some_and(|state| state.frost == Frost::Frozen)
    }

    /// The user's UserLogin row. The two are made together and so have the same number.
    pub fn login_state(&self, user_id: &str) -> Option<Arc<UserLogin>> {
        let user_id = Id::parse(user_id)?;
        let state = self.user_logins.get(&Id::new(UserLogin::PREFIX, user_id.number(User::PREFIX)?))?;
        Some(state).filter(|state| state.user_id == user_id)
    }

    /// What the user may do: his profile and permission sets, less what was taken from him.
    pub fn permissions_of(&self, user_id: &str) -> Permissions {
        let Some(user) = self.users.get(user_id) else { return Permissions::default() };
        let profile = self.profiles.get(&user.profile_id).map_or(Permissions::default(), |p| p.permissions);
        // Users who are not held have no permission set but the one that their profile owns.
        let sets = self.assignments.all().iter().filter(|assignment| assignment.assignee_id == user.id);
        let sets = sets.filter_map(|assignment| self.permission_sets.get(&assignment.permission_set_id));
        let granted = sets.fold(profile, |granted, set| granted.union(set.permissions));
        granted.minus(self.taken_permissions.get(&user.id).copied().unwrap_or_default())
    }

    /// Gives one user a permission, by a permission set of his own.
    pub fn grant_permission(&mut self, username: &str, permission: Permission) {
        let Some(id) = self.user_by_name(username).map(|user| user.id) else { return };
        let name = format!("{permission:?}_for_{}", id.short());
        let set = self.add_permission_set(&name, &name, None, Permissions::of(&[permission]));
        self.assign(id, set);
        if let Some(taken) = self.taken_permissions.get_mut(&id) {
            *taken = taken.without(permission);
        }
    }

    /// Takes a permission from one user, whatever his profile and permission sets grant.
    pub fn remove_permission(&mut self, username: &str, permission: Permission) {
        let Some(id) = self.user_by_name(username).map(|user| user.id) else { return };
        let taken = self.taken_permissions.entry(id).or_default();
        *taken = taken.with(permission);
    }

    /// Every campaign launched so far.
    pub fn ground_truth(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// REST calls counted against the org's daily allocation.
    pub fn api_calls(&self) -> u64 {
        self.journal.api_calls
    }

    /// Every request, in the order of arrival.
    pub fn requests(&self) -> &[Request] {
        &self.journal.requests
    }

    /// The writes asked for since the last call.
    pub fn take_writes(&mut self) -> Vec<Write> {
        std::mem::take(&mut self.journal.writes)
    }

    /// Marks the requests that matched nothing as expected; answers how many there were.
    pub fn forgive_unmatched(&mut self) -> usize {
        self.journal.forgive_unmatched()
    }

    /// Marks the requests so far that carried a secret in their address as those of a client that knows no better, such
    /// as one that revokes by GET; answers how many there were.
    pub fn forgive_exposed(&mut self) -> usize {
        self.journal.forgive_exposed()
    }

    /// Behaviour to change.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.switches
    }

    /// Failures to order.
    pub fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    /// The org's time, in whole seconds.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets where the org takes the time from.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// The address that HTTP callers appear to come from; logins through the token endpoint record it.
    pub fn client_address(&self) -> &str {
        &self.client_address
    }

    /// Sets the address that HTTP callers appear to come from.
    pub fn set_client_address(&mut self, address: &str) {
        address.clone_into(&mut self.client_address);
    }

    /// Makes every page of a query's answer wait this long before it is sent.
    pub fn set_page_latency(&mut self, latency: Duration) {
        self.page_latency = latency;
    }

    /// Makes every locator of a query or of a job's results given out so far invalid.
    pub fn expire_cursors(&mut self) {
        self.cursors.clear();
        self.query_jobs.expire_locators();
    }

    /// The query jobs of Bulk API 2.0 that nobody has deleted, and how far each is.
    pub fn query_jobs(&self) -> impl Iterator<Item = (Id, JobState)> + '_ {
        self.query_jobs.kept.iter().map(|job| (job.id, job.state))
    }

    /// How many query jobs were ever made.
    pub fn query_jobs_made(&self) -> u64 {
        self.query_jobs.made
    }

    /// A user approves an app: a new refresh token, not used yet.
    pub fn approve(&mut self, user_id: Id, app: &str) -> Option<Arc<Token>> {
        let now = self.now();
        add_token(self, user_id, app, now, 0, None);
        self.tokens.last().cloned()
    }

    /// Sets when a user last logged in, as if he had not come since.
    pub fn set_last_login(&mut self, user_id: &str, at: Option<Timestamp>) {
        if let Some(user) = self.users.get_mut(user_id) {
            user.last_login = at;
        }
    }

    /// Switches an account on or off.
    pub fn set_activity(&mut self, user_id: &str, activity: Activity) {
        let now = self.now();
        if let Some(user) = self.users.get_mut(user_id) {
            (user.activity, user.modified) = (activity, Some(now));
        }
    }

    /// Freezes or thaws a user as an administrator would in Setup; not recorded as a write.
    pub fn set_frozen(&mut self, user_id: &str, frost: Frost) {
        if let Some(user_id) = Id::parse(user_id) {
            self.put_frost(user_id, frost, self.organization.id);
        }
    }
}
