//! Attacks as they vary: where from, how long, how many.

use salesforce_simulator::{
    Attack, BruteForce, CampaignKind, CredentialStuffing, DormantAccount, InterceptedSso, LeaversToken,
    NetworkKind, PasswordSpray, PhishedSso, QueryBurst, SessionTheft, SlowSpray, StolenIntegration,
    StolenRefreshToken, TrustedApp, Vishing,
};

use super::dice::Dice;

const NETWORKS: [NetworkKind; 5] = [
    NetworkKind::TorExit,
    NetworkKind::Vpn,
    NetworkKind::Hosting,
    NetworkKind::ResidentialProxy,
    NetworkKind::NearbyProxy,
];

/// An attack of this kind on an org with so many users.
pub(super) fn varied(kind: CampaignKind, dice: &mut Dice, users: usize) -> Box<dyn Attack> {
    let network = NETWORKS[dice.below(NETWORKS.len())];
    let tried = |dice: &mut Dice| (users / 12 + dice.below(users / 12)).clamp(8, 60);
    match kind {
        CampaignKind::BruteForce => {
            Box::new(BruteForce { guesses: Some(dice.from(6, 20)), minutes: dice.from(3, 14) })
        }
        CampaignKind::StolenRefreshToken => {
            Box::new(StolenRefreshToken { uses: dice.from(1, 4), minutes: dice.from(5, 60), network })
        }
        CampaignKind::PhishedSso => {
            Box::new(PhishedSso { registered_before: dice.from(1, 20), rows: 1 + dice.below(3) })
        }
        CampaignKind::Vishing => Box::new(vishing(dice, network)),
        CampaignKind::StolenIntegration => Box::new(StolenIntegration {
            recon_hours: dice.from(12, 110),
            export_network: network,
            ..StolenIntegration::default()
        }),
        CampaignKind::TrustedApp => Box::new(TrustedApp {
            recon_days: dice.from(8, 24),
            days_between: dice.from(2, 4),
            ..TrustedApp::default()
        }),
        CampaignKind::QueryBurst => {
            Box::new(QueryBurst { recon_hours: dice.from(2, 40), network, ..QueryBurst::default() })
        }
        CampaignKind::InterceptedSso => Box::new(intercepted(dice, network)),
        CampaignKind::PasswordSpray => Box::new(PasswordSpray {
            users: tried(dice),
            passwords: 1 + dice.below(4),
            minutes: dice.from(8, 180),
            hits: 1 + dice.below(2),
            network,
        }),
        CampaignKind::SlowSpray => Box::new(SlowSpray {
            users: tried(dice),
            passwords: 1 + dice.below(3),
            days: dice.from(3, 9),
            sources: 8 + dice.below(30),
            network,
        }),
        CampaignKind::CredentialStuffing => Box::new(CredentialStuffing {
            users: tried(dice),
            minutes: dice.from(5, 120),
            hits: 1 + dice.below(3),
            sources: 1 + dice.below(6),
            network,
            ..CredentialStuffing::default()
        }),
        CampaignKind::SessionTheft => Box::new(SessionTheft { network, rows: 1 + dice.below(3) }),
        CampaignKind::DormantAccount => {
            Box::new(DormantAccount { idle_days: dice.from(60, 400), guesses: dice.from(0, 4), network })
        }
        CampaignKind::LeaversToken => {
            let network = [NetworkKind::Mobile, network][dice.below(2)];
            Box::new(LeaversToken { days: dice.from(1, 5), uses: dice.from(1, 3), network })
        }
    }
}

fn vishing(dice: &mut Dice, network: NetworkKind) -> Vishing {
    const APPS: [&str; 4] = ["My Ticket Portal", "Data Loader v64", "dataIoader.io", "Support Assist"];
    let app = APPS[dice.below(APPS.len())];
    Vishing { app, minutes: dice.from(15, 100), refreshes: dice.from(1, 6), network }
}

fn intercepted(dice: &mut Dice, network: NetworkKind) -> InterceptedSso {
    let proxy = [NetworkKind::Hosting, NetworkKind::Vpn, NetworkKind::NearbyProxy][dice.below(3)];
    InterceptedSso {
        proxy,
        carried_to: network,
        carried_after: dice.from(20, 400),
        registered_after: dice.from(8, 40),
        ..InterceptedSso::default()
    }
}
