//! Accounts, profiles and permission sets.

use super::cities::city;
use super::names;
use super::people::SignOn;
use crate::id::Id;
use crate::objects::permission_set::PermissionSet;
use crate::objects::permission_set_assignment::PermissionSetAssignment;
use crate::objects::profile::Profile;
use crate::objects::user::{Activity, User};
use crate::objects::user_login::{Frost, UserLogin};
use crate::org::Org;
use crate::permission::Permissions;
use jiff::Timestamp;

pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) profile_id: Id,
    pub(crate) activity: Activity,
    pub(crate) federation_identifier: Option<String>,
    pub(crate) time_zone: &'static str,
    pub(crate) country: &'static str,
    pub(crate) number: usize,
    pub(crate) created: Timestamp,
}

/// The username of a name in this org.
pub(crate) fn username(name: &str) -> String {
    format!("{name}@acme.example")
}

impl Account {
    /// A member of staff by his number.
    pub(crate) fn person(
        number: usize,
        sign_on: SignOn,
        home: usize,
        profile_id: Id,
        created: Timestamp,
    ) -> Self {
        let (first, last) = (names::first(number), names::last(number));
        let name = format!("{first}.{last}{number}").to_lowercase();
        Self {
            username: username(&name),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            profile_id,
            activity: Activity::Active,
            federation_identifier: (sign_on == SignOn::Single).then(|| format!("{name}@idp.acme.example")),
            time_zone: city(home).time_zone,
            country: city(home).country,
            number,
            created,
        }
    }

    pub(crate) fn user(self, id: Id, password: String) -> User {
        User {
            id,
            username: self.username,
            first_name: self.first_name,
            last_name: self.last_name,
            activity: self.activity,
            profile_id: self.profile_id,
            federation_identifier: self.federation_identifier,
            time_zone: self.time_zone,
            country: self.country,
            role_id: (!self.country.is_empty()).then(|| names::role(self.number)),
            department: names::department(self.number),
            manager_id: None,
            modified: None,
            password_changed: None,
            created: self.created,
            last_login: None,
            password,
        }
    }

    /// A machine's account, or one for an occasion.
    pub(crate) fn service(name: &str, profile_id: Id, created: Timestamp) -> Self {
        Self {
            username: username(name),
            first_name: "Service".to_owned(),
            last_name: name.to_owned(),
            profile_id,
            activity: Activity::Active,
            federation_identifier: None,
            time_zone: "GMT",
            country: "",
            number: 0,
            created,
        }
    }
}

impl Org {
    pub(crate) fn add_profile(&mut self, name: &'static str, permissions: Permissions) -> Id {
        let id = self.profiles.next_id();
        self.profiles.push(Profile { id, name, permissions, login_ranges: Vec::new() });
        self.add_permission_set(&format!("X{}", &id[..15]), name, Some(id), permissions);
        id
    }

    pub(crate) fn add_permission_set(
        &mut self,
        name: &str,
        label: &str,
        profile_id: Option<Id>,
        permissions: Permissions,
    ) -> Id {
        let id = self.permission_sets.next_id();
        let (name, label) = (name.to_owned(), label.to_owned());
        self.permission_sets.push(PermissionSet { id, name, label, profile_id, permissions });
        id
    }

    pub(crate) fn assign(&mut self, assignee_id: Id, permission_set_id: Id) {
        let id = self.assignments.next_id();
        self.assignments.push(PermissionSetAssignment { id, assignee_id, permission_set_id });
    }

    pub(crate) fn add_user(&mut self, account: Account) -> Id {
        let id = self.users.next_id();
        let created = account.created;
        let sets = self.permission_sets.all().iter();
        let profile_set =
            sets.filter(|set| set.profile_id == Some(account.profile_id)).map(|set| set.id).next();
        let password = self.secrets.password();
        self.users.push(account.user(id, password));
        let state = self.user_logins.next_id();
        let by = id;
        self.user_logins.push(UserLogin {
            id: state,
            user_id: id,
            frost: Frost::Thawed,
            last_modified: created,
            last_modified_by: by,
        });
        if let Some(set) = profile_set {
            self.assign(id, set);
        }
        id
    }
}
