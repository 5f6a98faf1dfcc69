//! That the monitor ran: one small record an hour, written when a scan has reached the present.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::observation::OrgId;
use crate::store::{Kept, Room, Store, StoreError, Table};

/// A shorter pause between two scans is the monitor's own rhythm.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// Sentences about what could not be seen that one hour keeps.
const SENTENCES: usize = 10;

/// One hour in which an org was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedHour {
    /// When the first scan of this hour reached the present.
    pub first: Timestamp,
    /// When the last did.
    pub last: Timestamp,
    /// How many did.
    pub scans: u64,
    /// Within this hour: where more than five minutes passed between two scans, from when until when.
    #[serde(default)]
    pub pauses: Vec<(Timestamp, Timestamp)>,
    /// What is needed and could not be seen, at most ten sentences.
    #[serde(default)]
    pub blind: BTreeSet<String>,
}

/// The room of an org's watched hours, by hour.
pub fn watched(org: &OrgId) -> Room<WatchedHour> {
    Room::new(Table::Scan, org, "watched")
}

/// The place of an hour.
fn place(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H").to_string()
}

impl WatchedHour {
    fn with(before: Option<Self>, now: Timestamp, blind: &[String]) -> Self {
        let mut hour = before.unwrap_or_else(|| Self {
            first: now,
            last: now,
            scans: 0,
            pauses: Vec::new(),
            blind: BTreeSet::new(),
        });
        if now.duration_since(hour.last) > PAUSE {
            hour.pauses.push((hour.last, now));
        }
        hour.last = hour.last.max(now);
        hour.scans += 1;
        let room = SENTENCES.saturating_sub(hour.blind.len());
        hour.blind.extend(blind.iter().take(room).cloned());
        hour
    }
}

/// Records that everything up to `now` has been read.
pub(super) async fn record(
    store: &dyn Store,
    org: &OrgId,
    now: Timestamp,
    blind: &[String],
) -> Result<(), StoreError> {
    let (room, sort) = (watched(org), place(now));
    let kept = room.get(store, &sort).await?;
    let version = kept.as_ref().map(|kept| kept.version);
    let hour = WatchedHour::with(kept.map(|Kept { value, .. }| value), now, blind);
    store.write(vec![room.put(&sort, version, &hour)?]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_tells_its_scans_and_what_lay_between_them() {
        let at = |minute: i64| Timestamp::from_second(1_795_459_200 + minute * 60).unwrap();
        let hour = [0, 1, 2, 20, 21].into_iter().fold(None, |hour, minute| {
            Some(WatchedHour::with(hour, at(minute), &["sessions cannot be seen".to_owned()]))
        });
        let hour = hour.unwrap();
        assert_eq!((hour.first, hour.last, hour.scans), (at(0), at(21), 5));
        assert_eq!((hour.pauses, hour.blind.len()), (vec![(at(2), at(20))], 1));
    }
}
