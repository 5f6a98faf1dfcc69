//! Every detection: its module, its type and its id. This list is the only one; the policy's section, the cards and the
//! cases that each detection is tried by are made from it.

use super::{About, Detection, Family};
use crate::policy::{Mode, Policy};

macro_rules! with_catalogue {
    ($callback:ident) => {
        $callback! {
            password_spray: PasswordSpray = "password-spray",
            linked_spray: LinkedSpray = "linked-spray",
            spray_success: SpraySuccess = "spray-success",
            brute_force: BruteForce = "brute-force",
            brute_force_success: BruteForceSuccess = "brute-force-success",
            distributed_brute_force: DistributedBruteForce = "distributed-brute-force",
            client_rotation: ClientRotation = "client-rotation",
            failed_from_new_country: FailedFromNewCountry = "failed-from-new-country",
            lockout_wave: LockoutWave = "lockout-wave",
            closed_account: ClosedAccount = "closed-account",
            interleaved_failure: InterleavedFailure = "interleaved-failure",
            failing_machine: FailingMachine = "failing-machine",
            impossible_travel: ImpossibleTravel = "impossible-travel",
            new_country: NewCountry = "new-country",
            newcomer_elsewhere: NewcomerElsewhere = "newcomer-elsewhere",
            integration_network: IntegrationNetwork = "integration-network",
            new_network: NewNetwork = "new-network",
            crowded_network: CrowdedNetwork = "crowded-network",
            hostile_network: HostileNetwork = "hostile-network",
            anonymous_network: AnonymousNetwork = "anonymous-network",
            hosting_login: HostingLogin = "hosting-login",
            new_provider: NewProvider = "new-provider",
            listed_indicator: ListedIndicator = "listed-indicator",
            expired_indicator: ExpiredIndicator = "expired-indicator",
            new_client: NewClient = "new-client",
            many_clients: ManyClients = "many-clients",
            scripted_client: ScriptedClient = "scripted-client",
            shared_fingerprint: SharedFingerprint = "shared-fingerprint",
            tls_change: TlsChange = "tls-change",
            impossible_client: ImpossibleClient = "impossible-client",
            new_application: NewApplication = "new-application",
            first_application: FirstApplication = "first-application",
            lookalike_application: LookalikeApplication = "lookalike-application",
            token_surge: TokenSurge = "token-surge",
            token_without_login: TokenWithoutLogin = "token-without-login",
            leavers_token: LeaversToken = "leavers-token",
            sso_bypass: SsoBypass = "sso-bypass",
            new_identity_provider: NewIdentityProvider = "new-identity-provider",
            single_factor_admin: SingleFactorAdmin = "single-factor-admin",
            factor_registered: FactorRegistered = "factor-registered",
            password_changed: PasswordChanged = "password-changed",
            mfa_fatigue: MfaFatigue = "mfa-fatigue",
            code_guessing: CodeGuessing = "code-guessing",
            authenticator_country: AuthenticatorCountry = "authenticator-country",
            new_grant: NewGrant = "new-grant",
            role_break: RoleBreak = "role-break",
            dormant_account: DormantAccount = "dormant-account",
            leavers_session: LeaversSession = "leavers-session",
            unusual_hour: UnusualHour = "unusual-hour",
            volume_spike: VolumeSpike = "volume-spike",
            metronome: Metronome = "metronome",
            session_address: SessionAddress = "session-address",
            live_session_travel: LiveSessionTravel = "live-session-travel",
            simultaneous_sessions: SimultaneousSessions = "simultaneous-sessions",
            survived_reset: SurvivedReset = "survived-reset",
            child_session: ChildSession = "child-session",
            orphan_session: OrphanSession = "orphan-session",
            long_session: LongSession = "long-session",
            new_session_type: NewSessionType = "new-session-type",
            crowded_sessions: CrowdedSessions = "crowded-sessions",
            substituted_session: SubstitutedSession = "substituted-session",
            weak_admin_session: WeakAdminSession = "weak-admin-session",
            platform_threat: PlatformThreat = "platform-threat",
            unlikely_login: UnlikelyLogin = "unlikely-login",
        }
    };
}
pub(crate) use with_catalogue;

macro_rules! cards {
    ($($module:ident: $detection:ident = $id:literal,)*) => {
        /// The card of every detection, in the order of the catalogue.
        static CARDS: &[&About] = &[$(&super::detections::$module::ABOUT,)*];

        /// The detections that run under a policy, in the order of the catalogue.
        pub fn catalogue(policy: &Policy) -> Vec<Box<dyn Detection>> {
            let rules = &policy.detections;
            let all: Vec<Box<dyn Detection>> = vec![
                $(Box::new(super::detections::$module::$detection(rules.$module.parameters.clone())),)*
            ];
            all.into_iter().filter(|detection| policy.mode_of(detection.about().id) != Mode::Off).collect()
        }

        /// Each detection's three cases: it fires, nearly fires, and is kept quiet.
        #[cfg(test)]
        fn cases() -> Vec<(&'static str, [fn() -> Option<super::Severity>; 3])> {
            use super::detections as of;
            vec![$((
                $id,
                [of::$module::cases::fires, of::$module::cases::near_miss, of::$module::cases::quiet],
            ),)*]
        }
    };
}
with_catalogue!(cards);

/// How the id of an organisation's own rule begins; no detection's does.
pub const OWN_RULE: &str = "rule-";

/// The card of every detection, in the order of the catalogue.
pub fn cards() -> &'static [&'static About] {
    CARDS
}

/// The card of a detection; `None` for one that is no longer in the catalogue.
pub fn card(id: &str) -> Option<&'static About> {
    CARDS.iter().find(|card| card.id == id).copied()
}

/// The family of a detection.
pub(super) fn family_of(id: &str) -> Option<Family> {
    card(id).map(|card| card.family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::detections::world::declaring;
    use crate::detection::{Confidence, Severity};

    #[test]
    fn each_detection_fires_where_it_should_and_is_quiet_where_it_should() {
        for (id, [fires, near_miss, quiet]) in cases() {
            let card = card(id).unwrap();
            let loudest = fires();
            assert!(loudest.is_some(), "{id} does not fire");
            assert!(loudest <= Some(card.severity), "{id} is {loudest:?}, above what its card says");
            assert_eq!(near_miss(), None, "{id} fires at a near miss");
            assert!(quiet() < loudest, "{id} is not kept quiet");
        }
    }

    #[test]
    fn declared_egress_keeps_quiet_what_learned_egress_does() {
        let asks_whether_shared = [
            "password-spray",
            "spray-success",
            "impossible-travel",
            "authenticator-country",
            "factor-registered",
            "session-address",
            "live-session-travel",
            "simultaneous-sessions",
            "survived-reset",
            "child-session",
            "orphan-session",
            "crowded-sessions",
        ];
        for id in asks_whether_shared {
            let (_, [fires, ..]) = cases().into_iter().find(|(case, _)| *case == id).unwrap();
            let declared = [
                "198.19.0.0/16, 203.0.113.0/24",
                "198.19.200.8/30, 203.0.113.9/32, 198.19.120.1/32, 198.19.60.1/32",
            ];
            for networks in declared {
                assert_eq!(declaring(networks, fires), None, "{id} where {networks} is declared");
            }
        }
    }

    #[test]
    fn cards_are_complete() {
        let policy = serde_json::to_value(Policy::default().detections).unwrap();
        for card in cards() {
            assert!(!card.id.starts_with(OWN_RULE), "{}", card.id);
            for text in [card.id, card.row, card.title, card.why] {
                assert!(!text.is_empty(), "{}", card.id);
            }
            assert!(
                !card.mitre.is_empty() && !card.needs.is_empty() && !card.quiet.is_empty(),
                "{}",
                card.id
            );
            let meant: Vec<_> = card.parameters.iter().map(|(name, _)| (*name).to_owned()).collect();
            let mut written: Vec<_> =
                policy[card.id]["parameters"].as_object().unwrap().keys().cloned().collect();
            let mut sorted = meant.clone();
            sorted.sort();
            written.sort();
            assert_eq!(sorted, written, "{}", card.id);
        }
    }

    #[test]
    fn further_detections_of_one_family_add_little() {
        let of = |family: Family, severity: Severity| {
            let mut ids = CARDS.iter().filter(move |card| card.family == family).map(|card| card.id);
            let (first, second) = (ids.next().unwrap(), ids.next().unwrap());
            [(first, severity), (second, severity)]
        };
        let [one, two] = of(Family::Credential, Severity::Medium);
        assert_eq!(Severity::joined([one, two]), Severity::Medium);
        let [other, _] = of(Family::Assurance, Severity::Medium);
        assert_eq!(Severity::joined([one, other]), Severity::High);
        assert_eq!(Severity::joined([two, one, other]), Severity::joined([one, other, two]));
        let whole = ("unlikely-login", Severity::Medium);
        assert_eq!(Severity::joined([whole, one]), Severity::Medium, "it adds to nothing");
        assert_eq!(Severity::joined([whole]), Severity::Medium);
        assert_eq!(
            Severity::joined([("gone", Severity::Medium), ("other", Severity::Medium)]),
            Severity::High
        );
    }

    #[test]
    fn a_conclusive_detection_is_a_grave_one() {
        for card in cards().iter().filter(|card| card.confidence == Confidence::High) {
            assert!(card.severity >= Severity::High || card.severity <= Severity::Low, "{}", card.id);
        }
    }
}
