//! `warden tokens`: who has let which application in for good, and how it is used.

mod application;
mod row;

use anyhow::Context;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::kept_token_key;
use session_warden::observation::Token;
use session_warden::salesforce::{FoundToken, Page, Salesforce, TokenHashKey, Whose, http_client};
use session_warden::stages::TokensSeen;

use self::row::TokenRow;
use super::filters::{is_part_of, rows};
use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::output::{self, List};
use crate::progress;
use crate::reading::{People, Reading, Sensor, View};
use crate::workplace::Workplace;

/// `warden tokens`.
#[derive(Debug, Args)]
#[command(after_help = "Example: which applications hold how many tokens\n  \
                        warden tokens --connection production.json --by app")]
pub(crate) struct TokensOptions {
    /// Connection document of the org.
    #[arg(long, value_name = "FILE")]
    connection: String,
    #[command(flatten)]
    store: StoreOptions,
    /// Only this user's: a username, a user id, or an exact name or e-mail address.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only those of applications with this in their name, case aside.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only those granted or used since then: 36h, 7d, 2026-10-01 or 2026-10-01T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Only a line for each application.
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,
    /// Only those used last; a table shows 100 unless told otherwise.
    #[arg(long, value_name = "ROWS", value_parser = rows)]
    limit: Option<usize>,
}

/// What tokens are summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The application that holds them.
    App,
}

/// Lists refresh tokens, the ones used last at the end, and sums them up by application.
pub(crate) async fn run(options: &TokensOptions, format: Output) -> anyhow::Result<Exit> {
    let reading = Reading::connect(&options.connection, &http_client()?)?;
    let salesforce = match reading.view(Sensor::Tokens).await? {
        View::By(salesforce) => salesforce,
        View::Blind(why) => return Ok(super::blind(&reading.alias, &why)),
    };
    let spinner = progress::spinner("Reading refresh tokens".to_owned());
    let watched = Watched::of(&options.store, salesforce).await?;
    let found = read(options, &reading, salesforce, &watched.key).await?;
    let counted = found.rows.len() + found.rejected.len();
    let all = found.rows.into_iter().map(|found| found.token).collect();
    let tokens = wanted(options, all, SystemClock.now());
    let mut people = People::default();
    people.learn(salesforce, tokens.iter().map(|token| &token.user_id)).await?;
    spinner.finish_and_clear();
    show(options, &tokens, &people, watched.seen.as_ref(), format)?;
    let whose = if options.user.is_some() { "of this user" } else { "as Salesforce counts them" };
    let of = if tokens.len() == counted { String::new() } else { format!("{} of ", grouped(tokens.len())) };
    output::note(&format!(
        "Org {}: {of}{} tokens, {whose}.",
        output::harmless(&reading.alias),
        grouped(counted)
    ));
    if let Some(seen) = &watched.seen {
        output::note(&format!("Use is counted since warden run looked last, at {:.0}.", seen.at));
    }
    Ok(super::ends(&reading.alias, "tokens", &found.rejected))
}

/// What the store knows of an org's tokens.
struct Watched {
    key: TokenHashKey,
    seen: Option<TokensSeen>,
}

impl Watched {
    /// The last look that the store remembers, and the key under which it names tokens. Without one, what tells tokens
    /// apart ends with this command.
    async fn of(options: &StoreOptions, salesforce: &Salesforce) -> anyhow::Result<Self> {
        if let Some(Workplace { store, .. }) = Workplace::if_there(options).await? {
            let org = salesforce.org_id().await?;
            if let Some(key) = kept_token_key(store.as_ref(), &org).await? {
                return Ok(Self { key, seen: TokensSeen::read(store.as_ref(), &org).await? });
            }
        }
        Ok(Self { key: TokenHashKey::generate().context("This machine gives no randomness")?, seen: None })
    }
}

/// Every token of those that were asked for.
async fn read(
    options: &TokensOptions,
    reading: &Reading,
    salesforce: &Salesforce,
    key: &TokenHashKey,
) -> anyhow::Result<Page<FoundToken>> {
    let user = reading.user_if_named(options.user.as_deref()).await?;
    Ok(salesforce.token_rows(user.as_ref().map_or(Whose::Everyone, Whose::User), key).await?)
}

fn wanted(options: &TokensOptions, mut tokens: Vec<Token>, now: Timestamp) -> Vec<Token> {
    let since = options.since.map(|since| since.before(now));
    tokens.retain(|token| {
        let latest = token.last_used.max(token.created);
        options.app.as_ref().is_none_or(|part| is_part_of(part, &token.app_name))
            && since.is_none_or(|since| latest.is_some_and(|latest| latest >= since))
    });
    tokens.sort_by_key(|token| (token.last_used.or(token.created), token.created));
    tokens
}

fn show(
    options: &TokensOptions,
    tokens: &[Token],
    people: &People,
    seen: Option<&TokensSeen>,
    format: Output,
) -> anyhow::Result<()> {
    let now = SystemClock.now();
    if options.by.is_none() {
        let mut list = List::begin(format, options.limit)?;
        tokens.iter().try_for_each(|token| list.add(TokenRow::of(token, people, seen)))?;
        list.end(now, "--limit")?;
    }
    if options.by.is_some() || format == Output::Table {
        let mut list = List::begin(format, options.by.and(options.limit))?;
        application::of(tokens, seen).into_iter().try_for_each(|row| list.add(row))?;
        list.end(now, "--limit")?;
    }
    Ok(())
}

/// A number with its thousands apart.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let shown = [0, 999, 1_000, 12_000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,000", "1,234,567"]);
    }
}
