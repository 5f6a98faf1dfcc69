//! Connection documents in AWS Secrets Manager.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::SecretString;

use super::{Secrets, SecretsError};
use crate::tls::TrustError;

/// Refusals that pass by themselves.
const PASSING: [&str; 4] =
    ["InternalServiceError", "ServiceUnavailable", "ThrottlingException", "TooManyRequestsException"];

/// Reads secrets; a secret's name is its name or ARN.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: Client,
}

impl SecretsManager {
    /// With this process's region and credentials.
    pub async fn of_process() -> Result<Self, TrustError> {
        Ok(Self::new(Client::new(crate::aws::configuration().await?)))
    }

    /// Reads through a client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn connection(&self, name: &str) -> Result<SecretString, SecretsError> {
        let answer = self.client.get_secret_value().secret_id(name).send().await;
        let answer = answer.map_err(|error| failure(name, &error))?;
        answer.secret_string.map(SecretString::from).ok_or_else(|| SecretsError::Refused {
            name: name.to_owned(),
            reason: "it is binary; store the document as text".to_owned(),
        })
    }
}

fn failure(name: &str, error: &SdkError<GetSecretValueError>) -> SecretsError {
    let name = name.to_owned();
    let reason = crate::aws::reason(error.code(), error.message(), error);
    match error {
        SdkError::ServiceError(refusal) if !passes(refusal.raw().status().as_u16(), refusal.err().code()) => {
            SecretsError::Refused { name, reason }
        }
        SdkError::ConstructionFailure(_) => SecretsError::Refused { name, reason },
        _ => SecretsError::Unavailable { name, reason },
    }
}

/// A server that fails says by its status that it is no refusal, however it calls that.
fn passes(status: u16, code: Option<&str>) -> bool {
    status >= 500 || code.is_some_and(|code| PASSING.contains(&code))
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
    use aws_sdk_secretsmanager::types::error::{InternalServiceError, ResourceNotFoundException};
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use secrecy::ExposeSecret;

    use super::*;

    #[tokio::test]
    async fn the_secret_of_that_name_is_read() {
        let rule = mock!(Client::get_secret_value)
            .match_requests(|request| request.secret_id() == Some("warden/acme/scanner"))
            .then_output(|| GetSecretValueOutput::builder().secret_string("{}").build());
        let secrets = SecretsManager::new(mock_client!(aws_sdk_secretsmanager, [&rule]));
        let document = secrets.connection("warden/acme/scanner").await.unwrap();
        assert_eq!((document.expose_secret(), rule.num_calls()), ("{}", 1));
    }

    #[tokio::test]
    async fn a_secret_that_is_not_there_is_refused_in_the_services_words() {
        let rule = mock!(Client::get_secret_value).then_error(|| {
            let meta = aws_sdk_secretsmanager::error::ErrorMetadata::builder()
                .code("ResourceNotFoundException")
                .message("Secrets Manager can't find the specified secret.");
            let error = ResourceNotFoundException::builder().meta(meta.build()).build();
            GetSecretValueError::ResourceNotFoundException(error)
        });
        let secrets = SecretsManager::new(mock_client!(aws_sdk_secretsmanager, [&rule]));
        assert_eq!(
            secrets.connection("warden/acme").await.unwrap_err().to_string(),
            "the connection document warden/acme cannot be read: ResourceNotFoundException: \
             Secrets Manager can't find the specified secret."
        );
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again() {
        let rule = mock!(Client::get_secret_value)
            .sequence()
            .http_status(503, None)
            .times(1)
            .output(|| GetSecretValueOutput::builder().secret_string("{}").build())
            .build();
        let secrets =
            SecretsManager::new(mock_client!(aws_sdk_secretsmanager, RuleMode::Sequential, [&rule]));
        assert!(secrets.connection("c").await.is_ok());
        assert_eq!(rule.num_calls(), 2);
    }

    #[tokio::test]
    async fn an_outage_is_told_from_a_refusal() {
        let rule = mock!(Client::get_secret_value).then_error(|| {
            let meta = aws_sdk_secretsmanager::error::ErrorMetadata::builder().code("InternalServiceError");
            let error = InternalServiceError::builder().meta(meta.build()).build();
            GetSecretValueError::InternalServiceError(error)
        });
        let secrets = SecretsManager::new(mock_client!(aws_sdk_secretsmanager, [&rule]));
        let error = secrets.connection("c").await.unwrap_err();
        assert!(matches!(error, SecretsError::Unavailable { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_server_that_fails_is_no_refusal_whatever_it_calls_that() {
        let body = r#"{"__type":"InternalFailure"}"#.to_owned();
        let rule = mock!(Client::get_secret_value).sequence().http_status(500, Some(body)).times(3).build();
        let secrets =
            SecretsManager::new(mock_client!(aws_sdk_secretsmanager, RuleMode::Sequential, [&rule]));
        let error = secrets.connection("c").await.unwrap_err();
        assert!(matches!(error, SecretsError::Unavailable { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_binary_secret_is_refused() {
        let rule = mock!(Client::get_secret_value).then_output(|| GetSecretValueOutput::builder().build());
        let secrets = SecretsManager::new(mock_client!(aws_sdk_secretsmanager, [&rule]));
        let error = secrets.connection("c").await.unwrap_err().to_string();
        assert!(error.ends_with("it is binary; store the document as text"), "{error}");
    }
}
