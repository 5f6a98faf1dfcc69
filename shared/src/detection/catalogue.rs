//! Every detection, as the policy has set it up.

use super::Detection;
use super::detections::{
    brute_force_success::BruteForceSuccess, factor_registered::FactorRegistered,
    impossible_travel::ImpossibleTravel, integration_network::IntegrationNetwork,
    new_application::NewApplication, session_address::SessionAddress, sso_bypass::SsoBypass,
};
use crate::policy::{Mode, Policy};

/// The detections that run under a policy, in the order of the catalogue.
pub fn catalogue(policy: &Policy) -> Vec<Box<dyn Detection>> {
    let rules = &policy.detections;
    let all: Vec<Box<dyn Detection>> = vec![
        Box::new(BruteForceSuccess(rules.brute_force_success.parameters.clone())),
        Box::new(ImpossibleTravel(rules.impossible_travel.parameters.clone())),
        Box::new(IntegrationNetwork(rules.integration_network.parameters.clone())),
        Box::new(NewApplication(rules.new_application.parameters.clone())),
        Box::new(SsoBypass(rules.sso_bypass.parameters.clone())),
        Box::new(FactorRegistered(rules.factor_registered.parameters.clone())),
        Box::new(SessionAddress(rules.session_address.parameters.clone())),
    ];
    all.into_iter().filter(|detection| policy.mode_of(detection.about().id) != Mode::Off).collect()
}
