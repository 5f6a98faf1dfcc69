//! What Salesforce answers, and the document that says where it is asked.

use serde_json::Value;
use session_warden::salesforce::{
    Connection, TokenHashKey, connected_app_from_record, factors_from_record, known_address_from_record,
    login_from_json, logins_from_page, oauth_refusal, refusal, session_from_record, setup_change_from_record,
    token_from_record, user_from_record, verification_from_record,
};

/// No answer's error is longer than this, whatever was answered: it stands in logs and on terminals.
const LONGEST_ERROR: usize = 4_000;

/// Pages, records of every object that is read, refusals, and a connection document.
pub fn answers(data: &[u8]) {
    if let Ok(page) = logins_from_page(data) {
        assert!(page.rows.len() + page.rejected.len() <= data.len());
    }
    for status in [400, 401, 403, 500] {
        for error in [refusal("LoginHistory", status, data), oauth_refusal("token", status, data)] {
            let told = error.to_string();
            assert!(told.len() < LONGEST_ERROR && !told.contains('\u{1b}'), "{told}");
        }
    }
    let text = String::from_utf8_lossy(data);
    let _ = login_from_json(&text);
    let _ = Connection::parse(&text);
    if let Ok(record) = serde_json::from_slice::<Value>(data) {
        records(&record);
    }
}

fn records(record: &Value) {
    let key = TokenHashKey::new([1; 32]);
    let _ = session_from_record(record.clone());
    let _ = token_from_record(record.clone(), &key);
    let _ = user_from_record(record.clone());
    let _ = verification_from_record(record.clone());
    let _ = known_address_from_record(record.clone());
    let _ = connected_app_from_record(record.clone());
    let _ = setup_change_from_record(record.clone());
    let _ = factors_from_record(record.clone());
}
