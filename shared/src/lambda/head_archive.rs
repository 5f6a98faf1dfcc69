//! The heads of the evidence, kept where whoever writes the store cannot change them: an S3 bucket with Object Lock.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;

use super::Failure;
use crate::evidence::{Head, Ledger};
use crate::observation::OrgId;
use crate::store::Store;

/// What S3 answers where an object of that name is there already. Source: S3 User Guide, "Conditional writes".
const THERE_ALREADY: &str = "PreconditionFailed";

/// A bucket whose objects nobody can change or delete for as long as its default retention says.
#[derive(Debug)]
pub struct HeadArchive {
    configuration: aws_sdk_s3::Config,
    bucket: String,
    kept: Mutex<HashMap<OrgId, u64>>,
}

impl HeadArchive {
    /// The bucket of a name.
    pub fn new(configuration: &SdkConfig, bucket: &str) -> Self {
        // Needed for an endpoint without a name for each bucket, as those on one's own machine are.
        let is_local = configuration.endpoint_url().is_some();
        let configuration =
            aws_sdk_s3::config::Builder::from(configuration).force_path_style(is_local).build();
        Self { configuration, bucket: bucket.to_owned(), kept: Mutex::default() }
    }

    /// Keeps the head of an org's chain as it now stands, as `heads/ORG/SEQ.json`. A head that was once kept stays, whatever
    /// the chain says later.
    ///
    /// # Errors
    /// [`Failure::HeadNotKept`] when it is not known to be kept.
    pub async fn keep(&self, store: &dyn Store, org: &OrgId) -> Result<(), Failure> {
        let Some(head) = Ledger::new(store, org.clone()).head().await? else { return Ok(()) };
        if self.has(&head) {
            return Ok(());
        }
        self.put(&head).await?;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(org.clone(), head.seq);
        Ok(())
    }

    /// As far as this process knows.
    fn has(&self, head: &Head) -> bool {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&head.org) == Some(&head.seq)
    }

    async fn put(&self, head: &Head) -> Result<(), Failure> {
        let not_kept = |reason: String| Failure::HeadNotKept { bucket: self.bucket.clone(), reason };
        let body = serde_json::to_vec_pretty(head).map_err(|error| not_kept(error.to_string()))?;
        // Made after the act, and not at the start, which the act waits for.
        let client = Client::from_conf(self.configuration.clone());
        let put = client.put_object().bucket(&self.bucket).key(name(head)).if_none_match("*");
        let sent = put.content_type("application/json").body(ByteStream::from(body)).send().await;
        match sent {
            Err(error) if error.code() != Some(THERE_ALREADY) => {
                Err(not_kept(crate::aws::reason(error.code(), error.message(), &error)))
            }
            _ => Ok(()),
        }
    }
}

/// By its place in the chain, so that the last by name is the last.
fn name(head: &Head) -> String {
    format!("heads/{}/{:012}.json", head.org, head.seq)
}
