//! Many indicators against many rows: a trie of networks and an automaton of texts, so that the cost of a row does not
//! grow with the number of indicators.

use std::collections::HashMap;
use std::net::IpAddr;

use aho_corasick::{AhoCorasick, BuildError};
use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

use super::indicator::{Indicator, Observable};
use crate::observation::{Login, Source, UserId};

/// Indicators, ready to be held against rows. Names each by its place in the list it was made from.
#[derive(Debug)]
pub struct Matcher {
    networks: JointPrefixMap<IpNet, Vec<usize>>,
    agents: Texts,
    applications: Texts,
    users: HashMap<UserId, Vec<usize>>,
}

/// What a row shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What the client said it was.
    pub agents: [&'a str; 2],
    /// The application, which user agents are looked for in as well.
    pub application: &'a str,
    /// Whose.
    pub user: Option<&'a UserId>,
}

/// Texts to look for inside of others.
#[derive(Debug)]
struct Texts {
    automaton: AhoCorasick,
    indicators: Vec<usize>,
}

impl Matcher {
    /// Prepares indicators. `user_ids` has the user of each [`Observable::User`] in the org whose rows are matched; one
    /// that is not in it matches nothing.
    ///
    /// # Errors
    /// There are more texts than an automaton can hold.
    pub fn new(indicators: &[Indicator], user_ids: &HashMap<String, UserId>) -> Result<Self, BuildError> {
        let mut networks = JointPrefixMap::<IpNet, Vec<usize>>::new();
        let (mut agents, mut applications) = (Vec::new(), Vec::new());
        let mut users = HashMap::<UserId, Vec<usize>>::new();
        for (place, indicator) in indicators.iter().enumerate() {
            match &indicator.observable {
                Observable::Address(network) => networks.entry(*network).or_default().push(place),
                Observable::UserAgent(text) => agents.push((place, text.as_str())),
                Observable::Application(text) => applications.push((place, text.as_str())),
                Observable::User(text) => {
                    if let Some(user) = user_ids.get(text) {
                        users.entry(user.clone()).or_default().push(place);
                    }
                }
            }
        }
        Ok(Self { networks, agents: Texts::new(&agents)?, applications: Texts::new(&applications)?, users })
    }

    /// The places of the indicators that a row shows, in their order, each once; replaces what `found` held.
    pub fn find(&self, seen: &Seen<'_>, found: &mut Vec<usize>) {
        found.clear();
        if let Some(address) = seen.address {
            found.extend(self.networks.cover_values(&address.into()).flatten());
        }
        for text in seen.agents.into_iter().chain([seen.application]) {
            self.agents.find(text, found);
        }
        self.applications.find(seen.application, found);
        if let Some(places) = seen.user.and_then(|user| self.users.get(user)) {
            found.extend(places);
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Texts {
    fn new(texts: &[(usize, &str)]) -> Result<Self, BuildError> {
        let automaton =
            AhoCorasick::builder().ascii_case_insensitive(true).build(texts.iter().map(|(_, text)| text))?;
        Ok(Self { automaton, indicators: texts.iter().map(|(place, _)| *place).collect() })
    }

    fn find(&self, text: &str, found: &mut Vec<usize>) {
        if self.indicators.is_empty() || text.is_empty() {
            return;
        }
        let hits = self.automaton.find_overlapping_iter(text);
        found.extend(hits.filter_map(|hit| self.indicators.get(hit.pattern().as_usize())));
    }
}

impl<'a> Seen<'a> {
    /// What a login shows.
    pub fn in_login(login: &'a Login) -> Self {
        Self {
            address: login.source.address(),
            agents: [&login.client.browser, &login.client.platform],
            application: &login.application,
            user: login.user_id.as_ref(),
        }
    }

    /// An address alone.
    pub fn in_source(source: &Source) -> Self {
        Self { address: source.address(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::indicators::Provenance;

    fn indicators(observables: impl IntoIterator<Item = Result<Observable, String>>) -> Vec<Indicator> {
        let indicator =
            |seen: Result<Observable, String>| Indicator::new(seen.unwrap(), Provenance::CommandLine);
        observables.into_iter().map(indicator).collect()
    }

    fn found(matcher: &Matcher, seen: &Seen<'_>) -> Vec<usize> {
        let mut found = vec![99];
        matcher.find(seen, &mut found);
        found
    }

    #[test]
    fn a_row_shows_every_indicator_it_holds() {
        let list = indicators([
            Observable::address("198.51.0.0/16"),
            Observable::address("198.51.100.7"),
            Observable::address("2001:db8::/32"),
            Observable::user_agent("python"),
            Observable::user_agent("Python-Requests"),
            Observable::application("drift"),
            Observable::user("ada@acme.example"),
        ]);
        let ada = UserId::new("0055g00000AbCdEAAV");
        let matcher =
            Matcher::new(&list, &HashMap::from([("ada@acme.example".to_owned(), ada.clone())])).unwrap();
        let at = |address: &str| Seen { address: address.parse().ok(), ..Seen::default() };
        assert_eq!(found(&matcher, &at("198.51.100.7")), [0, 1]);
        assert_eq!(found(&matcher, &at("198.51.100.8")), [0]);
        assert_eq!(found(&matcher, &at("2001:db8:1::1")), [2]);
        assert_eq!(found(&matcher, &Seen { application: "Drift Email", ..Seen::default() }), [5]);
        assert_eq!(found(&matcher, &Seen { agents: ["PYTHON-requests/2", ""], ..Seen::default() }), [3, 4]);
        assert_eq!(
            found(&matcher, &Seen { user: Some(&ada), application: "python", ..Seen::default() }),
            [3, 6]
        );
        assert_eq!(found(&matcher, &Seen { agents: ["drift", ""], ..Seen::default() }), [0; 0]);
    }

    #[test]
    fn without_indicators_nothing_matches() {
        let matcher = Matcher::new(&[], &HashMap::new()).unwrap();
        assert_eq!(found(&matcher, &Seen { application: "x", ..Seen::default() }), [0; 0]);
    }

    /// 128 bits, of which IPv4 takes the last 32 of `::ffff:0:0/96`.
    fn bits(address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    /// Few different bits, so that networks hold one another and addresses hit them.
    fn near() -> impl Strategy<Value = IpAddr> {
        let four = any::<[u8; 4]>().prop_map(|[a, b, c, d]| [198 + a % 2, b % 2, c % 4, d].into());
        let six = any::<[u8; 3]>()
            .prop_map(|[a, b, c]| [0x2001, 0xdb8, (a % 2).into(), 0, 0, 0, (b % 4).into(), c.into()].into());
        prop_oneof![four, six]
    }

    proptest! {
        #[test]
        fn the_trie_finds_what_comparing_one_by_one_finds(
            networks in prop::collection::vec((near(), any::<u8>(), any::<bool>()), 0..60),
            seen in near(),
            is_mapped in any::<bool>(),
        ) {
            let written = |address: IpAddr, is_mapped| match address {
                IpAddr::V4(address) if is_mapped => address.to_ipv6_mapped().to_string(),
                address => address.to_string(),
            };
            // The length in 128 bits, at least one of them the address's own.
            let length = |address: IpAddr, any: u8| if address.is_ipv4() { 97 + any % 32 } else { 1 + any % 128 };
            let list = indicators(networks.iter().map(|(address, any, is_mapped)| {
                let taken = if address.is_ipv4() && !is_mapped { 96 } else { 0 };
                Observable::address(&format!("{}/{}", written(*address, *is_mapped), length(*address, *any) - taken))
            }));
            let holds = |(address, any, _): &(IpAddr, u8, bool)| {
                // IPv4 is no part of the IPv6 that is written without it.
                address.is_ipv4() == seen.is_ipv4()
                    && (bits(*address) ^ bits(seen)) >> (128 - length(*address, *any)) == 0
            };
            let expected: Vec<_> = networks.iter().enumerate().filter(|(_, net)| holds(net)).map(|(place, _)| place).collect();
            let matcher = Matcher::new(&list, &HashMap::new()).unwrap();
            let source = Source::from(written(seen, is_mapped));
            prop_assert_eq!(found(&matcher, &Seen::in_source(&source)), expected);
        }
    }
}
