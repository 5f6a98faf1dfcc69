//! In which calls sessions are deleted, and which of those are under way at once. Pure.

use super::plan::depth;
use crate::observation::{Session, parents};

/// Sessions in one call; Salesforce takes no more, and deletes them in their order.
const SESSIONS_PER_CALL: usize = 200;
/// Calls under way at once; together they are a wave.
const CALLS_AT_ONCE: usize = 4;

/// The calls that delete these sessions, which stand with parents before children, in waves. Calls of one wave overtake each
/// other, so that they hold sessions of one depth only; a call that holds several goes alone. A child is thus never deleted
/// while a session is there from which it could be made anew.
pub(super) fn waves(sessions: &[Session]) -> Vec<Vec<&[Session]>> {
    let parents = parents(sessions.iter());
    let depths: Vec<_> = sessions.iter().map(|session| depth(&session.id, &parents)).collect();
    let (mut waves, mut before): (Vec<Vec<_>>, _) = (Vec::new(), None);
    for (call, depths) in sessions.chunks(SESSIONS_PER_CALL).zip(depths.chunks(SESSIONS_PER_CALL)) {
        let only = depths.first().filter(|first| depths.last() == Some(first));
        match waves.last_mut() {
            Some(wave) if only.is_some() && only == before && wave.len() < CALLS_AT_ONCE => wave.push(call),
            _ => waves.push(vec![call]),
        }
        before = only;
    }
    waves
}
