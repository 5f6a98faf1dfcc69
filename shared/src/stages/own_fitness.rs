//! What is wrong with the monitor itself, told before every verdict of a scan.

use super::scan::Scan;
use super::sending::Sending;
use crate::self_test::{Check, State, frozen_account, judge_clock};

impl Scan<'_> {
    /// Looks at the clock, by the answers that came already, and at whether the own user is frozen. Where that cannot be had
    /// the scan goes on: it is useful, and what the scan reads does not rest on it.
    pub(super) async fn look_at_itself(&self, sending: &mut Sending) {
        heed(sending, judge_clock(self.salesforce.server_clock_skew()));
        match self.salesforce.is_own_user_frozen().await {
            Ok(true) => heed(sending, frozen_account()),
            Ok(false) => {}
            Err(error) => sending
                .scanned
                .unseen
                .push(format!("whether the scanner's own user is frozen cannot be seen: {error}")),
        }
    }
}

fn heed(sending: &mut Sending, check: Check) {
    let Check { check, state, seen, todo, .. } = check;
    let told = match state {
        State::Failed => &mut sending.scanned.blind,
        State::Warning => &mut sending.scanned.unseen,
        _ => return,
    };
    told.push(format!("the scanner's {check}: {seen}; {todo}"));
}
