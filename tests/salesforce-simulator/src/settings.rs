//! What differs from org to org and a test may set: its objects and fields, its allocations, its delays.

use crate::clock::shifted;
use crate::objects::Object;
use crate::objects::login_history::Login;
use crate::org::Org;
use crate::switches::LoginRows;
use jiff::Timestamp;
use std::collections::HashSet;
use std::fmt;

/// An object or field that no org has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotInOrg(String);

impl fmt::Display for NotInOrg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the simulated org has no {}", self.0)
    }
}

impl std::error::Error for NotInOrg {}

#[derive(Debug)]
pub(crate) struct Settings {
    /// Objects, and fields as `Object.Field`, that this org lacks.
    missing: HashSet<String>,
    daily_calls: u64,
    daily_query_jobs: u64,
    /// Calls in progress at the same time; none is not limited.
    pub(crate) concurrent_calls: Option<u32>,
    pub(crate) calls_in_progress: u32,
    /// An app with an allocation of its own, and that allocation.
    pub(crate) app_allocation: Option<(String, u64)>,
    late_rows: Option<LateRows>,
    /// Addresses from which nobody may log in.
    pub(crate) closed_addresses: HashSet<String>,
    /// Logins a user may make in an hour; none is not limited.
    pub(crate) logins_an_hour: Option<usize>,
    /// Seconds a JWT outlives its deleted session.
    pub(crate) jwt_tail: i64,
    /// What stands before every text that somebody may choose.
    pub(crate) hostile_text: Option<String>,
}

/// Login rows that queries see only some time after they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateRows {
    /// Seconds from LoginTime until the row is visible.
    pub seconds: i64,
    /// One row of so many is late, at least 1.
    pub one_of: u8,
}

impl LateRows {
    pub(crate) fn shows(self, login: &Login, now: Timestamp) -> bool {
        let number = login.id.as_bytes()[14];
        !number.is_multiple_of(self.one_of.max(1)) || shifted(login.login_time, self.seconds) <= now
    }
}

impl Default for Settings {
    /// An org without Experience Cloud.
    fn default() -> Self {
        Self {
            missing: HashSet::from(["LoginHistory.NetworkId".to_owned()]),
            daily_calls: 100_000,
            daily_query_jobs: 10_000,
            concurrent_calls: None,
            calls_in_progress: 0,
            app_allocation: None,
            late_rows: None,
            closed_addresses: HashSet::new(),
            logins_an_hour: None,
            jwt_tail: 1_800,
            hostile_text: None,
        }
    }
}

impl Settings {
    pub(crate) fn lacks(&self, object: &str, field: Option<&str>) -> bool {
        !self.missing.is_empty() && self.missing.contains(&*name(object, field))
    }
}

fn name<'n>(object: &'n str, field: Option<&str>) -> std::borrow::Cow<'n, str> {
    field.map_or(object.into(), |field| format!("{object}.{field}").into())
}

impl Org {
    /// Puts a text before whatever users, administrators and clients may choose, in every answer to a query.
    pub fn set_hostile_text(&mut self, text: &str) {
        self.settings.hostile_text = Some(text.to_owned());
    }

    /// Takes a field from the org, as if a licence for it were missing; queries for it meet `INVALID_FIELD`.
    pub fn remove_field(&mut self, object: &str, field: &str) -> Result<(), NotInOrg> {
        self.settings.missing.insert(known(object, Some(field))?);
        Ok(())
    }

    /// Takes an object from the org; queries for it meet `INVALID_TYPE`.
    pub fn remove_object(&mut self, object: &str) -> Result<(), NotInOrg> {
        self.settings.missing.insert(known(object, None)?);
        Ok(())
    }

    /// Gives back a field that was taken. `LoginHistory.NetworkId` is taken from the start: it needs Experience Cloud.
    pub fn restore_field(&mut self, object: &str, field: &str) -> Result<(), NotInOrg> {
        self.settings.missing.remove(&known(object, Some(field))?);
        Ok(())
    }
}

impl Org {
    /// The org's daily allocation of REST calls; when it is spent every call is answered `REQUEST_LIMIT_EXCEEDED`.
    pub fn set_daily_calls(&mut self, calls: u64) {
        self.settings.daily_calls = calls;
    }

    /// How many query jobs of Bulk API 2.0 the org may make in a day; the default is Salesforce's 10,000.
    pub fn set_daily_query_jobs(&mut self, jobs: u64) {
        self.settings.daily_query_jobs = jobs;
    }

    /// How many calls may be in progress at the same time; Salesforce counts those of more than 20 seconds, this org all.
    pub fn set_concurrent_calls(&mut self, calls: u32) {
        self.settings.concurrent_calls = Some(calls);
    }

    /// Gives one connected app an allocation of its own, told in `Sforce-Limit-Info`.
    pub fn set_app_allocation(&mut self, app: &str, calls: u64) {
        self.settings.app_allocation = Some((app.to_owned(), calls));
    }

    /// Lets nobody log in from this address any more: `ip restricted`.
    pub fn close_address(&mut self, address: &str) {
        self.settings.closed_addresses.insert(address.to_owned());
    }

    /// How many logins a user may try in an hour; Salesforce is said to allow 3,600.
    pub fn set_logins_an_hour(&mut self, logins: usize) {
        self.settings.logins_an_hour = Some(logins);
    }

    /// Lets login rows become visible to queries only some time after they were written.
    pub fn set_late_rows(&mut self, late: LateRows) {
        self.settings.late_rows = Some(late);
    }

    /// Seconds a JWT access token outlives its deleted or revoked session, 0 to 1,800; the default is 1,800.
    pub fn set_jwt_tail(&mut self, seconds: i64) {
        self.settings.jwt_tail = seconds.clamp(0, 1_800);
    }

    pub(crate) fn late_rows(&self) -> Option<LateRows> {
        let switched =
            (self.switches.login_rows == LoginRows::Late).then_some(LateRows { seconds: 30, one_of: 3 });
        self.settings.late_rows.or(switched)
    }

    pub(crate) fn daily_query_jobs(&self) -> u64 {
        self.settings.daily_query_jobs
    }

    pub(crate) fn daily_calls(&self) -> u64 {
        self.settings.daily_calls
    }
}

/// The name in Salesforce's own letters.
fn known(object: &str, field: Option<&str>) -> Result<String, NotInOrg> {
    let unknown = || NotInOrg(name(object, field).into_owned());
    let schema = Object::named(object).ok_or_else(unknown)?.schema();
    let Some(field) = field else { return Ok(schema.name.to_owned()) };
    let found = schema.fields.iter().find(|one| one.name.eq_ignore_ascii_case(field)).ok_or_else(unknown)?;
    Ok(name(schema.name, Some(found.name)).into_owned())
}
