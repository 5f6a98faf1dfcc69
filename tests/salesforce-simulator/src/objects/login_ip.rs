//! LoginIp: addresses from which a user is not asked to confirm who he is.

use super::login_history::Text;
use super::{Caller, Field, Row, Rows, Schema, View, row};
use crate::access::DeleteFailure;
use crate::id::Id;
use crate::journal::Write;
use crate::org::Org;
use crate::permission::Permission;
use crate::soql::Value;
use crate::switches::Lying;
use crate::table::Keyed;
use jiff::Timestamp;
use std::sync::Arc;

/// One known address. Object reference: `sforce_api_objects_loginip.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginIp {
    /// `710…`.
    pub id: Id,
    /// Whose.
    pub user_id: Id,
    /// The address.
    pub source_ip: Text,
    /// Since when.
    pub created: Timestamp,
}

impl Keyed for LoginIp {
    const PREFIX: &'static str = "710";

    fn id(&self) -> Id {
        self.id
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "LoginIp",
    fields: &[
        Field::id("Id").required(),
        Field::id("UsersId"),
        Field::text("SourceIp").length(39),
        Field::time("CreatedDate").required(),
        Field::flag("IsAuthenticated"),
        Field::time("ChallengeSentDate"),
        Field::picklist("ChallengeMethod"),
    ],
    relations: &[],
    needs: Some(Permission::ManageUsers),
};

impl Row for LoginIp {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "Id" => Value::Id(self.id),
            "UsersId" => Value::Id(self.user_id),
            "SourceIp" => Value::text(&self.source_ip),
            "CreatedDate" => Value::Time(self.created),
            "IsAuthenticated" => Value::Flag(true),
            _ => Value::Null,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    Box::new(view.org.login_ips.all().iter().map(row))
}

impl Org {
    /// A user passes the challenge at an address.
    pub fn trust_address(&mut self, user_id: Id, address: &str) -> Arc<LoginIp> {
        let (id, created) = (self.login_ips.next_id(), self.now());
        self.login_ips.push(LoginIp { id, user_id, source_ip: address.to_owned().into(), created })
    }

    /// The addresses users are known by.
    pub fn login_ips(&self) -> &[Arc<LoginIp>] {
        self.login_ips.all()
    }

    pub(crate) fn delete_login_ip(&mut self, id: &str, caller: &Caller) -> Result<(), DeleteFailure> {
        self.journal.writes.push(Write::DeletedLoginIp { id: id.to_owned() });
        if !caller.may(Permission::ManageUsers) {
            return Err(DeleteFailure::NoAccess);
        }
        let id = self.login_ips.get(id).map(|known| known.id).ok_or(DeleteFailure::Unknown)?;
        if self.switches.lying.is_about(Lying::Deletes) {
            return Ok(());
        }
        self.login_ips.retain(|known| known.id != id);
        Ok(())
    }
}
