//! Reading again until nothing is left, and saying so only when the reading could see.

use std::time::Duration;

use serde_json::json;

use super::act::{Actor, Answers};
use super::journal::Journal;
use super::snapshot::enter_sighting;
use super::{Freezing, Holdings, Outcome, Plan, Resetting, StepKind, StepResult, Survivor, Target};
use crate::evidence::EntryKind;
use crate::policy::FreezeMode;
use crate::salesforce::Sight;
use crate::store::StoreError;

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pauses {
    /// Before the second re-read; it doubles with each further one, up to sixteen times. The first waits for nothing.
    pub reread: Duration,
    /// Between two looks at whether another worker has finished with the user.
    pub turn: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { reread: Duration::from_millis(250), turn: Duration::from_millis(100) }
    }
}

impl Pauses {
    async fn before_reread(self, round: u32) {
        if round > 1 {
            tokio::time::sleep(self.reread.saturating_mul(1 << (round - 2).min(4))).await;
        }
    }
}

/// What acting and reading again came to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// As the re-read says.
    Ended(Outcome),
    /// The kill switch was thrown before or between the acts.
    Stopped(String),
}

/// What comes after a re-read.
#[derive(Clone, Copy)]
enum Then<'p> {
    /// The acts on what is left.
    Act(&'p Plan),
    /// Nothing is left, and the user is let in again.
    Thaw,
    /// Nothing.
    End,
}

/// What a re-read showed.
pub(super) enum Sighting {
    /// Something is left, or nothing.
    Seen(Box<Holdings>),
    /// It proves nothing.
    Unseen(String),
}

impl Actor<'_> {
    /// Carries out the plan, which the journal's record has begun, reads again, and acts on what is left, as often as
    /// the policy says. What a re-read shows for the first time belongs to it too.
    pub(crate) async fn end_access(
        &mut self,
        first: Plan,
        journal: &mut Journal<'_>,
    ) -> Result<Verdict, StoreError> {
        let (mut plan, mut answers) = (first, Answers::default());
        let attempts = self.policy.attempts.max(1);
        let mut round = 0;
        loop {
            round += 1;
            if let Some(reason) = self.carry_out(&plan, journal, &mut answers).await? {
                return Ok(Verdict::Stopped(reason));
            }
            self.pauses.before_reread(round).await;
            let sighting = self.look().await;
            if let Sighting::Seen(holdings) = &sighting {
                self.reach.learn(holdings);
                journal.record.reach = Some(self.reach.kept_in_record());
            }
            let next = self.remaining(&sighting);
            let is_over = round >= attempts || next.is_empty() && matches!(sighting, Sighting::Seen(_));
            let outcome = self.judge(&sighting, &next, &answers, journal);
            let then = match (is_over, &outcome) {
                (false, _) => Then::Act(&next),
                (true, Outcome::Contained) if self.lets_in_again(journal) => Then::Thaw,
                (true, _) => Then::End,
            };
            self.record_sighting(&sighting, then, journal).await?;
            match then {
                Then::Act(_) => plan = next,
                Then::Thaw => return Ok(Verdict::Ended(self.thaw(journal).await?)),
                Then::End => return Ok(Verdict::Ended(outcome)),
            }
        }
    }

    /// Whether a re-read that can see shows nothing to act on.
    pub(crate) async fn sees_nothing_left(&self) -> bool {
        match self.look().await {
            Sighting::Seen(holdings) => {
                let freeze = match self.policy.freeze {
                    FreezeMode::UntilVerified => FreezeMode::Never,
                    mode => mode,
                };
                Plan::left(&holdings, &self.reach, freeze, self.salesforce.server_now()).is_empty()
            }
            Sighting::Unseen(_) => false,
        }
    }

    pub(super) async fn look(&self) -> Sighting {
        let readings = async {
            tokio::join!(
                Box::pin(self.salesforce.visibility()),
                Box::pin(Holdings::read(self.salesforce, &self.reach, self.token_key, None)),
            )
        };
        let (visibility, holdings) = self.salesforce.together(readings).await;
        let visibility = match visibility {
            Ok(visibility) => visibility,
            Err(error) => return Sighting::Unseen(error.to_string()),
        };
        for (_, ability) in self.reach.target.senses() {
            match visibility.of(*ability) {
                Sight::Seeing => {}
                Sight::Blind { missing } => {
                    return Sighting::Unseen(format!("{ability}: the acting identity lacks {missing}"));
                }
                Sight::Off => return Sighting::Unseen(format!("{ability} are not looked at")),
            }
        }
        match holdings.unread().first() {
            None => Sighting::Seen(Box::new(holdings)),
            Some(unread) => Sighting::Unseen(unread.clone()),
        }
    }

    /// What to act on next; after a re-read that proves nothing there is nothing to aim at but the next re-read.
    fn remaining(&self, sighting: &Sighting) -> Plan {
        match sighting {
            Sighting::Seen(holdings) => {
                let now = self.salesforce.server_now();
                Plan::left(holdings, &self.reach, self.policy.freeze, now)
            }
            Sighting::Unseen(_) => Plan::nothing(),
        }
    }

    fn judge(
        &self,
        sighting: &Sighting,
        left: &Plan,
        answers: &Answers,
        journal: &mut Journal<'_>,
    ) -> Outcome {
        let survivors = survivors(left, answers);
        let count = survivors.len();
        journal.leave(survivors);
        match (sighting, count) {
            (Sighting::Unseen(reason), _) => {
                Outcome::NotContained { reason: format!("the re-read could not see: {reason}") }
            }
            (Sighting::Seen(_), 0) => match self.reach.unknown_sessions() {
                None => self.success(),
                Some(reason) => Outcome::NotContained { reason },
            },
            (Sighting::Seen(_), count) => {
                Outcome::NotContained { reason: format!("the last re-read found {} left", things(count)) }
            }
        }
    }

    /// What it is called when nothing is left: no more than what was ended.
    fn success(&self) -> Outcome {
        match (&self.reach.target, self.policy.freeze) {
            (Target::Session { .. }, _) => Outcome::SessionEnded,
            (Target::User { .. }, FreezeMode::Hold | FreezeMode::UntilVerified) => Outcome::Contained,
            (Target::User { .. }, FreezeMode::Never) | (Target::App { .. } | Target::Org, _) => {
                Outcome::AccessEnded
            }
        }
    }

    /// Only what we froze.
    fn lets_in_again(&self, journal: &Journal<'_>) -> bool {
        self.policy.freeze == FreezeMode::UntilVerified && journal.record.freezes()
    }

    async fn record_sighting(
        &self,
        sighting: &Sighting,
        then: Then<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<(), StoreError> {
        let now = journal.now();
        journal.record.end_step(result_of(sighting), now);
        match then {
            Then::Act(next) => journal.expect(next),
            Then::Thaw => journal.record.expect(&[(StepKind::Thaw, 1)], now),
            Then::End => {}
        }
        match sighting {
            Sighting::Seen(holdings) => enter_sighting(holdings, journal).await,
            Sighting::Unseen(reason) => {
                journal.enter(EntryKind::Reread, &json!({ "could_not_see": reason }), Vec::new()).await
            }
        }
    }
}

fn result_of(sighting: &Sighting) -> StepResult {
    match sighting {
        Sighting::Seen(_) => StepResult::Done,
        Sighting::Unseen(reason) => StepResult::Failed { reason: reason.clone() },
    }
}

fn survivors(left: &Plan, answers: &Answers) -> Vec<Survivor> {
    let unfrozen = (left.freeze != Freezing::NotWanted)
        .then(|| Survivor::Unfrozen { reason: reason(answers.freeze.as_ref(), "frozen") });
    let tokens = left.tokens.iter().flatten().map(|found| Survivor::Token {
        key: found.token.key.clone(),
        app_name: found.token.app_name.clone(),
        reason: reason(answers.tokens.get(&found.token.key), "revoked"),
    });
    let sessions = left.sessions.iter().flatten().map(|session| Survivor::Session {
        id: session.id.clone(),
        reason: reason(answers.sessions.get(&session.id), "deleted"),
    });
    let password = (left.password == Resetting::Wanted)
        .then(|| Survivor::Password { reason: reason(answers.password.as_ref(), "reset") });
    let addresses = left.addresses.iter().flatten().map(|known| Survivor::Address {
        address: known.source.to_string(),
        reason: reason(answers.addresses.get(&known.id), "forgotten"),
    });
    unfrozen.into_iter().chain(password).chain(tokens).chain(sessions).chain(addresses).collect()
}

fn reason(answer: Option<&StepResult>, what: &str) -> String {
    match answer {
        Some(StepResult::Failed { reason }) => reason.clone(),
        Some(_) => format!("Salesforce answered that it was {what}, and the re-read shows that it is not"),
        None => "it appeared after the last act".to_owned(),
    }
}

pub(super) fn things(count: usize) -> String {
    if count == 1 { "one thing".to_owned() } else { format!("{count} things") }
}
