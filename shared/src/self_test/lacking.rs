//! Objects, fields and permissions that are read and that this identity does not see: they differ between editions,
//! licences, API versions and permissions.

use super::check::{Check, State};
use super::facts::Looked;
use crate::salesforce::{Ability, MissingField, Role, Sight};

const CHECK: &str = "schema";
/// What is lost without a field; of an object that is not there at all its [`Ability`] says it.
const LOST: [(&str, &str); 23] = [
    ("LoginHistory.LoginGeo", Ability::Places.lost()),
    ("LoginHistory.LoginSubType", "the grant of a login is not seen"),
    ("LoginHistory.CountryIso", "logins have no country"),
    ("LoginHistory.TlsProtocol", CLIENT),
    ("LoginHistory.CipherSuite", CLIENT),
    ("LoginHistory.Application", "it is not seen through which application a login came"),
    ("LoginHistory.Browser", CLIENT),
    ("LoginHistory.Platform", CLIENT),
    ("AuthSession.LoginGeo", "sessions have no place"),
    ("AuthSession.LoginHistoryId", "a session is not held against its login"),
    ("AuthSession.LoginType", "the kind of login behind a session is not seen"),
    ("AuthSession.SessionSecurityLevel", "it is not seen which sessions were verified"),
    (
        "AuthSession.IsAssociatedWithJwtAccessToken",
        "every access token counts as one that may outlive its session",
    ),
    ("OauthToken.DeleteToken", "tokens cannot be revoked"),
    ("OauthToken.UseCount", USE),
    ("OauthToken.LastUsedDate", USE),
    ("User.FederationIdentifier", "single-sign-on users are known by their logins alone"),
    ("User.CreatedDate", "an account that was never used is not told from a new one"),
    ("User.LastPasswordChangeDate", "a password that was just changed is not seen"),
    ("User.Profile", PROGRAMS),
    ("PermissionSet.PermissionsApiUserOnly", PROGRAMS),
    ("VerificationHistory.SourceIp", "it is not seen where a verification came from"),
    ("VerificationHistory.VerificationMethod", "it is not seen which factor was used or registered"),
];
const CLIENT: &str = "clients are told apart less well";
const USE: &str = "the use of a token without a login is not seen";
const PROGRAMS: &str = "programs are told from people less well";

pub(super) fn judge(role: Role, looked: &Looked) -> Check {
    let fields = match &looked.lacking {
        Ok(fields) => fields,
        Err(error) => return Check::unknown(CHECK, error),
    };
    let told = fields.iter().map(told);
    let permissions = looked.visibility.absent().map(|permission| permission.api_name().to_owned());
    let lacking: Vec<_> = told.chain(permissions).collect();
    if lacking.is_empty() {
        return Check::ok(CHECK, "every object, field and permission that is read is there");
    }
    let seen = format!("left out, because the org lacks it or hides it: {}", lacking.join("; "));
    match fields.iter().filter_map(|field| blindness(field, role, looked)).max() {
        // What a permission is missing for is told beside that permission; the rest differs from org to org.
        None => Check::ok(CHECK, seen),
        Some(state) => Check::new(
            CHECK,
            state,
            seen,
            "check the org's edition, the field permissions of the identity, and `api_version` in the connection document",
        ),
    }
}

fn told(field: &MissingField) -> String {
    match lost(&field.path) {
        Some(lost) => format!("{} ({lost})", field.path),
        None => field.path.clone(),
    }
}

fn lost(path: &str) -> Option<&'static str> {
    let of_field = LOST.iter().find(|(known, _)| *known == path).map(|(_, lost)| *lost);
    of_field.or_else(|| of_object(path).map(Ability::lost))
}

fn of_object(name: &str) -> Option<Ability> {
    Ability::ALL.into_iter().find(|ability| ability.object() == name)
}

/// An object that should be seen and cannot be read.
fn blindness(field: &MissingField, role: Role, looked: &Looked) -> Option<State> {
    let object = field.path.split('.').next().filter(|_| field.is_required)?;
    let ability = of_object(object).filter(|it| looked.visibility.of(*it) == Sight::Seeing)?;
    ability.weight(role).map(State::Blind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::{Permission, Visibility, Weight, paths_read};
    use crate::self_test::facts::tests::looked;

    fn without(path: &str, is_required: bool) -> Looked {
        let field = MissingField { path: path.to_owned(), is_required };
        Looked { lacking: Ok(vec![field]), ..looked() }
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is_lost() {
        assert!(!judge(Role::Scanner, &looked()).seen.contains("left out"));
        for (role, path, lost) in [
            (Role::Scanner, "LoginHistory.LoginGeo", "places are known by country only"),
            (Role::Revoker, "SetupAuditTrail", "who froze an account is not seen"),
            (Role::Scanner, "LoginHistory.LoginUrl", "LoginUrl"),
        ] {
            let check = judge(role, &without(path, false));
            assert!(check.seen.contains(path) && check.seen.contains(lost), "{check:?}");
            assert_eq!(check.state, State::Ok);
        }
    }

    #[test]
    fn an_object_that_cannot_be_read_is_blind_where_its_permission_is_held() {
        let state = |role, path, visibility| judge(role, &Looked { visibility, ..without(path, true) }).state;
        let holding = |permission| Visibility::of_permissions([permission]);
        let sessions = "AuthSession.NumSecondsValid";
        assert_eq!(
            state(Role::Scanner, sessions, holding(Permission::ManageUsers)),
            State::Blind(Weight::Needed)
        );
        assert_eq!(
            state(Role::Scanner, sessions, holding(Permission::ViewSetup)),
            State::Ok,
            "told beside its permission"
        );
        assert_eq!(
            state(Role::Revoker, "SetupAuditTrail.Action", holding(Permission::ViewSetup)),
            State::Blind(Weight::Useful)
        );
    }

    #[test]
    fn what_is_lost_is_told_of_fields_that_are_read() {
        let read = paths_read();
        let fields = LOST.iter().map(|(path, _)| *path);
        assert_eq!(fields.filter(|path| !read.contains(*path)).collect::<Vec<_>>(), [""; 0]);
    }
}
