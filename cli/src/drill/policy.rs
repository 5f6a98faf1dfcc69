//! The policy of the drill: contain what is found, and leave the protected alone.

use anyhow::Context;
use salesforce_simulator::Simulator;
use session_warden::policy::{Integration, IntegrationConsent, Mode, Policy};

use crate::workplace::Rules;

/// The policy people start from, with containment switched on, the org's break-glass account declared, and the
/// integrations opted in, of which one will be attacked.
pub(crate) fn rules(simulator: &Simulator) -> anyhow::Result<Rules> {
    let org = simulator.org();
    let break_glass = org.break_glass().context("The simulated org has no break-glass account")?;
    let integrations = org
        .users()
        .iter()
        .filter(|user| org.permissions_of(&user.id).contains(salesforce_simulator::Permission::ApiUserOnly));
    let policy = Policy {
        mode: Mode::Contain,
        integrations: integrations
            .map(|user| Integration {
                user: user.username.clone(),
                contain: IntegrationConsent::Allowed,
                networks: Vec::new(),
            })
            .collect(),
        protected: session_warden::policy::Protected {
            users: Vec::new(),
            break_glass: vec![break_glass.username.clone()],
        },
        ..Policy::default()
    };
    Ok(Rules::under(policy))
}
