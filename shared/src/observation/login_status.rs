//! What came of a login, from the free text of `Status`.

use super::Outcome;

/// What a text means; `None` where it is neither documented nor a translation that is known here. Source: Object Reference,
/// EventLogFile, "LOGIN_STATUS Values".
pub(super) fn outcome(status: &str) -> Option<Outcome> {
    let status = status.trim();
    let is_one_of = |texts: &[&str]| texts.iter().any(|text| status.eq_ignore_ascii_case(text));
    if is_one_of(&["Success", "LOGIN_NO_ERROR"]) {
        Some(Outcome::Success)
    } else if is_one_of(&WRONG_PASSWORD) {
        Some(Outcome::WrongPassword)
    } else if is_one_of(&["Password lockout", "LOGIN_ERROR_PASSWORD_LOCKOUT"]) {
        Some(Outcome::LockedOut)
    } else if is_one_of(&CHALLENGED) {
        Some(Outcome::Challenged)
    } else if is_one_of(OTHER_FAILURES) {
        Some(Outcome::OtherFailure)
    } else {
        translated(&status.to_lowercase())
    }
}

/// What Setup's file says where whoever downloads it has another language.
fn translated(status: &str) -> Option<Outcome> {
    let known = [(SUCCESS_TRANSLATED, Outcome::Success), (WRONG_PASSWORD_TRANSLATED, Outcome::WrongPassword)];
    known.into_iter().find(|(texts, _)| texts.contains(&status)).map(|(_, outcome)| outcome)
}

const WRONG_PASSWORD: [&str; 3] =
    ["Invalid password", "LOGIN_ERROR_INVALID_PASSWORD", "LOGIN_ERROR_SSO_PWD_INVALID"];
/// Salesforce asks for a second step only after the password was right.
const CHALLENGED: [&str; 6] = [
    "Failed: Computer activation required",
    "Failed: Computer activation pending",
    "Two-factor required",
    "LOGIN_CHALLENGE_ISSUED",
    "LOGIN_CHALLENGE_PENDING",
    "LOGIN_TWOFACTOR_REQ",
];

/// In lower case: German, French, Spanish, Italian, Portuguese, Dutch, Japanese.
const SUCCESS_TRANSLATED: &[&str] = &[
    "erfolg",
    "erfolgreich",
    "succès",
    "réussite",
    "réussi",
    "éxito",
    "correcto",
    "operazione riuscita",
    "riuscito",
    "êxito",
    "sucesso",
    "geslaagd",
    "gelukt",
    "成功",
];
const WRONG_PASSWORD_TRANSLATED: &[&str] = &[
    "ungültiges kennwort",
    "ungültiges passwort",
    "kennwort ungültig",
    "mot de passe non valide",
    "mot de passe incorrect",
    "contraseña no válida",
    "contraseña incorrecta",
    "password non valida",
    "senha inválida",
    "ongeldig wachtwoord",
    "無効なパスワード",
    "パスワードが無効です",
];

/// The other texts and codes of EventLogFile, "LOGIN_STATUS Values".
const OTHER_FAILURES: &[&str] = &[
    "Invalid login",
    "LOGIN_ERROR_INVALID_USERNAME",
    "User is frozen",
    "LOGIN_ERROR_USER_FROZEN",
    "User is inactive",
    "User is Inactive",
    "LOGIN_ERROR_USER_INACTIVE",
    "Restricted IP",
    "LOGIN_ERROR_RESTRICTED_DOMAIN",
    "Restricted time",
    "LOGIN_ERROR_RESTRICTED_TIME",
    "Restricted country",
    "LOGIN_ERROR_EXPORT_RESTRICTED",
    "Restricted domain",
    "LOGIN_ERROR_GLOBAL_BLOCK_DOMAIN",
    "LOGIN_ERROR_ORG_DOMAIN_ONLY",
    "Lightning Login required",
    "LOGIN_LIGHTNING_LOGIN",
    "Failed: API security token required",
    "LOGIN_ERROR_MUST_USE_API_TOKEN",
    "Failed: API-only user",
    "LOGIN_ERROR_USER_API_ONLY",
    "Failed: Mobile license required",
    "Failed: Mobile disabled",
    "Login rate exceeded",
    "LOGIN_ERROR_RATE_EXCEEDED",
    "Maximum logins exceeded",
    "LOGIN_ERROR_LOGINS_EXCEEDED",
    "Failed: Client update required",
    "Failed: Invalid HTTP method",
    "Failed: Login over insecure channel",
    "Mutual authentication failed",
    "Invalid gateway",
    "Your company's authentication service is down",
    "The Single Sign-On Gateway URL is invalid",
    "Invalid profile association",
    "No Experience Cloud site access",
    "No community access",
    "Invalid - Experience Cloud site offline",
    "Invalid - Portal disabled",
    "Unable to process your login request",
    "Organization closed",
    "Organization suspended",
    "Organization locked",
    "Organization is inactive",
    "Organization is in maintenance",
    "Organization is a DOT",
    "Trial Expired",
    "Login invalid",
    "LOGIN_ERROR_UNKNOWN_ERROR",
    "Offline disabled",
    "Offline trial expired",
    "Outlook integration disabled",
    "Wireless disabled",
    "Wireless trial expired",
    "Failed: OAuth API access disabled",
    "Failed: Consumer Deleted",
    "Failed: Invalid Token",
    "LOGIN_OAUTH_INVALID_TOKEN",
    "Failed: IP Address Not Allowed",
    "Failed: Signature Invalid",
    "Failed: Get Access Token Limit Exceeded",
    "Failed: Invalid Code Challenge",
    "Failed: Invalid Verifier",
    "Failed: Device Id missing or not registered",
    "Failed: Invalid Callback URL",
    "Missing Consumer Key Parameter",
    "Missing OAuth Token Parameter",
    "Failed: Nonce Replay Detected",
    "Failed: Invalid Nonce",
    "Failed: Invalid Timestamp",
    "Failed: Version Not Supported",
    "Failed: Invalid Signature Method",
    "Failed: Unexpected parameter",
    "Failed: Activation secret not expected",
    "Failed: Activation secret invalid",
    "Failed: Replay Detected",
    "Failed: Audience Invalid",
    "Failed: Issuer Mismatched",
    "Failed: Assertion Expired",
    "Failed: Recipient Mismatched",
    "Failed: Assertion Invalid",
    "Failed: Status Invalid",
    "Failed: Username Or SSO Id Invalid",
    "Failed: Configuration Error/Perm Disabled",
    "Failed: InResponseTo Invalid",
    "Failed: Signature Invalid/Configured Certificate Mismatch",
    "Failed: SAML Provision Error",
    "Failed: Specified Site is Inactive",
    "Failed: Invalid Organization Id",
    "Failed: Invalid Portal Id",
    "Failed: Invalid Site URL",
    "Failed: Subject Confirmation Error",
    "LOGIN_END_SESSION_TXN_SECURITY_POLICY",
    "LOGIN_ERROR_CLIENT_NO_ACCESS",
    "LOGIN_ERROR_SESSION_TIMEOUT",
    "LOGIN_DATA_DOWNLOAD_ONLY",
    "LOGIN_SAML_INVALID_SESSION_LEVEL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_without_case_and_unknown_text_is_no_wrong_password() {
        let cases = [
            ("Success", Outcome::Success),
            ("LOGIN_NO_ERROR", Outcome::Success),
            (" INVALID PASSWORD ", Outcome::WrongPassword),
            ("Invalid Password", Outcome::WrongPassword),
            ("login_error_invalid_password", Outcome::WrongPassword),
            ("LOGIN_ERROR_SSO_PWD_INVALID", Outcome::WrongPassword),
            ("Password Lockout", Outcome::LockedOut),
            ("LOGIN_ERROR_PASSWORD_LOCKOUT", Outcome::LockedOut),
            ("Failed: Computer activation required", Outcome::Challenged),
            ("Failed: Computer activation pending", Outcome::Challenged),
            ("Two-factor required", Outcome::Challenged),
            ("LOGIN_CHALLENGE_ISSUED", Outcome::Challenged),
            ("LOGIN_CHALLENGE_PENDING", Outcome::Challenged),
            ("LOGIN_TWOFACTOR_REQ", Outcome::Challenged),
            ("Invalid password or worse", Outcome::OtherFailure),
            ("", Outcome::OtherFailure),
        ];
        for (status, outcome) in cases {
            assert_eq!(Outcome::from_status(status), outcome, "{status:?}");
        }
    }

    #[test]
    fn what_nobody_knows_is_a_failure_and_said_to_be_unknown() {
        assert!(OTHER_FAILURES.iter().all(|status| Outcome::from_status(status) == Outcome::OtherFailure));
        for known in ["restricted ip", "Success", "Erfolgreich", "UNGÜLTIGES KENNWORT", "Éxito", "成功"] {
            assert!(Outcome::knows(known), "{known}");
        }
        assert_eq!(Outcome::from_status("Ungültiges Kennwort"), Outcome::WrongPassword);
        assert_eq!(Outcome::from_status("Éxito"), Outcome::Success);
        assert!(!Outcome::knows("Udało się"));
        assert_eq!(Outcome::from_status("Udało się"), Outcome::OtherFailure);
    }
}
