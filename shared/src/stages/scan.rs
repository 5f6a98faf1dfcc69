//! Salesforce → observations.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;

use futures::future::try_join;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::accounts::AccountsError;
use super::cursor::Span;
use super::sending::Sending;
use super::slices::{End, Slices};
use super::snapshot::Snapshot;
use super::token_watch::{TokenWatch, Turn};
use super::watched;
use crate::clock::Clock;
use crate::observation::{Login, Observation, OrgId, Verification};
use crate::salesforce::{Ability, Owned, Page, Salesforce, SalesforceError, Sight, Visibility, Whose};
use crate::store::{Outbox, Store, StoreError, Write};

/// Verifications of no more are read at once; the first scan reads those of its day and of the overlap before it.
const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);
/// Up to this much is read as one slice, however many rows it holds, and without counting them first.
const PLAIN: SignedDuration = SignedDuration::from_hours(24);

/// A page on its way from the reading to the sending.
pub(super) type FetchedPage = Result<Page<Login>, SalesforceError>;

/// How long ago an account may have been changed whose sessions are judged again: longer than a monitor is down unnoticed, and than
/// what was told of an account is taken for fresh.
const CHANGED: SignedDuration = SignedDuration::from_hours(48);

/// The scan of one org.
pub struct Scan<'a> {
    /// Reads the org.
    pub salesforce: &'a Salesforce,
    /// Where cursors and snapshots are kept.
    pub store: &'a dyn Store,
    /// The way to the evaluation.
    pub outbox: &'a dyn Outbox,
    /// The time of reading.
    pub clock: &'a dyn Clock,
    /// The usernames of this tool's own identities.
    pub own: &'a [String],
}

/// How far a scan has come, for people who wait.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Rows read so far in this step.
    pub logins: u64,
    /// How far the history has been read.
    pub read_until: Timestamp,
    /// Rows of history that have taught, in this and all steps before.
    pub learned: u64,
    /// Rows of history that were counted when learning began.
    pub to_learn: u64,
}

/// What a step of a scan came to.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// The org.
    pub org: OrgId,
    /// Logins sent on.
    pub logins: u64,
    /// Logins that Salesforce showed later than the overlap, found by counting; they are sent on beside the others.
    pub late: u64,
    /// Sessions sent on.
    pub sessions: usize,
    /// Refresh tokens sent on: new, used or gone since the last look.
    pub tokens: usize,
    /// Rows that could not be read and were set aside.
    pub rejected: u64,
    /// Everything before this has been read.
    pub read_until: Timestamp,
    /// Whether the present has been reached; otherwise call again.
    pub caught_up: bool,
    /// What is needed and could not be seen, and why, as sentences.
    pub blind: Vec<String>,
    /// What is useful and could not be seen, and why, as sentences.
    pub unseen: Vec<String>,
    /// What the operator does without.
    pub off: Vec<Ability>,
}

/// Why a scan failed. What was sent on before stays so, and the next scan goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The scanning identity may not read the logins of others; what it sees would look clean and prove nothing.
    #[error("logins cannot be seen: {missing}; the org is not being watched")]
    Blind {
        /// What is missing.
        missing: String,
    },
    /// Salesforce failed.
    #[error(transparent)]
    Salesforce(#[from] SalesforceError),
    /// The store failed, or another scan of this org was faster.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Identity verifications that wait for the logins of their time.
#[derive(Default)]
struct Checks {
    rows: VecDeque<Verification>,
    /// Until when there are no others; `None` where they could not be read.
    until: Option<Timestamp>,
}

impl Scan<'_> {
    /// Reads the next step of the login history, and once the present is reached also live sessions and identity
    /// verifications. The cursor moves only with what has been sent on: a crash repeats and never skips.
    pub async fn step(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Scanned, ScanError> {
        let (mut sending, sight) = self.begin().await?;
        self.look_at_itself(&mut sending).await;
        let slices = self.next_slices(&sending).await?;
        sending.scanned.caught_up = slices.whole.until == sending.now;
        let checks = if sending.scanned.caught_up {
            self.checks(&mut sending, &sight).await
        } else {
            Checks::default()
        };
        self.send_logins(&mut sending, &slices, checks, progress).await?;
        if sending.scanned.caught_up {
            self.send_late(&mut sending).await?;
            self.send_sessions(&mut sending, &sight).await?;
            self.send_token_uses(&mut sending, &sight).await?;
            let Scanned { org, blind, .. } = &sending.scanned;
            watched::record(self.store, org, sending.now, blind).await?;
        }
        Ok(sending.scanned)
    }

    /// Nothing is read before it is proven that it could be seen.
    pub(super) async fn begin(&self) -> Result<(Sending, Visibility), ScanError> {
        let sight = self.salesforce.visibility().await?;
        if let Sight::Blind { missing } = sight.of(Ability::Logins) {
            return Err(ScanError::Blind { missing });
        }
        let org = self.salesforce.org_id().await?;
        let mut sending = Sending::begin(self, org, self.clock.now()).await?;
        sending.sees(&sight, Ability::Places, "places of logins (LoginGeo)");
        sending.sees(&sight, Ability::Users, "users whom the org's sharing hides");
        sending.sees(&sight, Ability::Privileges, "who is an administrator or a program");
        Ok((sending, sight))
    }

    async fn next_slices(&self, sending: &Sending) -> Result<Slices, ScanError> {
        let unread = sending.cursor.unread(sending.now);
        if unread.width() <= PLAIN {
            return Ok(Slices::one(unread));
        }
        let rows = self.salesforce.login_count(unread.from, unread.until).await?;
        Ok(Slices::cut(unread, rows, End::First))
    }

    /// Hands on the pages of slices in order, and last the error that ended the reading. While a page is taken care of,
    /// the next is fetched, and no more than that one.
    pub(super) async fn read<T>(read: impl Stream<Item = T>, pages: mpsc::Sender<T>) {
        let mut read = pin!(read);
        // Nobody takes pages any more once no place can be had.
        while let Ok(place) = pages.reserve().await
            && let Some(page) = read.next().await
        {
            place.send(page);
        }
    }

    /// Identity verifications up to the present, oldest first. The logins do not wait for those that cannot be read.
    async fn checks(&self, sending: &mut Sending, sight: &Visibility) -> Checks {
        if !sending.sees(sight, Ability::Verifications, "identity verifications") {
            return Checks { until: Some(sending.now), ..Checks::default() };
        }
        let span = sending.cursor.next_checks(sending.now);
        match self.checks_of(span).await {
            Ok(checks) => checks,
            Err(error) => {
                let note = format!(
                    "identity verifications cannot be read, and are read again from {}: {error}",
                    span.from
                );
                sending.scanned.unseen.push(note);
                Checks::default()
            }
        }
    }

    /// Of a span at most two days, and of that an eighth where it takes Salesforce too long; the next scan reads on.
    async fn checks_of(&self, span: Span) -> Result<Checks, SalesforceError> {
        let mut until = span.until.min(span.from + TWO_DAYS);
        let mut read = self.salesforce.verifications(span.from, until).await;
        if read.as_ref().is_err_and(SalesforceError::is_slow) {
            until = span.from + until.duration_since(span.from) / 8;
            read = self.salesforce.verifications(span.from, until).await;
        }
        let mut rows = read?;
        rows.sort_by_key(|check| check.time);
        Ok(Checks { rows: rows.into(), until: Some(until) })
    }

    /// Sends slices page by page, and each page with the verifications of its time: what belongs together is judged
    /// together. The verifications' own mark moves with the last page.
    async fn send_logins(
        &self,
        sending: &mut Sending,
        slices: &Slices,
        mut checks: Checks,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(), ScanError> {
        let whole = slices.whole;
        sending.cursor.begin_counting(whole);
        let (pages, mut read) = mpsc::channel::<FetchedPage>(1);
        let send = async {
            while let Some(page) = read.recv().await {
                let page = page?;
                let reached = page.rows.last().map_or(whole.from, |login| login.time);
                self.send_page(sending, page, &mut checks, reached).await?;
                progress(sending.progress());
            }
            if let Some(until) = checks.until {
                sending.cursor.checked(until);
            }
            self.send_page(sending, Page::default(), &mut checks, whole.until).await
        };
        let read = self.salesforce.logins_in_slices(&slices.bounds);
        try_join(Self::read(read, pages).map(Ok), send).await.map(|_| ())
    }

    async fn send_page(
        &self,
        sending: &mut Sending,
        page: Page<Login>,
        checks: &mut Checks,
        reached: Timestamp,
    ) -> Result<(), ScanError> {
        sending.cursor.count(&page, reached);
        let new: Vec<_> = page.rows.into_iter().filter(|login| sending.cursor.is_new(login)).collect();
        sending.cursor.advance(reached, new.iter());
        sending.scanned.read_until = sending.cursor.read_until;
        sending.scanned.logins += new.len() as u64;
        let aside = sending.set_aside(&page.rejected)?;
        let later = checks.rows.partition_point(|check| check.time <= reached);
        let checks = checks.rows.drain(..later).map(|check| Observation::Verification(Box::new(check)));
        let logins = new.into_iter().map(|login| Observation::Login(Box::new(login)));
        self.send(sending, logins.chain(checks).collect(), aside).await
    }

    async fn send_sessions(&self, sending: &mut Sending, sight: &Visibility) -> Result<(), ScanError> {
        if !sending.sees(sight, Ability::Sessions, "live sessions") {
            return Ok(());
        }
        let since = sending.now.checked_sub(CHANGED).unwrap_or(Timestamp::MIN);
        let touched = self.salesforce.changed_users(since).await?;
        sending.accounts.have_changed(touched.iter().map(|user| &user.id));
        let mut snapshot = Snapshot::read(self.store, &sending.scanned.org, &touched).await?;
        let mut pages = pin!(self.salesforce.session_pages(Whose::Everyone));
        while let Some(page) = pages.try_next().await? {
            snapshot.meet_rejected(&page.rejected);
            let aside = sending.set_aside(&page.rejected)?;
            let others = page.rows.into_iter().filter(|found| found.owned != Owned::ByUs);
            let live = others.map(|found| found.session).filter(|session| session.is_live(sending.now));
            let mut changes = snapshot.compare(live)?;
            changes.writes.extend(aside);
            sending.scanned.sessions += changes.sessions.len();
            let observations = changes.sessions.into_iter().map(|it| Observation::Session(Box::new(it)));
            self.send(sending, observations.collect(), changes.writes).await?;
        }
        self.send(sending, Vec::new(), snapshot.forget_others()).await
    }

    async fn send_token_uses(&self, sending: &mut Sending, sight: &Visibility) -> Result<(), ScanError> {
        if !sending.sees(sight, Ability::Tokens, "refresh tokens") {
            return Ok(());
        }
        let org = sending.scanned.org.clone();
        let watch = match TokenWatch::due(self.store, &org, sending.now).await? {
            Turn::Look(watch) => watch,
            Turn::Wait { unseen } => {
                sending.scanned.blind.extend(unseen);
                return Ok(());
            }
        };
        let mut looked = watch.look(self.salesforce, self.store, &org, sending.now).await?;
        for portion in std::mem::take(&mut looked.portions) {
            sending.scanned.tokens += portion.seen.len();
            let observations = portion.seen.into_iter().map(|it| Observation::TokenUse(Box::new(it)));
            self.send(sending, observations.collect(), portion.writes).await?;
        }
        sending.scanned.blind.extend(looked.unseen.clone());
        self.send(sending, Vec::new(), vec![watch.looked(sending.now, looked)?]).await
    }

    /// Sends observations on, with the accounts they name, and moves the cursor in the same breath.
    pub(super) async fn send(
        &self,
        sending: &mut Sending,
        observations: Vec<Observation>,
        mut then: Vec<Write>,
    ) -> Result<(), ScanError> {
        let ids: BTreeSet<_> = observations.iter().filter_map(|seen| seen.user().cloned()).collect();
        let (users, told) =
            sending.accounts.read_untold(self.store, self.salesforce, ids, sending.now).await?;
        let messages = sending.messages(observations, users)?;
        then.extend(told);
        then.push(sending.cursor.write(&sending.scanned.org, sending.version)?);
        self.outbox.send(messages, then).await?;
        sending.version = Some(sending.version.unwrap_or(0) + 1);
        Ok(())
    }
}

impl From<AccountsError> for ScanError {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::Salesforce(error) => Self::Salesforce(error),
            AccountsError::Store(error) => Self::Store(error),
        }
    }
}
