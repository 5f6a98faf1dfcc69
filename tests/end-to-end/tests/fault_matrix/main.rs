//! The scan and the client's other readings under every switch and fault: no observation lost and none doubled, or a typed
//! error, and after a repetition nothing lost and nothing doubled.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]
#![allow(clippy::print_stdout, reason = "what tests print is searched for secrets")]

mod cases;
mod collected;
mod world;

use cases::{Case, Occasion};
use futures::{StreamExt, stream};
use world::World;

/// Cases that share a world; its sessions outlive so many.
const CASES_PER_WORLD: usize = 25;
/// Worlds at once: a case mostly waits before it asks again.
const WORLDS_AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn each_switch_in_both_positions() {
    all(Case::of_switches()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_at_the_first_a_middle_and_the_last_request() {
    let last = World::new().await.requests_of_a_scan().await;
    let mut cases = Case::of_faults(&[1, last / 2, last], Occasion::Once);
    cases.extend(Case::of_faults(&[last / 2], Occasion::Lasting));
    all(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make test-long"]
async fn each_fault_at_each_request() {
    let last = World::new().await.requests_of_a_scan().await;
    let places: Vec<u32> = (1..=last).collect();
    for occasion in [Occasion::Once, Occasion::Lasting] {
        all(Case::of_faults(&places, occasion)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: make test-long"]
async fn seeded_pairs_of_switches_and_of_faults() {
    all((0..cases::seeds()).map(Case::of_seed).collect()).await;
}

/// Tries every case, and fails with the names of those that do not hold.
async fn all(cases: Vec<Case>) {
    assert!(!cases.is_empty());
    let in_one_world = |cases: Vec<Case>| async move {
        let mut world = World::new().await;
        let mut broken = Vec::new();
        for case in cases {
            if let Err(reason) = world.holds(&case).await {
                broken.push(format!("{}: {reason}", case.name));
            }
        }
        broken
    };
    let worlds = cases.chunks(CASES_PER_WORLD).map(|cases| in_one_world(cases.to_vec()));
    let broken: Vec<String> =
        stream::iter(worlds).buffer_unordered(WORLDS_AT_ONCE).map(stream::iter).flatten().collect().await;
    assert!(broken.is_empty(), "{} of {} cases:\n{}", broken.len(), cases.len(), broken.join("\n"));
}
