//! The users of a large org who are not held, each with his UserLogin and the assignment of his profile's permission set.

use super::past::{Past, mixed};
use crate::generate::accounts::Account;
use crate::id::Id;
use crate::lazy::Source;
use crate::objects::permission_set_assignment::PermissionSetAssignment;
use crate::objects::user::User;
use crate::objects::user_login::{Frost, UserLogin};
use crate::org::Org;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

pub(super) struct Crowd {
    past: Arc<Past>,
    created: Timestamp,
    /// The two profiles of staff, each with its permission set.
    profiles: [(Id, Id); 2],
    first_assignment: u64,
}

impl Crowd {
    pub(super) fn new(org: &Org, past: Arc<Past>) -> Self {
        let set_of = |profile: Id| {
            let mut sets = org.permission_sets.all().iter();
            sets.find(|set| set.profile_id == Some(profile)).map_or(profile, |set| set.id)
        };
        let mut staff = org.users().iter().rev();
        let profiles = [staff.next(), staff.next()].map(|user| {
            let profile = user.map_or(org.id(), |user| user.profile_id);
            (profile, set_of(profile))
        });
        let last = org.assignments.all().last().and_then(|last| last.id.number("0Pa")).unwrap_or_default();
        let created = org.users().last().map_or(Timestamp::UNIX_EPOCH, |user| user.created);
        Self { past, created, profiles, first_assignment: last + 1 }
    }

    fn user_id(&self, place: u32) -> Id {
        self.past.person_id(self.past.first_of_crowd() + place)
    }

    fn profile(&self, place: u32) -> (Id, Id) {
        self.profiles[place as usize % 2]
    }
}

impl Source<User> for Crowd {
    fn make(&self, place: u32) -> User {
        let number = self.past.first_of_crowd() + place;
        let habits = self.past.habits(number);
        let (profile_id, _) = self.profile(place);
        let account = Account::person(number as usize, habits.sign_on, habits.home, profile_id, self.created);
        let id = self.user_id(place);
        let password = format!("{:016x}", mixed(!self.past.seed, number.into()));
        User { last_login: self.past.last_success(&id), ..account.user(id, password) }
    }
}

impl Source<UserLogin> for Crowd {
    fn make(&self, place: u32) -> UserLogin {
        let user_id = self.user_id(place);
        UserLogin {
            id: Id::new(UserLogin::PREFIX, user_id.number(User::PREFIX).unwrap_or_default()),
            user_id,
            frost: Frost::Thawed,
            last_modified: self.created,
            last_modified_by: user_id,
        }
    }

    fn holding(&self, field: &str, id: &Id) -> Option<Vec<u32>> {
        (field == "UserId").then(|| self.past.place_in_crowd(id).into_iter().collect())
    }
}

impl Source<PermissionSetAssignment> for Crowd {
    fn make(&self, place: u32) -> PermissionSetAssignment {
        PermissionSetAssignment {
            id: Id::new(PermissionSetAssignment::PREFIX, self.first_assignment + u64::from(place)),
            assignee_id: self.user_id(place),
            permission_set_id: self.profile(place).1,
        }
    }

    fn holding(&self, field: &str, id: &Id) -> Option<Vec<u32>> {
        (field == "AssigneeId").then(|| self.past.place_in_crowd(id).into_iter().collect())
    }
}
