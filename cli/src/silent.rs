//! Detections that cannot speak, because nothing that was given has what they look at.

use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::Sensor;
use session_warden::history_file::History;
use session_warden::policy::PackKind;
use session_warden::report::DetectionOff;

use crate::workplace::Rules;

/// A pack that is declared and decides nothing is another matter than none.
fn without_pack(sensor: Sensor, rules: &Rules) -> &'static str {
    let has = |kind| match sensor {
        Sensor::Providers => matches!(kind, PackKind::Networks | PackKind::Mmdb),
        Sensor::Anonymisers => matches!(kind, PackKind::Tor | PackKind::Vpn | PackKind::Mmdb),
        _ => kind == PackKind::Indicators,
    };
    if rules.policy.packs.iter().any(|pack| has(pack.kind)) {
        "no data pack that the policy declares can be used for it: not there, unreadable or not believed at that time (docs/packs.md)"
    } else {
        "the policy declares no such data pack (docs/packs.md)"
    }
}

/// Which detections are off where a period of a history, and beside it only `beside`, is judged.
pub(crate) fn detections_off(
    history: &History,
    period: Option<(Timestamp, Timestamp)>,
    beside: &[Sensor],
    rules: &Rules,
) -> Vec<DetectionOff> {
    let now = SystemClock.now();
    let period = period.unwrap_or((now, now));
    let missing = |sensor: Sensor| match sensor {
        Sensor::Tokens => Some("the use of tokens is seen between two looks, and a file is one"),
        Sensor::Sessions if !beside.contains(&sensor) => Some("no --sessions file was given"),
        Sensor::Verifications if !beside.contains(&sensor) => Some("no --verifications file was given"),
        // The logins themselves name their users; what else an account is comes with --users.
        Sensor::Accounts if !beside.contains(&sensor) => Some("no --users file was given"),
        Sensor::Logins | Sensor::Sessions | Sensor::Verifications | Sensor::Accounts => None,
        Sensor::Providers | Sensor::Anonymisers | Sensor::Indicators => {
            (!rules.packs.supplies_in(sensor, period)).then(|| without_pack(sensor, rules))
        }
        Sensor::Relay => Some("Salesforce's own alarms arrive by Event Relay, in AWS (docs/deploy.md)"),
        Sensor::Places => {
            let has = |column| !history.columns_missing.contains(&column);
            (!has("Country Code") && !has("Location") && !has("Latitude"))
                .then_some("the file has neither a country nor coordinates")
        }
    };
    let off = rules.detections.iter().map(|detection| detection.about()).filter_map(|card| {
        let reason = card.needs.iter().find_map(|sensor| missing(*sensor))?;
        Some(DetectionOff { id: card.id.to_owned(), reason: reason.to_owned() })
    });
    off.collect()
}
