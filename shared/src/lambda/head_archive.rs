//! The heads of the evidence, kept where whoever writes the store cannot change them: an S3 bucket with Object Lock.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;

use super::Failure;
use crate::aws::s3::Bucket;
use crate::evidence::{Head, Ledger};
use crate::observation::OrgId;
use crate::store::Store;
use crate::tls::TrustError;

/// A bucket whose objects nobody can change or delete for as long as its default retention says.
#[derive(Debug)]
pub struct HeadArchive {
    objects: Bucket,
    bucket: String,
    kept: Mutex<HashMap<OrgId, u64>>,
}

impl HeadArchive {
    /// The bucket of a name.
    pub fn new(configuration: &SdkConfig, bucket: &str) -> Result<Self, TrustError> {
        let objects = Bucket::new(configuration, bucket)?;
        Ok(Self { objects, bucket: bucket.to_owned(), kept: Mutex::default() })
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
        self.objects.put_object(&name(head), &body).await.map(|_| ()).map_err(not_kept)
    }
}

/// By its place in the chain, so that the last by name is the last.
fn name(head: &Head) -> String {
    format!("heads/{}/{:012}.json", head.org, head.seq)
}
