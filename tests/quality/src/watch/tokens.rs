//! Refresh tokens as a look every fifteen minutes would have seen them: their number of uses now, less the uses since.

use std::collections::HashMap;

use jiff::Timestamp;
use session_warden::observation::{Login, Token, TokenChange, TokenUse};

use crate::world::Span;

/// Seconds between two looks.
const CADENCE: i64 = 15 * 60;

/// What the looks in the judged time tell.
pub(super) fn uses(tokens: &[Token], logins: &[Login], span: &Span) -> Vec<TokenUse> {
    let mut exchanges: HashMap<(&str, &str), Vec<Timestamp>> = HashMap::new();
    let is_exchange =
        |login: &&Login| login.succeeded() && login.login_sub_type.replace(' ', "") == "OauthRefreshToken";
    for login in logins.iter().filter(is_exchange) {
        let Some(user) = &login.user_id else { continue };
        exchanges.entry((user.as_str(), login.application.as_str())).or_default().push(login.time);
    }
    let told = |token| -> Vec<TokenUse> {
        let token: &Token = token;
        let exchanges = exchanges.get(&(token.user_id.as_str(), token.app_name.as_str()));
        of_one(token, exchanges.map_or(&[], Vec::as_slice), span)
    };
    tokens.iter().flat_map(told).collect()
}

fn of_one(token: &Token, exchanges: &[Timestamp], span: &Span) -> Vec<TokenUse> {
    let mut told: Vec<TokenUse> = Vec::new();
    let granted = look_after(token.created.unwrap_or(span.judged).max(span.judged));
    let later = exchanges.iter().map(|time| look_after(*time)).filter(|look| *look > granted);
    let mut looks: Vec<_> = std::iter::once(granted).chain(later).collect();
    looks.dedup();
    for look in looks.into_iter().filter(|look| *look <= span.ends) {
        let past = exchanges.partition_point(|time| *time < look);
        let since = i64::try_from(exchanges.len() - past).unwrap_or(i64::MAX);
        let use_count = token.use_count.saturating_sub(since).max(0);
        let last_used =
            past.checked_sub(1).map(|last| exchanges[last]).or(token.last_used.filter(|at| *at < look));
        let used_before = told.last().and_then(|before| before.token.last_used);
        let before = told.last().map_or(0, |before| before.token.use_count);
        let change = if told.is_empty() { TokenChange::Granted } else { TokenChange::Used };
        let uses = u64::try_from(use_count - before).unwrap_or(0);
        let token = Token { use_count, last_used, ..token.clone() };
        told.push(TokenUse { token, change, uses, seen_at: look, used_before });
    }
    told
}

fn look_after(time: Timestamp) -> Timestamp {
    let look = time.as_second().div_euclid(CADENCE) + 1;
    Timestamp::from_second(look * CADENCE).unwrap_or(time)
}
