//! What the drill in a real org is found by: a login as the canary, which nobody makes but for a drill.

use jiff::Timestamp;
use session_warden::detection::{About, Confidence, Detection, Family, Hit, Sensor, Severity, Shown, View};
use session_warden::observation::{Login, UserId};
use session_warden::policy::Mode;

use crate::workplace::Rules;

static ABOUT: About = About {
    id: "drill-canary",
    row: "drill",
    title: "The canary of a drill logged in",
    why: "The account is there for drills alone.",
    severity: Severity::Critical,
    confidence: Confidence::High,
    family: Family::Lifecycle,
    shown: Shown::SUCCESS,
    mitre: &[],
    needs: &[Sensor::Logins],
    parameters: &[],
    quiet: &["Logins before the drill began."],
};

struct CanaryLogin {
    canary: UserId,
    since: Timestamp,
}

impl Detection for CanaryLogin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn on_login(&self, _view: &View<'_>, login: &Login) -> Option<Hit> {
        let is_canary = login.user_id.as_ref() == Some(&self.canary);
        let is_drill = is_canary && login.time >= self.since;
        is_drill.then(|| {
            Hit::on_login(&ABOUT, ABOUT.severity, login).because(
                "The canary that the policy names for drills logged in while one was under way.".to_owned(),
                "Nobody uses the account for anything else.".to_owned(),
                "A login before the drill began would not have counted.",
            )
        })
    }
}

/// The same rules, by which a login of the canary since then is contained too, in any mode but that of the level. Of everybody else
/// they say what they said.
pub(super) fn also_found(mut rules: Rules, canary: UserId, since: Timestamp) -> Rules {
    rules.policy.own_rules.modes.insert(ABOUT.id.to_owned(), Mode::Contain);
    rules.detections.push(Box::new(CanaryLogin { canary, since }));
    rules
}
