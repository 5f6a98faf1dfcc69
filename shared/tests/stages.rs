//! The scan and the evaluation against a simulated org.

mod org_under_watch;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use org_under_watch::Watched;
use salesforce_simulator::{BenignKind, CampaignKind};
use session_warden::detection::{Severity, SubjectKind};

#[tokio::test]
async fn three_campaigns_are_found_and_nobody_else() {
    let mut watched = Watched::after_learning().await;
    let now = watched.now();
    let campaigns: Vec<_> = CampaignKind::ALL.map(|kind| watched.simulator.org().launch(kind, now)).into();
    for kind in BenignKind::ALL {
        watched.simulator.org().live_benign(kind, now);
    }
    watched.pass(SignedDuration::from_secs(20));
    watched.round().await;
    let hostile: BTreeSet<_> = campaigns.iter().map(|c| c.user_id.to_string()).collect();
    let high = watched.findings.values().filter(|f| f.severity >= Severity::High);
    let found: BTreeSet<_> = high.filter_map(|f| f.user_id.as_ref().map(ToString::to_string)).collect();
    let break_glass = watched.simulator.org().break_glass().unwrap().id.to_string();
    assert_eq!(found.difference(&hostile).collect::<Vec<_>>(), [&break_glass]);
    assert!(hostile.is_subset(&found), "{hostile:?} {found:?}");
    assert!(
        watched.findings.values().all(|f| f.subject.kind == SubjectKind::User),
        "own identities are no news"
    );
    assert!(watched.simulator.org().take_writes().is_empty(), "a scan changes nothing");
}
