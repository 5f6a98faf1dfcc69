//! One scan of an org at a time: two at once would read everything twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::OrgId;
use crate::store::{Room, Store, StoreError, Table};

/// Never removed, so that its version tells every holder from the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    until: Timestamp,
}

/// The right to scan an org.
#[derive(Debug)]
pub struct Turn {
    room: Room<Taken>,
    version: u64,
}

impl Turn {
    /// Takes it until the invocation must end; `None` while another has it.
    pub async fn take(
        store: &dyn Store,
        org: &OrgId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let room: Room<Taken> = Room::new(Table::Scan, org, "turns");
        let kept = room.get(store, "scan").await?;
        if kept.as_ref().is_some_and(|kept| kept.value.until > now) {
            return Ok(None);
        }
        let version = kept.map(|kept| kept.version);
        match store.write(vec![room.put("scan", version, &Taken { until })?]).await {
            Ok(()) => Ok(Some(Self { room, version: version.unwrap_or(0) + 1 })),
            Err(StoreError::Conflict(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives it back; one that is not given back ends by itself.
    pub async fn give_back(self, store: &dyn Store, now: Timestamp) {
        let back = self.room.put("scan", Some(self.version), &Taken { until: now });
        let outcome = match back {
            Ok(write) => store.write(vec![write]).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "the turn to scan was not given back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn one_scans_at_a_time() {
        let (store, org) = (MemoryStore::new(), OrgId::new("00D000000000001EAA"));
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        let take = async |now: i64, until: i64| Turn::take(&store, &org, at(now), at(until)).await.unwrap();
        let first = take(0, 60).await.unwrap();
        assert!(take(59, 120).await.is_none());
        first.give_back(&store, at(10)).await;
        let second = take(11, 70).await.unwrap();
        assert!(take(70, 130).await.is_some(), "the second has died");
        second.give_back(&store, at(71)).await;
        assert!(take(72, 140).await.is_none(), "the dead one cannot give back what the third has");
    }
}
