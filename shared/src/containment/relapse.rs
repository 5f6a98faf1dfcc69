//! Whether access that was ended has come back.

use jiff::Timestamp;

use super::act::Actor;
use super::verify::Sighting;
use super::{Containment, FrozenBy, Holdings, Marks, Outcome, Reach, Survivor, Target, frozen_by};
use crate::observation::{Session, UserId};
use crate::salesforce::Frozen;

/// What a look at somebody contained not long ago shows.
#[derive(Debug)]
pub(crate) enum Relapse {
    /// Nothing that was ended is there.
    None,
    /// The look proves nothing.
    Unseen(String),
    /// Somebody else, where Salesforce tells who, has thawed the account.
    Thawed(Option<UserId>),
    /// Nothing that was ended is there, and somebody else has frozen the account.
    Frozen(FrozenBy),
    /// This is there again.
    Back(Vec<Survivor>),
}

impl Actor<'_> {
    /// Looks again. Who was not frozen may log in again: of his sessions only those count that `hostile` marks, and
    /// those that were there before and were not seen.
    pub(crate) async fn relapse(&self, record: &Containment, hostile: &Marks) -> Relapse {
        let holdings = match self.look().await {
            Sighting::Seen(holdings) => holdings,
            Sighting::Unseen(reason) => return Relapse::Unseen(reason),
        };
        let is_frozen = matches!(&holdings.freeze, Ok(Some(state)) if state.frozen == Frozen::Yes);
        if record.outcome == Some(Outcome::Contained) && record.released.is_none() && !is_frozen {
            let state = holdings.freeze.as_ref().ok().and_then(Option::as_ref);
            return Relapse::Thawed(state.and_then(|state| state.last_modified_by.clone()));
        }
        let ahead = self.salesforce.server_clock_skew().unwrap_or_default();
        let ended = record.finished.filter(|_| record.is_proven()).and_then(|at| at.checked_add(ahead).ok());
        let back = back(record, &self.reach, &holdings, hostile, (ended, self.salesforce.server_now()));
        if !back.is_empty() {
            return Relapse::Back(back);
        }
        let state = holdings.freeze.as_ref().ok().and_then(Option::as_ref);
        match frozen_by(self.salesforce, state, Some(record)).await {
            Ok(by) if by.is_by_others() && !record.is_known_to_be_frozen_by(&by) => Relapse::Frozen(by),
            Ok(_) => Relapse::None,
            Err(error) => Relapse::Unseen(error.to_string()),
        }
    }
}

/// What is there again; both times are by Salesforce's clock.
fn back(
    record: &Containment,
    reach: &Reach,
    holdings: &Holdings,
    hostile: &Marks,
    (ended, now): (Option<Timestamp>, Timestamp),
) -> Vec<Survivor> {
    let is_out = record.outcome == Some(Outcome::Contained) && record.released.is_none();
    let may_log_in = !is_out && !matches!(reach.target, Target::Session { .. });
    // Salesforce tells whole seconds: what began in the last one began afterwards. What was left when access was given
    // back is there by that decision, unless it is hostile.
    let ended = ended.map_or(i64::MIN, Timestamp::as_second);
    let sessions = holdings.sessions.as_ref().map(|found| reach.sessions(found)).unwrap_or_default();
    let counts = |session: &&&Session| {
        session.is_live(now) && (!may_log_in || session.created.as_second() < ended || hostile.name(session))
    };
    let sessions = sessions.iter().filter(counts).map(|session| Survivor::Session {
        id: session.id.clone(),
        reason: format!("it is there again, from {} since {}", session.source, session.created),
    });
    let tokens = holdings.tokens.as_ref().map(|found| reach.tokens(found)).unwrap_or_default();
    // Who kept his own sessions may grant a new token to the application that a hostile one had come by.
    let may_grant = match reach.target {
        Target::Session { .. } => true,
        Target::App { .. } => false,
        Target::User { .. } | Target::Org => may_log_in,
    };
    let is_back =
        |created: Option<Timestamp>| !may_grant || created.is_some_and(|created| created.as_second() < ended);
    let tokens =
        tokens.into_iter().filter(|found| is_back(found.token.created)).map(|found| Survivor::Token {
            key: found.token.key.clone(),
            app_name: found.token.app_name.as_str().to_owned(),
            reason: "it is there again".to_owned(),
        });
    sessions.chain(tokens).collect()
}
