//! Session settings below Salesforce's own baseline.

use crate::posture::check::{Examined, PostureCheck};
use crate::posture::facts::Facts;
use crate::salesforce::Standard;

pub(super) const CHECK: PostureCheck = PostureCheck {
    id: "session-settings",
    title: "Session settings below Salesforce's baseline",
    why: "long sessions that are not locked to an address are what stolen cookies live on",
    fix: "correct them in Setup > Session Settings; Setup > Health Check shows each beside its baseline",
    judge,
};

fn judge(facts: &Facts, examined: &mut Examined) -> Option<()> {
    let settings = examined.need(&facts.settings)?.iter().filter(|setting| setting.is_of("SessionSettings"));
    for setting in settings {
        examined.looked_at += 1;
        if setting.standard == Standard::Missed {
            let (org, standard) = (&setting.org_value, &setting.standard_value);
            examined.find(&setting.name, format!("is {org:?}; the baseline is {standard:?}"));
        }
    }
    if examined.looked_at == 0 {
        examined.unreadable.push("SecurityHealthCheckRisks: shows no session setting".to_owned());
    }
    Some(())
}
