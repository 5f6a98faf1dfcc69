//! The three stages in one process, one org at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use futures::Stream;
use jiff::Timestamp;
use session_warden::clock::{Clock, SystemClock};
use session_warden::containment::{Containment, Pauses, Request, token_key};
use session_warden::detection::Finding;
use session_warden::evidence::Ledger;
use session_warden::observation::{Login, OrgId, Session, SessionId, User, UserId};
use session_warden::salesforce::{
    Ability, Connection, Owned, Page, Role, Salesforce, SalesforceError, Sight, TokenHashKey,
};
use session_warden::stages::{
    Apply, BackFill, Contain, ContainError, Evaluate, GivenBack, Memory, Notified, Progress, Release, Scan,
    Tell, Upkeep,
};
use session_warden::store::{self, LocalOutbox, Queue};

use crate::containing::contain_waiting;
use crate::output;
use crate::round::Round;
use crate::workplace::{Rules, Workplace};

/// Messages evaluated in one go: profiles are written once for all of them.
const MESSAGES: usize = 24;

/// What is left after a step of old history has taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taught {
    /// More of it.
    More,
    /// None, or none that the API calls of the day allow to be read.
    NoMore,
}

/// One org, as both identities see it.
pub(crate) struct Org {
    /// How the operator calls it.
    pub(crate) alias: String,
    own: Vec<String>,
    scanner_name: Option<String>,
    scanner: Salesforce,
    revoker: Option<Salesforce>,
}

impl Org {
    /// Prepares to speak to an org; nothing is sent yet.
    pub(crate) fn connect(connection: &Connection, http: &reqwest::Client) -> anyhow::Result<Self> {
        let client = |role| Salesforce::new(connection, role, http.clone(), Arc::new(SystemClock));
        let revoker = connection.identity(Role::Revoker).map(|_| client(Role::Revoker)).transpose()?;
        let (alias, own) = (connection.org_alias.clone(), connection.usernames());
        let scanner_name = connection.identity(Role::Scanner).and_then(|identity| identity.username.clone());
        Ok(Self { alias, own, scanner_name, scanner: client(Role::Scanner)?, revoker })
    }

    /// Whether there is no identity that may act.
    pub(crate) fn cannot_contain(&self) -> bool {
        self.revoker.is_none()
    }

    /// How many times the usual pause the org's API budget asks for between two rounds.
    pub(crate) fn stretch(&self) -> u32 {
        self.scanner.budget().map_or(1, |budget| budget.stretch())
    }

    /// The org's id, even while the scanner cannot log in: who contains must not have to wait for it.
    pub(crate) async fn id(&self) -> anyhow::Result<OrgId> {
        match (self.scanner.org_id().await, &self.revoker) {
            (Ok(org), _) => Ok(org),
            (Err(_), Some(revoker)) => Ok(revoker.org_id().await?),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// The login history of a span.
    pub(crate) fn logins(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Stream<Item = Result<Page<Login>, SalesforceError>> + Send + '_ {
        self.scanner.logins(from, until)
    }

    /// The user with this id or exactly this username.
    pub(crate) async fn find_user(&self, user: &str) -> anyhow::Result<Option<User>> {
        // Who contains may use the API calls that scanning leaves alone.
        let salesforce = self.revoker.as_ref().unwrap_or(&self.scanner);
        if user.contains('@') {
            return Ok(salesforce.user_named(user).await?);
        }
        Ok(salesforce.users(&[UserId::new(user)]).await?.pop())
    }

    /// The session with this id.
    pub(crate) async fn find_session(&self, id: &SessionId) -> anyhow::Result<Option<Session>> {
        let salesforce = self.revoker.as_ref().unwrap_or(&self.scanner);
        Ok(salesforce.session(id).await?.map(|found| found.session))
    }

    /// Every live session of others.
    pub(crate) async fn live_sessions(&self, now: Timestamp) -> anyhow::Result<Vec<Session>> {
        if let Sight::Blind { missing } = self.scanner.visibility().await?.of(Ability::Sessions) {
            anyhow::bail!("the scanner cannot see the sessions of others; it lacks {missing}");
        }
        let found = self.scanner.every_session().await?.into_iter();
        let others = found.filter(|found| found.owned == Owned::ByOthers).map(|found| found.session);
        Ok(others.filter(|session| session.is_live(now)).collect())
    }

    /// Applications that hold tokens, each with how many.
    pub(crate) async fn applications(&self) -> anyhow::Result<Vec<(String, u64)>> {
        Ok(self.revoker.as_ref().unwrap_or(&self.scanner).token_applications().await?)
    }

    /// Whether clients of an application are in: one that holds no refresh token may have opened sessions all the same.
    pub(crate) async fn has_sessions_of(&self, application: &str) -> anyhow::Result<bool> {
        let salesforce = self.revoker.as_ref().unwrap_or(&self.scanner);
        let (no_holders, none_known) = (BTreeSet::new(), BTreeSet::new());
        let made = salesforce.app_sessions(application, &no_holders, &none_known).await?;
        Ok(made.iter().any(|found| found.owned == Owned::ByOthers))
    }

    /// Scans until the present, evaluates what was seen, and contains what the policy asks for. What fails is kept in
    /// `round` beside what was done; a failed scan does not keep what was found before from being contained.
    pub(crate) async fn round(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        progress: &(dyn Fn(Progress) + Sync),
        round: &mut Round,
    ) {
        let failed = || format!("Org {}", self.alias);
        if let Err(error) = self.watch(workplace, rules, progress, round).await {
            round.fail(error.context(failed()));
        }
        let acted = match &self.revoker {
            Some(revoker) => self.act(workplace, rules, revoker, round).await,
            None => self.only_tell(workplace, rules, round).await,
        };
        if let Err(error) = acted {
            round.fail(error.context(failed()));
        }
    }

    async fn watch(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        progress: &(dyn Fn(Progress) + Sync),
        round: &mut Round,
    ) -> anyhow::Result<()> {
        let store = workplace.store.as_ref();
        let outbox = LocalOutbox::new(store);
        let scan = self.scan(store, &outbox);
        loop {
            let scanned = scan.step(progress).await?;
            round.logins += scanned.logins;
            round.late += scanned.late;
            round.rejected += scanned.rejected;
            round.blind = scanned.blind;
            round.unseen = scanned.unseen;
            round.off = scanned.off;
            store.write(vec![store::register(&scanned.org, &self.alias)]).await?;
            evaluate_all(store, &outbox, rules, &scanned.org, &mut round.raised).await?;
            if scanned.caught_up {
                return Ok(());
            }
        }
    }

    fn scan<'a>(&'a self, store: &'a dyn store::Store, outbox: &'a LocalOutbox<'a>) -> Scan<'a> {
        Scan { salesforce: &self.scanner, store, outbox, clock: &SystemClock, own: &self.own }
    }

    /// Lets one step of the history teach that was not learned before judging began.
    pub(crate) async fn teach(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> anyhow::Result<Taught> {
        let store = workplace.store.as_ref();
        let outbox = LocalOutbox::new(store);
        let teach = async || -> anyhow::Result<Taught> {
            let step = self.scan(store, &outbox).back_fill(progress).await?;
            evaluate_all(store, &outbox, rules, &self.id().await?, &mut Vec::new()).await?;
            Ok(if matches!(step, BackFill::Taught { .. }) { Taught::More } else { Taught::NoMore })
        };
        teach().await.with_context(|| format!("Org {}: old history", self.alias))
    }

    async fn act(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        revoker: &Salesforce,
        round: &mut Round,
    ) -> anyhow::Result<()> {
        let org = self.id().await?;
        let token_key = token_key(workplace.store.as_ref(), &org).await?;
        let own_users = [self.own_user(revoker).await?];
        let contain = containment(workplace, rules, revoker, &token_key, &own_users);
        let contained = contain_waiting(&contain, &org, &self.alias, round).await;
        match contain.tend(&org).await {
            Ok(changed) => round.containments.extend(changed),
            Err(error) => round.fail(anyhow::Error::new(error).context(format!("Org {}", self.alias))),
        }
        self.note(contain.notify(&org, &workplace.notifier()).await, round);
        if let Err(error) = anchor(workplace, &org).await {
            round.warnings.push(format!("Org {}: {error:#}", self.alias));
        }
        Ok(contained?)
    }

    /// Where nobody may act, what was found is told. It waits on for a process that may.
    async fn only_tell(&self, workplace: &Workplace, rules: &Rules, round: &mut Round) -> anyhow::Result<()> {
        let (store, org) = (workplace.store.as_ref(), self.scanner.org_id().await?);
        let (salesforce, policy) = (&self.scanner, &rules.policy);
        let tell = Tell { store, salesforce, policy, clock: &SystemClock };
        for finding in &round.raised {
            tell.seen(finding).await?;
        }
        Upkeep { store, salesforce, policy, clock: &SystemClock }.do_what_is_due(&org).await;
        self.note(tell.notify_of_findings(&org, &workplace.notifier()).await, round);
        if let Err(error) = anchor(workplace, &org).await {
            round.warnings.push(format!("Org {}: {error:#}", self.alias));
        }
        Ok(())
    }

    /// What was not told is a warning: it waits on.
    fn note(&self, notified: Result<Notified, ContainError>, round: &mut Round) {
        let failed = match notified {
            Ok(notified) => notified.failed.into_iter().map(anyhow::Error::new).collect(),
            Err(error) => vec![anyhow::Error::new(error)],
        };
        round.warnings.extend(failed.iter().map(|error| format!("Org {}: {error:#}", self.alias)));
    }

    /// As whom the scanner reads, even while it cannot log in: it is never contained.
    async fn own_user(&self, revoker: &Salesforce) -> anyhow::Result<UserId> {
        match (self.scanner.own_user().await, &self.scanner_name) {
            (Ok(user), _) => Ok(user),
            (Err(error), Some(name)) => Ok(revoker.user_named(name).await?.ok_or(error)?.id),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Goes on with what people have agreed to or refused; answers what has changed.
    pub(crate) async fn tend(
        &self,
        workplace: &Workplace,
        rules: &Rules,
    ) -> anyhow::Result<Vec<Containment>> {
        let revoker = self.revoker.as_ref().context("The connection document has no revoker")?;
        let org = self.id().await?;
        let token_key = token_key(workplace.store.as_ref(), &org).await?;
        let own_users = [self.own_user(revoker).await?];
        let contain = containment(workplace, rules, revoker, &token_key, &own_users);
        Ok(contain.tend(&org).await?)
    }

    /// Gives a user's access back, or says who took it.
    pub(crate) async fn release(
        &self,
        workplace: &Workplace,
        asked: &Release,
        apply: Apply,
    ) -> anyhow::Result<GivenBack> {
        let revoker = self.revoker.as_ref().context("The connection document has no revoker")?;
        // It names no token, and asks no policy: who froze the account decides.
        let token_key = TokenHashKey::generate().context("This machine gives no randomness")?;
        let rules = Rules::load(None)?;
        let own_users = [self.own_user(revoker).await?];
        Ok(containment(workplace, &rules, revoker, &token_key, &own_users).release(asked, apply).await?)
    }

    /// Contains because a person asks for it, or shows what that would mean.
    pub(crate) async fn contain(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        request: Request,
        apply: Apply,
    ) -> anyhow::Result<Containment> {
        let revoker = self.revoker.as_ref().context("The connection document has no revoker")?;
        let token_key = match apply {
            Apply::Act => token_key(workplace.store.as_ref(), &request.org_id).await?,
            // A plan leaves no trace.
            Apply::Plan => TokenHashKey::generate().context("This machine gives no randomness")?,
        };
        let own_users = [self.own_user(revoker).await?];
        let contain = containment(workplace, rules, revoker, &token_key, &own_users);
        Ok(contain.contain(request, apply).await?)
    }
}

fn containment<'a>(
    workplace: &'a Workplace,
    rules: &'a Rules,
    salesforce: &'a Salesforce,
    token_key: &'a TokenHashKey,
    own_users: &'a [UserId],
) -> Contain<'a> {
    let (store, policy) = (workplace.store.as_ref(), &rules.policy);
    Contain {
        store,
        salesforce,
        policy,
        clock: &SystemClock,
        token_key,
        own_users,
        pauses: Pauses::default(),
    }
}

async fn evaluate_all(
    store: &dyn store::Store,
    outbox: &LocalOutbox<'_>,
    rules: &Rules,
    org: &OrgId,
    raised: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let (policy, detections) = (&rules.policy, rules.detections.as_slice());
    for told in rules.packs.refresh(SystemClock.now()) {
        output::warn(&told);
    }
    let memory = Memory::default();
    let evaluate =
        Evaluate { store, memory: &memory, policy, detections, origins: &rules.packs, clock: &SystemClock };
    loop {
        let waiting = outbox.next(Queue::Observations, org, MESSAGES).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        raised.extend(evaluate.evaluate(waiting).await?.raised);
    }
}

/// Signs the head of an org's evidence and keeps it beside the store.
pub(crate) async fn anchor(workplace: &Workplace, org: &OrgId) -> anyhow::Result<()> {
    let sign = async || -> anyhow::Result<()> {
        if let Some(head) = Ledger::new(workplace.store.as_ref(), org.clone()).head().await? {
            workplace.signer()?.sign(&head).write(&workplace.head_file(org))?;
        }
        Ok(())
    };
    sign().await.context("The evidence is kept, but its head could not be signed and put beside the store")
}
