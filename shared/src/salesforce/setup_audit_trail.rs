//! SetupAuditTrail: who changed the org's setup, for 180 days. Source: Object Reference, SetupAuditTrail. `Display`
//! cannot be filtered, so WHERE names only CreatedDate.

use futures::{Stream, TryStreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::Salesforce;
use super::datetime::{Instant, literal};
use super::describe::Wanted;
use super::error::SalesforceError;
use super::query::{Cursor, Page, record};
use super::wire::Text;
use crate::observation::UserId;

const OBJECT: &str = "SetupAuditTrail";
pub(super) const WANTED: Wanted = Wanted {
    object: OBJECT,
    required: &["Id", "Action", "CreatedDate"],
    optional: &["Section", "CreatedById", "Display", "DelegateUser"],
};

/// One change of the setup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupChange {
    /// The record, `0Ym…`.
    pub id: String,
    /// When.
    pub time: Timestamp,
    /// Who; `None` for Salesforce itself.
    pub user_id: Option<UserId>,
    /// `Action`, a code such as `PermSetAssign`.
    pub action: String,
    /// `Section` of Setup.
    pub section: String,
    /// `Display`, the sentence that Setup shows, at most 255 characters of it.
    pub display: String,
    /// Who acted in the user's name, a username; empty for nobody.
    pub delegate: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    id: String,
    created_date: Instant,
    created_by_id: Option<UserId>,
    #[serde(default)]
    action: Text,
    #[serde(default)]
    section: Text,
    #[serde(default)]
    display: Text,
    #[serde(default)]
    delegate_user: Text,
}

/// Reads a SetupAuditTrail record as the REST API writes it.
///
/// # Errors
/// Says what keeps the record from being read, without repeating its content.
pub fn setup_change_from_record(value: Value) -> Result<SetupChange, String> {
    let record: Record = record(value)?;
    Ok(SetupChange {
        id: record.id,
        time: record.created_date.0,
        user_id: record.created_by_id,
        action: record.action.0,
        section: record.section.0,
        display: record.display.0,
        delegate: record.delegate_user.0,
    })
}

impl Salesforce {
    /// The changes with `from` <= CreatedDate < `until`, both taken to whole seconds, in order of time; one page is held
    /// at a time.
    pub fn setup_changes(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<Page<SetupChange>, SalesforceError>> + Send + '_ {
        let window = format!(
            "WHERE CreatedDate >= {} AND CreatedDate < {} ORDER BY CreatedDate",
            literal(from),
            literal(until)
        );
        let begin =
            async move { Ok(Cursor::Start(format!("{} {window}", self.seen(&WANTED).await?.select()))) };
        let pages =
            |cursor| stream::try_unfold(cursor, |cursor| self.page(OBJECT, cursor, setup_change_from_record));
        stream::once(begin).map_ok(pages).try_flatten()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_text_is_cut_and_nobody_may_have_acted() {
        let row = json!({ "Id": "0Ym", "CreatedDate": "2026-11-23T18:43:00.000+0000", "Action": "suOrgAdminLogin",
            "Section": null, "CreatedById": null, "Display": "ä".repeat(1_000), "DelegateUser": null });
        let change = setup_change_from_record(row).unwrap();
        assert_eq!((change.action.as_str(), change.user_id), ("suOrgAdminLogin", None));
        assert_eq!(change.display.chars().count(), 255);
    }
}
