//! What Lambda writes into a function's environment for clients of AWS.

use aws_config::SdkConfig;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::identity::IdentityCache;
use aws_config::meta::region::ProvideRegion;
use aws_types::sdk_config::{Builder, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::settings::variable_of_sdk;

/// A configuration with region, credentials and endpoints.
pub(super) async fn builder() -> Builder {
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let mut builder = SdkConfig::builder()
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::lazy().build())
        .service_config(Endpoints(variable_of_sdk));
    builder.set_region(EnvironmentVariableRegionProvider::new().region().await);
    builder.set_endpoint_url(variable_of_sdk("AWS_ENDPOINT_URL"));
    builder.set_use_fips(is_wanted("AWS_USE_FIPS_ENDPOINT"));
    builder.set_use_dual_stack(is_wanted("AWS_USE_DUALSTACK_ENDPOINT"));
    builder
}

fn is_wanted(name: &str) -> Option<bool> {
    variable_of_sdk(name).map(|text| text.eq_ignore_ascii_case("true"))
}

/// `AWS_ENDPOINT_URL_SERVICE` before `AWS_ENDPOINT_URL`: interface endpoints have names of their own.
struct Endpoints(fn(&str) -> Option<String>);

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoints")
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        (self.0)(&format!("{}_{service}", key.env())).or_else(|| (self.0)(key.env()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(service: &str, lookup: fn(&str) -> Option<String>) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        Endpoints(lookup).load_config(key.build().unwrap())
    }

    #[tokio::test]
    async fn a_client_can_be_made_of_it() {
        let configuration = builder().await.build();
        assert!(configuration.credentials_provider().is_some() && configuration.identity_cache().is_some());
        assert!(configuration.service_config().is_some());
    }

    #[test]
    fn a_service_may_have_an_endpoint_of_its_own() {
        let lookup: fn(&str) -> Option<String> = |name| match name {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some("https://vpce".to_owned()),
            "AWS_ENDPOINT_URL" => Some("https://all".to_owned()),
            _ => None,
        };
        assert_eq!(endpoint("Secrets Manager", lookup).as_deref(), Some("https://vpce"));
        assert_eq!(endpoint("DynamoDB", lookup).as_deref(), Some("https://all"));
        assert_eq!(endpoint("DynamoDB", |_| None), None);
    }
}
