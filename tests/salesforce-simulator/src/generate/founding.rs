//! The org before its history: profiles, service accounts, integrations, administrators, staff.

use super::accounts::Account;
use super::dice::Dice;
use super::future::Future;
use super::integrations::INTEGRATIONS;
use super::people::Person;
use super::{DAY, Seed};
use crate::access::keys::Keys;
use crate::access::secrets::Secrets;
use crate::clock::{Clock, shifted};
use crate::faults::Faults;
use crate::http::cursors::Cursors;
use crate::id::Id;
use crate::journal::Journal;
use crate::objects::organization::Organization;
use crate::objects::user::Activity;
use crate::org::Org;
use crate::permission::{Permission, Permissions};
use crate::query_job::QueryJobs;
use crate::security_setting::baseline;
use crate::settings::Settings;
use crate::switches::Switches;
use crate::table::Table;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

/// Users who are not staff: the connection's two, the integrations, the break-glass administrator.
const SPECIAL: usize = 3 + INTEGRATIONS.len();
/// Below this many staff not every kind of person would be there.
const MIN_STAFF: usize = 29;
const ADMINISTRATORS: usize = 4;

struct Profiles {
    administrator: Id,
    standard: Id,
    sales: Id,
    api_only: Id,
}

/// `until` is as far as people's plans reach.
pub(crate) fn found(seed: &Seed, since: Timestamp, now: Timestamp, until: Timestamp) -> Org {
    let mut org = empty(seed);
    let profiles = profiles(&mut org);
    let created = shifted(since, -300 * DAY);
    connection_users(&mut org, &profiles, created);
    for integration in &INTEGRATIONS {
        org.add_user(Account::service(integration.name, profiles.api_only, created));
    }
    org.add_user(Account::service("break-glass", profiles.administrator, created));
    let days = (since.as_second().div_euclid(DAY), until.as_second().div_euclid(DAY));
    let today = now.as_second().div_euclid(DAY);
    for number in 0..seed.users.saturating_sub(SPECIAL).max(MIN_STAFF) {
        let mut dice = Dice::new(seed.seed, 10_000 + number as u64);
        hire(&mut org, &profiles, number, (days, today), &mut dice);
    }
    org
}

fn empty(seed: &Seed) -> Org {
    Org {
        organization: Organization { id: Id::new("00D", 1 + seed.seed % 1_000_000), name: "Acme Simulated" },
        users: Table::default(),
        logins: Table::default(),
        geos: None,
        sessions: Table::default(),
        tokens: Vec::new(),
        client_apps: Table::default(),
        connected_apps: Table::default(),
        login_ips: Table::default(),
        setup_changes: Table::default(),
        user_logins: Table::default(),
        profiles: Table::default(),
        permission_sets: Table::default(),
        assignments: Table::default(),
        verifications: Table::default(),
        security_settings: baseline(),
        registered_methods: BTreeMap::new(),
        taken_permissions: HashMap::new(),
        deleted_sessions: HashSet::new(),
        revoked_tokens: Vec::new(),
        logouts: Vec::new(),
        identities: Vec::new(),
        people: Vec::new(),
        campaigns: Vec::new(),
        innocents: HashSet::new(),
        future: Future::default(),
        cursors: Cursors::default(),
        query_jobs: QueryJobs::default(),
        secrets: Secrets::new(seed.seed),
        keys: Keys::default(),
        geo_count: 0,
        token_count: 0,
        challenge_count: 0,
        clock: Clock::System,
        client_address: "198.18.250.10".to_owned(),
        page_latency: Duration::ZERO,
        switches: Switches::default(),
        settings: Settings::default(),
        faults: Faults::default(),
        journal: Journal::default(),
    }
}

fn profiles(org: &mut Org) -> Profiles {
    let api = Permissions::of(&[Permission::ApiEnabled]);
    Profiles {
        administrator: org.add_profile("System Administrator", Permissions::administrator()),
        standard: org.add_profile("Standard User", api.with(Permission::ExportReport)),
        sales: org.add_profile("Sales User", api),
        api_only: org
            .add_profile("Minimum Access - API Only Integrations", api.with(Permission::ApiUserOnly)),
    }
}

fn connection_users(org: &mut Org, profiles: &Profiles, created: Timestamp) {
    use Permission::{
        ApiEnabled, CustomizeApplication, FreezeUsers, ManageTwoFactor, ManageUsers, MonitorLoginHistory,
        ResetPasswords, ViewAllUsers, ViewSetup,
    };
    let reading = [
        ManageUsers,
        CustomizeApplication,
        MonitorLoginHistory,
        ViewAllUsers,
        ViewSetup,
        ManageTwoFactor,
        ApiEnabled,
    ];
    let ending = [ManageUsers, CustomizeApplication, FreezeUsers, ResetPasswords, ViewSetup, ApiEnabled];
    for (name, label, permissions) in [
        ("session-warden-scanner", "Session Warden Scanner", Permissions::of(&reading)),
        ("session-warden-revoker", "Session Warden Revoker", Permissions::of(&ending)),
    ] {
        let user = org.add_user(Account::service(name, profiles.api_only, created));
        let permissions = permissions.union(Permissions::of(&Permission::WITH_MANAGE_USERS));
        let set = org.add_permission_set(&label.replace(' ', "_"), label, None, permissions);
        org.assign(user, set);
    }
}

fn hire(
    org: &mut Org,
    profiles: &Profiles,
    number: usize,
    (days, today): ((i64, i64), i64),
    dice: &mut Dice,
) {
    let mut person = Person::new(number, days, dice);
    if number < ADMINISTRATORS {
        (person.left, person.joined) = (None, days.0 - 400);
    }
    let created = Timestamp::from_second(person.joined * DAY).unwrap_or(Timestamp::UNIX_EPOCH);
    let profile_id = match number {
        _ if number < ADMINISTRATORS => profiles.administrator,
        _ if number.is_multiple_of(2) => profiles.standard,
        _ => profiles.sales,
    };
    let mut account = Account::person(number, person.sign_on, person.home, profile_id, created);
    if person.left.is_some_and(|left| left <= today) {
        account.activity = Activity::Inactive;
    }
    person.user_id = org.add_user(account);
    org.people.push(person);
}
