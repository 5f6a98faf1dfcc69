//! Revokes a refresh token. Source: Salesforce Help, "Revoke OAuth Tokens".

use secrecy::{ExposeSecret, SecretString};

use super::Applied;
use super::client::Salesforce;
use super::client_app::ClientAppId;
use super::error::SalesforceError;
use super::oauth_token::FoundToken;
use crate::observation::UserId;

const OBJECT: &str = "the revocation of a token";
const PATH: &str = "/services/oauth2/revoke";

/// What ends a token. Debug shows no secret.
#[derive(Debug, Clone)]
pub enum Revocation {
    /// The revoke endpoint, with its DeleteToken in the body.
    ByToken(SecretString),
    /// The Connect REST API: every token that a user granted to an external client app.
    ByClientApp {
        /// The app.
        app: ClientAppId,
        /// The user.
        user: UserId,
    },
    /// The Connect REST API: every token that anybody granted to an external client app.
    ByWholeClientApp {
        /// The app.
        app: ClientAppId,
    },
    /// Salesforce tells this identity nothing to revoke it by.
    Impossible,
}

impl Salesforce {
    /// Ends a token by whichever way there is.
    ///
    /// # Errors
    /// [`SalesforceError::Irrevocable`] where there is none.
    pub async fn revoke(&self, found: &FoundToken) -> Result<Applied, SalesforceError> {
        match &found.revocation {
            Revocation::ByToken(delete_token) => self.revoke_token(delete_token).await,
            Revocation::ByClientApp { app, user } => self.revoke_client_app_of(app, user).await,
            Revocation::ByWholeClientApp { app } => self.revoke_client_app(app).await,
            Revocation::Impossible => {
                let (user, app_name) = (found.token.user_id.clone(), found.token.app_name.clone());
                Err(SalesforceError::Irrevocable { user, app_name })
            }
        }
    }

    /// Ends a refresh token and every access token made from it; a token that is already invalid counts as done. A
    /// browser session of the same user goes on.
    pub async fn revoke_token(&self, delete_token: &SecretString) -> Result<Applied, SalesforceError> {
        let form = [("token", delete_token.expose_secret())];
        let answer = self.post_form(PATH, &form, OBJECT).await?;
        read(answer.status, &answer.body)
    }
}

/// Salesforce specifies the error's name, and not whether its body is JSON or form-encoded. The body is not repeated
/// in an error, for it may repeat the token.
fn read(status: u16, body: &[u8]) -> Result<Applied, SalesforceError> {
    let body = String::from_utf8_lossy(body);
    match status {
        200..300 => Ok(Applied::Done),
        400 if body.contains("invalid_token") => Ok(Applied::AlreadySo),
        400 if body.contains("unsupported_token_type") => Err(refused("unsupported_token_type", status)),
        _ => Err(refused("not revoked", status)),
    }
}

fn refused(code: &str, status: u16) -> SalesforceError {
    let message = "revoke it in Setup, under OAuth Connected Apps on the user's page".to_owned();
    SalesforceError::Api { object: OBJECT.to_owned(), code: code.to_owned(), message, status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn already_revoked_is_done_in_either_spelling() {
        assert_eq!(read(200, b""), Ok(Applied::Done));
        assert_eq!(read(400, br#"{"error":"invalid_token"}"#), Ok(Applied::AlreadySo));
        assert_eq!(read(400, b"error=invalid_token&error_description=x"), Ok(Applied::AlreadySo));
        let error = read(400, b"error=unsupported_token_type&token=SECRET").unwrap_err().to_string();
        assert!(error.contains("unsupported_token_type") && !error.contains("SECRET"));
        assert!(read(302, b"").is_err());
    }
}
