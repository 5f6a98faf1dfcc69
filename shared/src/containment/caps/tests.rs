use futures::future;
use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::store::MemoryStore;

fn org() -> OrgId {
    OrgId::new("00D000000000001AAA")
}

fn start() -> Timestamp {
    "2026-11-23T22:40:00Z".parse().unwrap()
}

async fn usage(store: &MemoryStore, now: Timestamp) -> CapsUsage {
    CapsUsage::read(store, &org(), now).await.unwrap().unwrap()
}

/// Reserves as the stage does: judged and written under the same versions, again after a conflict.
async fn reserve(store: &MemoryStore, caps: &Caps, users: u32, active: u64, now: Timestamp) -> bool {
    loop {
        let usage = usage(store, now).await;
        // Lets other workers in between the reading and the writing.
        tokio::task::yield_now().await;
        if !usage.exceeded(caps, Charge::Users(users), active).is_empty() {
            return false;
        }
        match store.write(usage.reserving(Charge::Users(users)).unwrap()).await {
            Ok(()) => return true,
            Err(StoreError::Conflict(key)) => assert!(usage.holds(&key)),
            Err(error) => panic!("{error}"),
        }
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn a_percentage_is_rounded_down_and_never_below_one() {
    for (percent, active, allowed) in
        [(2.0, 240, 4), (2.0, 10, 1), (0.0, 1_000, 1), (100.0, 7, 7), (2.0, 0, 1), (f64::NAN, 9, 1)]
    {
        assert_eq!(percent_cap(percent, active), allowed, "{percent} of {active}");
    }
}

#[test]
fn each_cap_names_itself() {
    let caps =
        Caps { per_request: 1, per_hour: 1, per_day: 1, percent_of_active_users: 1.0, ..Caps::default() };
    let exceeded =
        run(async { usage(&MemoryStore::new(), start()).await }).exceeded(&caps, Charge::Users(2), 100);
    for (clause, key) in exceeded.iter().zip(["per_request", "per_hour", "per_day", "percent_of_active"]) {
        assert!(clause.contains(key), "{clause}");
    }
    assert_eq!(exceeded.len(), 4);
}

#[test]
fn a_corrupt_counter_is_unreadable() {
    for body in
        ["null", "{}", "\"1\"", "{\"users\":-1}", "{\"users\":1,\"more\":2}", "{\"users\":4294967296}"]
    {
        let store = MemoryStore::new();
        run(async {
            let key = Key::new(Table::Contain, &org(), "caps", "day/2026-11-23");
            let body = serde_json::from_str(body).unwrap();
            store.write(vec![Write::Put { key, expect: crate::store::Expect::Any, body }]).await.unwrap();
            assert!(CapsUsage::read(&store, &org(), start()).await.unwrap().is_err());
        });
    }
}

proptest! {
    #[test]
    fn no_sequence_exceeds_any_cap(
        (per_request, per_hour, per_day, percent) in (0u32..4, 0u32..6, 0u32..9, 0.0..20.0),
        active in 0u64..120,
        asked in prop::collection::vec((1u32..4, 0i64..90), 1..40),
        workers in 1usize..6,
    ) {
        let caps = Caps { per_request, per_hour, per_day, percent_of_active_users: percent, ..Caps::default() };
        let store = MemoryStore::new();
        let mut now = start();
        let mut granted = Vec::new();
        for group in asked.chunks(workers) {
            now += SignedDuration::from_mins(group[0].1);
            let at_once = group.iter().map(|(users, _)| reserve(&store, &caps, *users, active, now));
            let done = run(future::join_all(at_once));
            granted.extend(group.iter().zip(done).filter(|(_, done)| *done).map(|((users, _), _)| (now, *users)));
        }
        let sums = |format: &str| {
            let mut sums = std::collections::BTreeMap::<String, u32>::new();
            for (at, users) in &granted {
                *sums.entry(at.strftime(format).to_string()).or_default() += users;
            }
            sums
        };
        prop_assert!(granted.iter().all(|(_, users)| *users <= per_request));
        prop_assert!(sums("%Y-%m-%dT%H").values().all(|users| *users <= per_hour));
        let per_day = u64::from(per_day).min(percent_cap(percent, active));
        prop_assert!(sums("%Y-%m-%d").values().all(|users| u64::from(*users) <= per_day));
        let (hour, day) = run(usage(&store, now)).used();
        let counted = |format: &str| sums(format).get(&now.strftime(format).to_string()).copied().unwrap_or(0);
        prop_assert_eq!((hour, day), (counted("%Y-%m-%dT%H"), counted("%Y-%m-%d")));
    }
}
