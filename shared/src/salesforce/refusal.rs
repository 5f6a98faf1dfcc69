//! Turns an answer that is no success into an error.

use serde::Deserialize;

use super::error::SalesforceError;

#[derive(Deserialize)]
struct ApiRefusal {
    #[serde(rename = "errorCode")]
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct OauthRefusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// REST answers an array of `{errorCode, message}`, OAuth endpoints an object `{error, error_description}`, and the
/// edge in front of both sometimes HTML. Source: REST API Developer Guide, "Status Codes and Error Responses".
pub fn read(object: &str, status: u16, body: &[u8]) -> SalesforceError {
    let refusals: Option<Vec<ApiRefusal>> = serde_json::from_slice(body).ok();
    match refusals.and_then(|refusals| refusals.into_iter().next()) {
        Some(refusal) => api(object, status, &refusal),
        None if status == 401 => ended("INVALID_SESSION_ID", "HTTP 401"),
        None => unexpected(object, status, body),
    }
}

/// Reads the answer of an OAuth endpoint.
pub fn read_oauth(object: &str, status: u16, body: &[u8]) -> SalesforceError {
    match serde_json::from_slice::<OauthRefusal>(body) {
        Ok(refusal) if status < 500 => SalesforceError::NotAuthorised {
            hint: hint(&refusal.error, &refusal.error_description).to_owned(),
            error: printable(&refusal.error, 80),
            description: printable(&refusal.error_description, 200),
        },
        _ => unexpected(object, status, body),
    }
}

fn api(object: &str, status: u16, refusal: &ApiRefusal) -> SalesforceError {
    let (object, code) = (object.to_owned(), printable(&refusal.code, 80));
    let message = printable(&refusal.message, 400);
    match (status, code.as_str()) {
        (401, _) => ended(&code, &message),
        (_, "REQUEST_LIMIT_EXCEEDED") if is_about_concurrency(&message) => {
            SalesforceError::TooManyAtOnce { object, message }
        }
        (_, "REQUEST_LIMIT_EXCEEDED") => SalesforceError::RequestLimit { object, message },
        _ => SalesforceError::Api { object, code, message, status },
    }
}

/// One code stands for two limits: `ConcurrentRequests (Concurrent API Requests) Limit exceeded.` passes within seconds,
/// `TotalRequests Limit exceeded.` within a day.
fn is_about_concurrency(message: &str) -> bool {
    message.to_ascii_lowercase().contains("concurrent")
}

fn ended(code: &str, description: &str) -> SalesforceError {
    SalesforceError::NotAuthorised {
        error: code.to_owned(),
        description: description.to_owned(),
        hint: "The session ended again right after a new token: check whether somebody ends this identity's \
               sessions, and that its app grants the scope `api`"
            .to_owned(),
    }
}

fn unexpected(object: &str, status: u16, body: &[u8]) -> SalesforceError {
    let shown = printable(&String::from_utf8_lossy(body.get(..4_096).unwrap_or(body)), 120);
    let reason = if shown.is_empty() { "an empty body".to_owned() } else { format!("`{shown}`") };
    SalesforceError::UnexpectedAnswer { object: object.to_owned(), status, reason }
}

/// What to do about a refused token request. Source: Salesforce Help, "OAuth 2.0 Error Codes".
fn hint(error: &str, description: &str) -> &'static str {
    let says = |part: &str| description.to_ascii_lowercase().contains(part);
    match error {
        "invalid_grant" if says("approved") => {
            "Pre-authorise the user: app policy `Admin approved users`, and the user's profile or permission set"
        }
        "invalid_grant" if says("audience") => {
            "Set `audience` to the host that the app's certificate belongs to"
        }
        "invalid_grant" if says("expired") => "Check this machine's clock",
        "invalid_grant" if says("assertion") => {
            "Check that `private_key` belongs to the certificate in the app"
        }
        "invalid_grant" if says("no client credentials user") => "Set a run-as user in the app's policies",
        "invalid_grant" if says("ip restricted") => {
            "Add this machine's outgoing address to the profile's login IP ranges"
        }
        "invalid_grant" => {
            "Check that the user exists, is active and is not frozen, and that the host fits the org"
        }
        "invalid_client_id" => "Check `client_id`, and that `login_url` is the host of the app's org",
        "invalid_client" => "Check `client_secret`",
        "invalid_app_access" => "Give the user access to the app through a profile or permission set",
        "unsupported_grant_type" | "invalid_request" => "Enable this OAuth flow in the app",
        _ => {
            "Check the connection document against the app's settings, and the user's Login History in Setup for why \
             Salesforce refused"
        }
    }
}

/// At most `limit` printable characters of hostile text; what looks like an access token is cut out.
pub(super) fn printable(text: &str, limit: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = text.split_whitespace().map(|word| match word.find("00D") {
        Some(start) if word[start..].contains('!') => format!("{}[redacted]", &word[..start]),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").chars().take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(status: u16, body: &str) -> SalesforceError {
        read("LoginHistory", status, body.as_bytes())
    }

    #[test]
    fn codes_decide_what_an_error_means() {
        let ended =
            rest(401, r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#);
        assert!(ended.session_has_ended() && !ended.retryable());
        let limit = rest(403, r#"[{"message":"TotalRequests","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#);
        assert!(matches!(limit, SalesforceError::RequestLimit { .. }));
        assert!(limit.retryable() && !limit.is_passing());
        let crowd = r#"[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#;
        assert!(matches!(rest(403, crowd), SalesforceError::TooManyAtOnce { .. }));
        assert!(rest(403, crowd).is_passing());
        let field = rest(400, r#"[{"message":"No such column","errorCode":"INVALID_FIELD","fields":["x"]}]"#);
        assert_eq!(field.code(), Some("INVALID_FIELD"));
        assert!(!field.retryable());
        assert!(rest(400, r#"[{"message":"","errorCode":"UNABLE_TO_LOCK_ROW"}]"#).is_passing());
        assert!(rest(500, r#"[{"message":"","errorCode":"UNKNOWN_EXCEPTION"}]"#).is_passing());
    }

    #[test]
    fn html_and_rubbish_are_unexpected_and_short() {
        let html = format!("<html>\u{7}{}</html>", "x".repeat(10_000));
        let error = rest(503, &html);
        assert!(matches!(&error, SalesforceError::UnexpectedAnswer { status: 503, .. }));
        assert!(error.is_passing());
        assert!(error.to_string().len() < 250 && !error.to_string().contains('\u{7}'));
        for body in ["", "[]", "{}", "null", "\u{feff}", "[{}]"] {
            assert!(matches!(rest(400, body), SalesforceError::UnexpectedAnswer { .. }), "{body:?}");
            assert!(rest(401, body).session_has_ended(), "{body:?}");
        }
    }

    #[test]
    fn oauth_errors_say_what_to_do() {
        let body = br#"{"error":"invalid_grant","error_description":"audience is invalid"}"#;
        let error = read_oauth("token", 400, body);
        assert!(error.to_string().contains("`audience`"));
        assert!(!error.retryable());
        assert!(read_oauth("token", 503, b"<html>").is_passing());
    }

    #[test]
    fn access_tokens_are_cut_out() {
        let shown = printable("Session: '00D5g000004abcDEAQ!AQEAQFsecret' ended\r\n", 200);
        assert_eq!(shown, "Session: '[redacted] ended");
        assert_eq!(printable("user 00D5g000004abcDEAQ", 200), "user 00D5g000004abcDEAQ");
    }
}
