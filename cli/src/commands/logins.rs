//! `warden logins`: the login history, as it streams by.

mod row;

use anyhow::bail;
use clap::{Args, ValueEnum};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use ipnet::IpNet;
use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::observation::Login;
use session_warden::salesforce::{Page, Salesforce, SalesforceError, http_client};

use self::row::LoginRow;
use super::filters::{address, is_part_of, rows};
use crate::arguments::Output;
use crate::exit::Exit;
use crate::moment::{Moment, up_to};
use crate::output::{self, List};
use crate::progress;
use crate::reading::{People, Reading, Sensor, View};

/// `warden logins`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: every failed login from one network within a week, as JSON, one object a line\n  \
                        warden logins --connection production.json --since 7d --ip 198.51.100.0/24 --status failed --output json"
)]
pub(crate) struct LoginsOptions {
    /// Connection document of the org.
    #[arg(long, value_name = "FILE")]
    connection: String,
    /// From then on: 36h, 7d, 2026-10-01 (midnight UTC) or 2026-10-01T08:00:00Z. Salesforce keeps six months.
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,
    /// Until then; written as for --since, by default the present.
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only this user's: a username, a user id, or an exact name or e-mail address.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only those from this address or network, also written 198.51.100[.]7.
    #[arg(long, value_name = "ADDRESS|CIDR", value_parser = address)]
    ip: Option<IpNet>,
    /// Only those of applications with this in their name, case aside.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Which ones.
    #[arg(long, value_enum, default_value_t = Status::All)]
    status: Status,
    /// Only the newest ones; a table shows 100 unless told otherwise.
    #[arg(long, value_name = "ROWS", value_parser = rows)]
    limit: Option<usize>,
}

/// Which logins are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Status {
    /// Those that got in.
    Success,
    /// Those that did not, for whatever reason.
    Failed,
    /// Every one.
    All,
}

/// The span that is listed.
type Span = (Timestamp, Timestamp);

/// Lists logins, the newest last. JSON and CSV are written page by page.
pub(crate) async fn run(options: &LoginsOptions, format: Output) -> anyhow::Result<Exit> {
    let now = SystemClock.now();
    let span = span(options, now)?;
    let reading = Reading::connect(&options.connection, &http_client()?)?;
    let salesforce = match reading.view(Sensor::Logins).await? {
        View::By(salesforce) => salesforce,
        View::Blind(why) => return Ok(super::blind(&reading.alias, &why)),
    };
    let user = reading.user_if_named(options.user.as_deref()).await?;
    let mut list = List::begin(format, options.limit)?;
    let pages = match &user {
        Some(user) => salesforce.logins_of_user(user, span.0, span.1).boxed(),
        None => salesforce.logins(span.0, span.1).boxed(),
    };
    let read = stream(salesforce, pages, |login| passes(login, options), &mut list).await?;
    let (found, alias) = (list.total(), output::harmless(&reading.alias));
    list.end(now, "--limit")?;
    let (from, until) = span;
    let whose = if user.is_some() { " of this user" } else { "" };
    output::note(&format!(
        "Org {alias}: {found} logins, of {}{whose} from {from:.0} until {until:.0}.",
        read.rows
    ));
    if read.rejected > 0 {
        output::warn(&format!(
            "{} rows could not be read and are not listed; --verbose tells why",
            read.rejected
        ));
    }
    Ok(Exit::Clean)
}

fn span(options: &LoginsOptions, now: Timestamp) -> anyhow::Result<Span> {
    let (from, until) =
        (options.since.before(now), options.until.map_or(up_to(now), |until| until.before(now)));
    if from >= until {
        bail!("--since ({from}) is not before --until ({until})");
    }
    Ok((from, until))
}

/// How many rows were read.
#[derive(Default)]
struct Read {
    rows: usize,
    rejected: usize,
}

/// Lists the wanted logins page by page; one page is held at a time.
async fn stream(
    salesforce: &Salesforce,
    mut pages: BoxStream<'_, Result<Page<Login>, SalesforceError>>,
    is_wanted: impl Fn(&Login) -> bool,
    list: &mut List<LoginRow>,
) -> anyhow::Result<Read> {
    let spinner = progress::spinner("Reading logins".to_owned());
    let (mut people, mut read) = (People::default(), Read::default());
    while let Some(page) = pages.try_next().await? {
        let wanted: Vec<_> = page.rows.iter().filter(|login| is_wanted(login)).collect();
        people.learn(salesforce, wanted.iter().filter_map(|login| login.user_id.as_ref())).await?;
        wanted.into_iter().try_for_each(|login| list.add(LoginRow::of(login, &people)))?;
        list.flush()?;
        read.rows += page.rows.len();
        read.rejected += page.rejected.len();
        spinner.set_message(format!("Reading logins: {}", read.rows));
    }
    spinner.finish_and_clear();
    Ok(read)
}

/// Salesforce itself filters by time and user; most other fields cannot stand in a WHERE, or not safely.
fn passes(login: &Login, options: &LoginsOptions) -> bool {
    let from = |network: &IpNet| login.source.address().is_some_and(|address| network.contains(&address));
    let status = match options.status {
        Status::All => true,
        Status::Success => login.succeeded(),
        Status::Failed => !login.succeeded(),
    };
    status
        && options.ip.as_ref().is_none_or(from)
        && options.app.as_ref().is_none_or(|part| is_part_of(part, &login.application))
}
