//! TwoFactorMethodsInfo: which methods a user has registered: those that he was verified by, and others.

use super::{Field, Row, Rows, Schema, View};
use crate::id::Id;
use crate::org::Org;
use crate::permission::Permission;
use crate::soql::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

struct Methods {
    user_id: Id,
    used: BTreeSet<String>,
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "TwoFactorMethodsInfo",
    fields: &[
        Field::id("Id").required(),
        Field::id("UserId").required(),
        Field::flag("HasBuiltInAuthenticator"),
        Field::flag("HasSalesforceAuthenticator"),
        Field::flag("HasSecurityKey"),
        Field::flag("HasTotp"),
        Field::flag("HasU2F"),
        Field::flag("HasTempCode"),
        Field::flag("HasUserVerifiedEmailAddress"),
        Field::flag("HasUserVerifiedMobileNumber"),
    ],
    relations: &[],
    needs: Some(Permission::ManageTwoFactor),
};

impl Row for Methods {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        let has = |method: &str| Value::Flag(self.used.contains(method));
        match field {
            "UserId" => Value::Id(self.user_id),
            "HasBuiltInAuthenticator" => has("BuiltInAuthenticator"),
            "HasSalesforceAuthenticator" => has("SalesforceAuthenticator"),
            "HasTotp" => has("Totp"),
            "HasU2F" | "HasSecurityKey" => has("U2F"),
            "HasTempCode" => has("TempCode"),
            "HasUserVerifiedEmailAddress" => has("Email"),
            "HasUserVerifiedMobileNumber" => has("Sms"),
            _ => Value::Null,
        }
    }
}

pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let mut used = view.org.registered_methods.clone();
    for check in view.org.verifications() {
        used.entry(check.user_id).or_default().extend(check.method.as_deref().map(str::to_owned));
    }
    let row = |(user_id, used)| Arc::new(Methods { user_id, used }) as Arc<dyn Row>;
    Box::new(used.into_iter().map(row))
}

impl Org {
    /// A user registers a way of verifying, by its name as a VerificationMethod, such as `Totp` or `U2F`.
    pub fn register_method(&mut self, user_id: Id, method: &str) {
        self.registered_methods.entry(user_id).or_default().insert(method.to_owned());
    }
}
