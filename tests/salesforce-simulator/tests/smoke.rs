//! An org as large as real ones are asked for, through the network.

mod support;

use salesforce_simulator::{CampaignKind, Seed, Simulator, generate};

#[tokio::test]
async fn a_full_org_can_be_read() {
    let began = std::time::Instant::now();
    let org = generate(&Seed::default());
    println!("{} logins, {} sessions, {} tokens in {:?}", org.logins().len(), org.sessions().len(), org.tokens().len(), began.elapsed());
    let simulator = Simulator::start(org).await.unwrap();
    let api = support::log_in(&simulator, "scanner").await;
    let began = std::time::Instant::now();
    let logins = api.records("SELECT Id, UserId, LoginTime, Status, SourceIp, LoginGeo.City, LoginGeo.Latitude FROM LoginHistory ORDER BY LoginTime, Id").await;
    println!("read {} in {:?}", logins.len(), began.elapsed());
    assert_eq!(logins.len(), simulator.org().logins().len());
    for kind in CampaignKind::ALL {
        let campaign = simulator.org().launch(kind, support::now());
        assert!(simulator.org().attempt(&campaign.loot).gets_in(), "{kind:?}");
    }
    simulator.finish().unwrap();
}
