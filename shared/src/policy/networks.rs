//! Networks that a policy names.

use ipnet::IpNet;

use super::Policy;
use super::faults::{Wrong, steps};
use super::tree::Step;

/// Every network that makes no sense.
pub(super) fn faults(policy: &Policy) -> Vec<Wrong> {
    let of_list = |(path, networks): (Vec<Step>, &[IpNet])| {
        let faults = networks.iter().enumerate().filter_map(|(at, network)| Some((at, fault(*network)?)));
        let wrong = faults.map(|(at, (problem, did_you_mean))| {
            let path = path.iter().cloned().chain([Step::Entry(at)]).collect();
            Wrong { path, problem, did_you_mean }
        });
        wrong.collect::<Vec<_>>()
    };
    lists(policy).into_iter().flat_map(of_list).collect()
}

/// A network of every address would make everybody trusted. One that is written as an address within it may be meant as the
/// network or as the address.
fn fault(network: IpNet) -> Option<(String, Option<String>)> {
    if network.prefix_len() == 0 {
        return Some((format!("{network} is every address: name the networks that are meant"), None));
    }
    let (whole, alone) = (network.trunc(), IpNet::from(network.addr()));
    (whole != network).then(|| {
        let problem =
            format!("{network} is an address within a network; for the address alone write {alone}");
        (problem, Some(whole.to_string()))
    })
}

/// Every list of networks, and where it stands.
fn lists(policy: &Policy) -> Vec<(Vec<Step>, &[IpNet])> {
    let of = |list: &str, at: usize| steps(&[list, &at.to_string(), "networks"]);
    let mut lists = vec![(steps(&["egress", "declared"]), policy.egress.declared.as_slice())];
    let programs = policy.integrations.iter().enumerate();
    lists.extend(programs.map(|(at, one)| (of("integrations", at), one.networks.as_slice())));
    let exemptions = policy.exemptions.iter().enumerate();
    lists.extend(exemptions.map(|(at, one)| (of("exemptions", at), one.networks.as_slice())));
    let pinned = ["detections", "integration-network", "parameters", "pinned"].map(Step::key);
    lists.extend(policy.detections.integration_network.parameters.pinned.iter().map(|(name, networks)| {
        let path = pinned.iter().cloned().chain([Step::key(name)]);
        (path.collect(), networks.as_slice())
    }));
    lists
}
