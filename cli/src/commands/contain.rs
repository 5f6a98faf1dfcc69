//! `warden contain`: what would end, and with `--apply` the end of it, proven.

pub(super) mod preview;
mod subject;

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Request, RequestedBy, Target};
use session_warden::observation::OrgId;
use session_warden::policy::Also;
use session_warden::salesforce::{Role, http_client};
use session_warden::settings::Settings;
use session_warden::stages::Apply;
use session_warden::store;

use crate::arguments::{Output, StoreOptions};
use crate::exit::Exit;
use crate::output;
use crate::pipeline::{Org, anchor};
use crate::round::is_verified;
use crate::workplace::{self, Rules, Workplace};

/// `warden contain`.
#[derive(Debug, Args)]
pub(crate) struct ContainOptions {
    /// Connection document of the org.
    #[arg(long, value_name = "FILE")]
    pub(crate) connection: String,
    #[command(flatten)]
    pub(crate) store: StoreOptions,
    /// The policy; caps and protection hold for people too. --apply needs one.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) whose: Whose,
    /// With --user: only the sessions held from this address or begun there; may be given several times.
    #[arg(long, value_name = "IP", conflicts_with_all = ["session", "app", "all"])]
    pub(crate) address: Vec<IpAddr>,
    /// With --user, at level user: make the password invalid too; Salesforce sends a link to the user's mailbox.
    #[arg(long, conflicts_with_all = ["session", "app", "all", "address"])]
    pub(crate) reset_password: bool,
    /// With --user, at level user: forget the addresses from which he need not confirm who he is.
    #[arg(long, conflicts_with_all = ["session", "app", "all", "address"])]
    pub(crate) trusted_ips: bool,
    /// How wide. It follows what is named and may only be widened: a session to its user, an application to the org.
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT", default_value = "asked for by a person")]
    pub(crate) reason: String,
    /// Do it, under --policy; without this only the plan and its impact are shown.
    #[arg(long)]
    pub(crate) apply: bool,
}

/// Whose access.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whose {
    /// Hostile sessions of one user, with their families; his other sessions live on.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub(crate) session: Vec<String>,
    /// A user: a username or a user id.
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// An application: its name as `warden tokens` shows it. Two people must approve.
    #[arg(long, value_name = "NAME")]
    pub(crate) app: Option<String>,
    /// Log off everybody but protected users. Two people must approve.
    #[arg(long)]
    pub(crate) all: bool,
}

/// How wide a containment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Level {
    /// Hostile session families.
    Session,
    /// Everything the user holds.
    User,
    /// Every token of one application, and the sessions they made.
    App,
    /// Every session of the org.
    Org,
}

/// Plans, and with `--apply` contains.
pub(crate) async fn run(options: &ContainOptions, format: Output) -> anyhow::Result<Exit> {
    output::no_csv(format, "contain")?;
    let connection = workplace::connection(&options.connection)?;
    if connection.identity(Role::Revoker).is_none() {
        bail!("{}: the document has no revoker, so nothing can be contained; add one", options.connection);
    }
    let workplace = Workplace::open(&options.store).await?;
    let rules = Rules::load(options.policy.as_deref())?;
    let org = Org::connect(&connection, &http_client()?)?;
    let org_id = org.id().await?;
    let request = request(options, &org_id, subject::target(options, &org, &workplace).await?);
    if !options.apply {
        let plan = org.contain(&workplace, &rules, request, Apply::Plan).await?;
        return tell(&plan, options, format);
    }
    workplace.store.write(vec![store::register(&org_id, &org.alias)]).await?;
    let containment = org.contain(&workplace, &rules, request, Apply::Act).await?;
    let told = tell(&containment, options, format);
    // What was done is told first: a head that cannot be signed does not hide it.
    let anchored = anchor(&workplace, &org_id).await.inspect_err(output::complain);
    Ok(told?.max(if anchored.is_ok() { Exit::Clean } else { Exit::Findings }))
}

fn tell(containment: &Containment, options: &ContainOptions, format: Output) -> anyhow::Result<Exit> {
    match format {
        Output::Json => output::say_json(containment)?,
        Output::Table | Output::Csv => output::say(&preview::lines(containment, options.apply).join("\n"))?,
    }
    let is_fine = containment.outcome.is_none() || is_verified(containment.outcome.as_ref());
    Ok(if is_fine { Exit::Clean } else { Exit::Findings })
}

/// A person's request is the same one for the rest of the day: asking twice is asking once.
fn request(options: &ContainOptions, org_id: &OrgId, target: Target) -> Request {
    let day = SystemClock.now().strftime("%Y-%m-%d");
    let also = [
        (options.reset_password, Also::ResetPassword, "/reset-password"),
        (options.trusted_ips, Also::ForgetAddresses, "/trusted-ips"),
    ];
    let also: Vec<_> = also.into_iter().filter(|(is_asked, ..)| *is_asked).collect();
    let marks: String = also.iter().map(|(.., mark)| *mark).collect();
    Request {
        request_id: format!("person/{}{marks}/{day}", target.request_name()),
        org_id: org_id.clone(),
        target,
        also: also.into_iter().map(|(_, also, _)| also).collect(),
        reason: options.reason.clone(),
        requested_by: RequestedBy::Person { name: Settings::of_process().person() },
        trigger: None,
    }
}
