//! `docs/quality.md`, written by the run that measured it.

use salesforce_simulator::BenignKind;
use session_warden::detection::Severity;

use crate::options::Options;
use crate::tally::Tally;
use crate::tally::wilson;
use crate::world::name_of_oddity;

use super::{machine, tables};

/// Who is protected, or on a journey.
const SPARED: [BenignKind; 5] = [
    BenignKind::ProtectedAdminAbroad,
    BenignKind::BusinessTraveller,
    BenignKind::VpnFromAbroad,
    BenignKind::Conference,
    BenignKind::FamilyVisit,
];

/// The page.
pub(super) fn of(tally: &Tally, options: &Options) -> String {
    let (seeds, days) = (options.seeds, options.days);
    let mut page = format!(
        "# Quality\n\n    make bench-quality\n\nwrote this page. It made {} worlds (seeds {} to {}), let {days} days of each be scanned and judged, and \
         held what was found against the truth. {}; {:.0} s in all, of which the engine took {:.0} s of one core.\n\n{METHOD}",
        tally.seeds.len(),
        seeds.first,
        seeds.last,
        machine::describe(),
        tally.seconds,
        tally.judged_seconds,
    );
    page.push_str(&aims(tally));
    let sections = [
        ("What is found", tables::recall(tally), FOUND),
        ("What is flagged though it is harmless", tables::benign(tally), FLAGGED),
        ("How many alarms that makes", tables::findings(tally), ALARMS),
        ("Beside simple rules", tables::others(tally), OTHERS),
    ];
    let section = |(heading, table, text): (&str, tables::Table, &str)| {
        format!("\n## {heading}\n\n{text}\n\n{}", table.markdown())
    };
    page.extend(sections.map(section));
    page.push_str(&wronged(tally));
    page
}

/// What was aimed at, held against what came of it.
fn aims(tally: &Tally) -> String {
    let (recall, benign) = (tally.all_recall(), tally.all_benign());
    let flagged = benign.by_severity.at_least(Severity::High);
    let wronged: usize = tally.contained_wrongly.values().sum();
    let names = SPARED.map(|kind| format!("{}:", name_of_oddity(kind)));
    let is_spared = |what: &str| names.iter().any(|name| what.starts_with(name.as_str()));
    let spared = tally.contained_wrongly.iter().filter(|(what, _)| is_spared(what));
    let spared: usize = spared.map(|(_, users)| users).sum();
    let verdict = |is_met: bool| if is_met { "met" } else { "NOT met" };
    format!(
        "\n## The aims\n\n\
         - At least 95 % of the accounts taken are seen at `high` or above: **{}**, {}.\n\
         - At most 0.1 % of benign logins stand in a finding of `high` or above: **{}**, {}.\n\
         - Nobody who is protected or travels is contained: **{}**, {spared} would be. Of all users whose account \
         nobody had taken {wronged} would be; the last section says who.\n\
         - Half of the accounts taken are seen at the attacker's first use: **{}**, {}.\n",
        verdict(recall.seen() * 100 >= recall.taken * 95),
        tables::percent(recall.seen(), recall.taken),
        verdict(flagged * 1_000 <= benign.logins),
        tables::share(flagged, benign.logins),
        verdict(spared == 0),
        verdict(recall.at_first() * 2 >= recall.taken),
        tables::percent(recall.at_first(), recall.taken),
    )
}

fn wronged(tally: &Tally) -> String {
    let users: usize = tally.contained_wrongly.values().sum();
    let each = tally.contained_wrongly.iter().map(|(what, users)| format!("- {users}: {what}\n"));
    let each: Vec<_> = each.collect();
    format!(
        "\n## Whom it would contain wrongly\n\nWith `mode: contain` and otherwise the policy people start from, the account for \
         emergencies declared: **{users}** users whose account nobody had taken.\n\n{}",
        each.concat()
    )
}

/// Wilson's 95 % interval, in percent.
pub(super) fn interval(hits: usize, of: usize) -> String {
    let (least, most) = wilson(hits, of);
    format!("{:.1} to {:.1} %", least * 100.0, most * 100.0)
}

const METHOD: &str = "\
Each world is an org of 100 to 450 people and eight vendors' machines with two to four months of history, which only \
teaches. In the judged weeks people go on living: they travel, move, mistype, change shifts and telephones, carry sessions into \
the VPN and onto hotspots; odd and harmless things happen (the second table), and fourteen kinds of attack are made, one of each, with networks, \
numbers and durations drawn anew: from Tor, hosting, commercial VPNs, homes abroad, and homes in the victims' own cities.

Rows are read by the real client over HTTP and judged by the real engine and policy as a scan each minute would have seen them: a login at the next full minute, \
a session when it begins and again when its address changes, a token's use at the next look of every fifteen minutes, an account's end within a day. Nothing is \
contained on the way: attackers and owners go on.

The worlds are simulated, and the simulator's authors are the detections' authors. Seeds below 100 serve for tuning; those on this page served for nothing else.
";

const FOUND: &str = "\
Each row counts the accounts that an attacker got into. One is *seen* when a finding of at least `high` is about its user and rests on the attacker's own \
login or session there, *at first use* when the scan that first could see the attacker's first success already told it. The delay runs from that success.

*Contained* are those for which such a finding asks for containment, by the policy of the last section. Where one kind of evidence alone speaks, as of a stolen session or \
a vishing call, people are asked instead, and so they are about programs, whose tokens four of these attacks use: this policy opts none in.";

const FLAGGED: &str = "\
A login counts where it, or a session of its owner's that it began, stands in a finding of at least that severity. The login that began a stolen session does not, nor does an owner's own from a known network in a journey that a thief made impossible: the finding tells of it and does not rest on it. The last column counts those in findings that are about a real attack, such as \
an owner's own login beside the thief's: they are in the share all the same.";

const ALARMS: &str = "A finding is about an attack where any row in it is the attacker's, or its user or network is under attack.";

const OTHERS: &str = "\
The same logins in the same order. These see logins alone, neither sessions nor tokens nor verifications, and an account counts as found where they flag any row of the attack on it, failures \
too. Freeman's score is that of Freeman et al. (NDSS 2016) with the features, weights and smoothing of Wiefling et al. (2021), the network standing for the provider; \
its threshold is set on these logins themselves, where it flags as large a share of the benign ones as Session Warden does. Sentinel's rules are the three of \
its Salesforce Service Cloud solution.";
