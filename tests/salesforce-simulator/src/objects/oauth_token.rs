//! OauthToken: what outlives every session. Its Id is always null.

use super::{Field, Object, Relation, Row, Rows, Schema, View, row};
use crate::id::Id;
use crate::soql::Value;
use crate::switches::ClientAppTokens;
use jiff::Timestamp;
use std::sync::Arc;

/// One refresh token. Object reference: `sforce_api_objects_oauthtoken.htm`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Numbers the tokens of the org from 1; not visible through the API.
    pub serial: u64,
    /// Whose token.
    pub user_id: Id,
    /// The connected app's label.
    pub app: String,
    /// What the app holds.
    pub refresh_token: String,
    /// What revokes it.
    pub delete_token: String,
    /// When the app was approved.
    pub created: Timestamp,
    /// The last grant.
    pub last_used: Option<Timestamp>,
    /// Grants so far.
    pub use_count: i64,
    /// The external client app that holds it; `None` for a connected app.
    pub client_app: Option<Id>,
}

impl Token {
    /// Names the token in the Connect REST API.
    pub(crate) fn identifier(&self) -> Id {
        Id::new("0CQ", self.serial)
    }
}

pub(crate) static SCHEMA: Schema = Schema {
    name: "OauthToken",
    fields: &[
        Field::id("Id").required(),
        Field::id("UserId").no_aggregate(),
        Field::text("AppName"),
        Field::id("AppMenuItemId"),
        Field::text("AccessToken"),
        Field::text("RequestToken"),
        Field::text("DeleteToken"),
        Field::time("CreatedDate"),
        Field::time("LastUsedDate"),
        Field::integer("UseCount"),
    ],
    relations: &[Relation { name: "User", target: Object::User }],
    needs: None,
};

impl Row for Token {
    fn value(&self, field: &str, _view: &View<'_>) -> Value<'_> {
        match field {
            "UserId" => Value::Id(self.user_id),
            "AppName" => Value::text(&self.app),
            "DeleteToken" => Value::text(&self.delete_token),
            "CreatedDate" => Value::Time(self.created),
            "LastUsedDate" => Value::maybe_time(self.last_used),
            "UseCount" => Value::Count(self.use_count),
            _ => Value::Null,
        }
    }

    fn related(&self, relation: &str, view: &View<'_>) -> Option<Arc<dyn Row>> {
        view.org.users.get(&self.user_id).filter(|_| relation == "User").as_ref().map(row)
    }
}

/// Without Customize Application a user sees his own tokens.
pub(crate) fn rows<'o>(view: &View<'o>) -> Rows<'o> {
    let all = Object::OauthToken.shows_others_to(view.caller);
    let mine = view.caller.user_id;
    let hidden = view.org.switches.client_app_tokens == ClientAppTokens::Hidden;
    let shown =
        move |token: &&Arc<Token>| (all || token.user_id == mine) && !(hidden && token.client_app.is_some());
    Box::new(view.org.tokens().iter().filter(shown).map(row))
}
