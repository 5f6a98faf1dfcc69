//! `warden sessions`: who is in, from where, since when.

mod row;

use std::collections::{BTreeSet, HashMap, HashSet};

use clap::Args;
use ipnet::IpNet;
use session_warden::clock::{Clock, SystemClock};
use session_warden::observation::{Family, Login, LoginId, Session, SessionId, UserId, families};
use session_warden::salesforce::{FoundSession, Owned, Salesforce, Whose, http_client};

use self::row::SessionRow;
use super::filters::{address, is_part_of, rows};
use crate::arguments::Output;
use crate::exit::Exit;
use crate::moment::Moment;
use crate::output::{self, List};
use crate::progress;
use crate::reading::{People, Reading, Sensor, View};

/// `warden sessions`.
#[derive(Debug, Args)]
#[command(after_help = "Example: who is in from one network, newest last\n  \
                        warden sessions --connection production.json --ip 198.51.100.0/24")]
pub(crate) struct SessionsOptions {
    /// Connection document of the org.
    #[arg(long, value_name = "FILE")]
    connection: String,
    /// Only this user's: a username, a user id, or an exact name or e-mail address.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only those held or begun from this address or network, also written 198.51.100[.]7.
    #[arg(long, value_name = "ADDRESS|CIDR", value_parser = address)]
    ip: Option<IpNet>,
    /// Only those of applications with this in their name, case aside.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only those that began since then: 36h, 7d, 2026-10-01 or 2026-10-01T08:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,
    /// Every row: also derived sessions, and what lingers after its expiry.
    #[arg(long)]
    all: bool,
    /// Only the newest ones; a table shows 100 unless told otherwise.
    #[arg(long, value_name = "ROWS", value_parser = rows)]
    limit: Option<usize>,
}

/// Lists live sessions, a line for each family, the newest last.
pub(crate) async fn run(options: &SessionsOptions, format: Output) -> anyhow::Result<Exit> {
    let reading = Reading::connect(&options.connection, &http_client()?)?;
    let salesforce = match reading.view(Sensor::Sessions).await? {
        View::By(salesforce) => salesforce,
        View::Blind(why) => return Ok(super::blind(&reading.alias, &why)),
    };
    let spinner = progress::spinner("Reading sessions".to_owned());
    let user = reading.user_if_named(options.user.as_deref()).await?;
    let found = salesforce.session_rows(user.as_ref().map_or(Whose::Everyone, Whose::User)).await?;
    let around = Around::read(salesforce, &found.rows).await?;
    spinner.finish_and_clear();
    let sessions: Vec<_> = found.rows.into_iter().map(|found| found.session).collect();
    list(options, &sessions, &around, &reading, format)?;
    Ok(super::ends(&reading.alias, "sessions", &found.rejected))
}

/// What sessions are told with.
struct Around {
    people: People,
    logins: HashMap<LoginId, Login>,
    privileged: HashSet<UserId>,
    /// Those that this run works through.
    own: HashSet<SessionId>,
}

impl Around {
    async fn read(salesforce: &Salesforce, found: &[FoundSession]) -> anyhow::Result<Self> {
        let mut people = People::default();
        people.learn(salesforce, found.iter().map(|found| &found.session.user_id)).await?;
        let ids: BTreeSet<_> = found.iter().filter_map(|found| found.session.login_id().cloned()).collect();
        let logins = salesforce.logins_with_ids(&ids.into_iter().collect::<Vec<_>>()).await?;
        let logins = logins.into_iter().map(|login| (login.id.clone(), login)).collect();
        // Who may manage users can let anybody in; where that is not to be known, nobody is marked.
        let privileged = salesforce.administrators().await.unwrap_or_else(|error| {
            output::warn(&format!("Privileged users are not marked: {error}"));
            Vec::new()
        });
        let own = found.iter().filter(|found| found.owned == Owned::ByUs);
        let own = own.map(|found| found.session.id.clone()).collect();
        Ok(Self { people, logins, privileged: privileged.into_iter().collect(), own })
    }

    fn login(&self, session: &Session) -> Option<&Login> {
        self.logins.get(session.login_id()?)
    }
}

fn list(
    options: &SessionsOptions,
    sessions: &[Session],
    around: &Around,
    reading: &Reading,
    format: Output,
) -> anyhow::Result<()> {
    let now = SystemClock.now();
    let since = options.since.map(|since| since.before(now));
    let mut list = List::begin(format, options.limit)?;
    let mut families = families(sessions);
    let live = families.iter().filter(|family| family.is_access(now)).count();
    if !options.all {
        families.retain(|family| family.is_access(now));
        for family in &mut families {
            family.members.retain(|session| session.is_live(now));
        }
    }
    families.sort_by_key(|family| family.members.first().map(|lead| lead.created));
    let rows = families.iter().flat_map(|family| rows_of(family, around, reading, options.all));
    for row in rows.filter(|row| row.passes(options) && since.is_none_or(|since| row.since >= since)) {
        list.add(row)?;
    }
    let (shown, what) = (list.total(), if options.all { "session rows" } else { "live session families" });
    let total = if options.all { sessions.len() } else { live };
    list.end(now, "--limit")?;
    output::note(&format!("Org {}: {shown} {what} listed, of {total}.", output::harmless(&reading.alias)));
    Ok(())
}

/// The family in one row, and where all are wanted each derived session after it.
fn rows_of(family: &Family<'_>, around: &Around, reading: &Reading, all: bool) -> Vec<SessionRow> {
    let Some((lead, derived)) = family.members.split_first() else { return Vec::new() };
    let mut rows = vec![SessionRow::of_family(lead, family, around, reading)];
    if all {
        rows.extend(derived.iter().map(|session| SessionRow::of_derived(session, family, around, reading)));
    }
    rows
}

impl SessionRow {
    fn passes(&self, options: &SessionsOptions) -> bool {
        let from = |network: &IpNet| self.addresses().any(|address| network.contains(&address));
        options.ip.as_ref().is_none_or(from)
            && options.app.as_ref().is_none_or(|part| is_part_of(part, &self.arrival.application))
    }
}
