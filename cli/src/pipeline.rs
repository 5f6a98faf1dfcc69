//! The three stages in one process, one org at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use futures::Stream;
use jiff::Timestamp;
use session_warden::clock::SystemClock;
use session_warden::containment::{Containment, Outcome, Pauses, Request};
use session_warden::detection::Finding;
use session_warden::evidence::Ledger;
use session_warden::messages::FindingRaised;
use session_warden::observation::{Login, OrgId, User, UserId};
use session_warden::salesforce::{Connection, Page, Role, Salesforce, SalesforceError, TokenHashKey};
use session_warden::stages::{Apply, Contain, Evaluate, Progress, Scan};
use session_warden::store::{self, LocalOutbox, Queue};

use crate::exit::Exit;
use crate::workplace::{Rules, Workplace};

/// Messages evaluated in one go: profiles are written once for all of them.
const MESSAGES: usize = 24;

/// One org, as both identities see it.
pub(crate) struct Org {
    /// How the operator calls it.
    pub(crate) alias: String,
    own: Vec<String>,
    scanner: Salesforce,
    revoker: Option<Salesforce>,
}

/// What a round came to.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Logins read.
    pub(crate) logins: u64,
    /// Rows set aside.
    pub(crate) rejected: u64,
    /// Findings that are new or have escalated.
    pub(crate) raised: Vec<Finding>,
    /// What was contained, or why not.
    pub(crate) containments: Vec<Containment>,
    /// What could not be seen.
    pub(crate) blind: Vec<String>,
}

impl Org {
    /// Prepares to speak to an org; nothing is sent yet.
    pub(crate) fn connect(connection: &Connection, http: &reqwest::Client) -> anyhow::Result<Self> {
        let client = |role| Salesforce::new(connection, role, http.clone(), Arc::new(SystemClock));
        let revoker = connection.identity(Role::Revoker).map(|_| client(Role::Revoker)).transpose()?;
        let (alias, own) = (connection.org_alias.clone(), connection.usernames());
        Ok(Self { alias, own, scanner: client(Role::Scanner)?, revoker })
    }

    /// Whether there is no identity that may act.
    pub(crate) fn cannot_contain(&self) -> bool {
        self.revoker.is_none()
    }

    /// The org's id.
    pub(crate) async fn id(&self) -> anyhow::Result<OrgId> {
        Ok(self.scanner.org_id().await?)
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
        if user.contains('@') {
            return Ok(self.scanner.user_named(user).await?);
        }
        Ok(self.scanner.users(&[UserId::new(user)]).await?.pop())
    }

    /// Scans until the present, evaluates what was seen, and contains what the policy asks for.
    pub(crate) async fn round(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> anyhow::Result<Round> {
        let failed = || format!("Org {}", self.alias);
        let mut round = Round::default();
        let org = self.watch(workplace, rules, progress, &mut round).await.with_context(failed)?;
        if let Some(revoker) = &self.revoker {
            self.act(workplace, rules, revoker, &org, &mut round).await.with_context(failed)?;
        }
        Ok(round)
    }

    async fn watch(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        progress: &(dyn Fn(Progress) + Sync),
        round: &mut Round,
    ) -> anyhow::Result<OrgId> {
        let store = workplace.store.as_ref();
        let outbox = LocalOutbox::new(store);
        let scan =
            Scan { salesforce: &self.scanner, store, outbox: &outbox, clock: &SystemClock, own: &self.own };
        loop {
            let scanned = scan.step(progress).await?;
            store.write(vec![store::register(&scanned.org, &self.alias)]).await?;
            round.logins += scanned.logins;
            round.rejected += scanned.rejected;
            round.raised.extend(evaluate_all(store, &outbox, rules, &scanned.org).await?);
            if scanned.caught_up {
                round.blind = scanned.blind;
                return Ok(scanned.org);
            }
        }
    }

    async fn act(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        revoker: &Salesforce,
        org: &OrgId,
        round: &mut Round,
    ) -> anyhow::Result<()> {
        let store = workplace.store.as_ref();
        let outbox = LocalOutbox::new(store);
        let token_key = workplace.token_key(org).await?;
        let own_users = [self.scanner.own_user().await?];
        let contain = containment(workplace, rules, revoker, &token_key, &own_users);
        loop {
            let waiting = outbox.next(Queue::Findings, org, 1).await?;
            let Some(message) = waiting.into_iter().next() else { break };
            let raised: FindingRaised =
                serde_json::from_value(message.body).context("Failed to read a message")?;
            round.containments.extend(contain.contain_finding(&raised, message.done).await?);
        }
        anchor(workplace, org).await
    }

    /// Contains one user because a person asks for it, or shows what that would mean.
    pub(crate) async fn contain(
        &self,
        workplace: &Workplace,
        rules: &Rules,
        request: Request,
        apply: Apply,
    ) -> anyhow::Result<Containment> {
        let revoker = self.revoker.as_ref().context("The connection document has no revoker")?;
        let token_key = workplace.token_key(&request.org_id).await?;
        let own_users = [self.scanner.own_user().await?];
        Ok(containment(workplace, rules, revoker, &token_key, &own_users).contain(request, apply).await?)
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

impl Round {
    /// The last version of each finding that was raised.
    pub(crate) fn last_versions(&self) -> Vec<Finding> {
        let last: BTreeMap<_, _> = self.raised.iter().map(|finding| (&finding.finding_id, finding)).collect();
        last.into_values().cloned().collect()
    }

    /// How a round ends by itself.
    pub(crate) fn exit(&self) -> Exit {
        if !self.blind.is_empty() {
            Exit::Blind
        } else if self.raised.is_empty()
            && self.containments.iter().all(|c| c.outcome == Some(Outcome::Contained))
        {
            Exit::Clean
        } else {
            Exit::Findings
        }
    }
}

async fn evaluate_all(
    store: &dyn store::Store,
    outbox: &LocalOutbox<'_>,
    rules: &Rules,
    org: &OrgId,
) -> anyhow::Result<Vec<Finding>> {
    let (policy, detections) = (&rules.policy, rules.detections.as_slice());
    let evaluate = Evaluate { store, outbox, policy, detections, clock: &SystemClock };
    let mut raised = Vec::new();
    loop {
        let waiting = outbox.next(Queue::Observations, org, MESSAGES).await?;
        if waiting.is_empty() {
            return Ok(raised);
        }
        raised.extend(evaluate.evaluate(waiting).await?.raised);
    }
}

/// Signs the head of an org's evidence and keeps it beside the store.
pub(crate) async fn anchor(workplace: &Workplace, org: &OrgId) -> anyhow::Result<()> {
    if let Some(head) = Ledger::new(workplace.store.as_ref(), org.clone()).head().await? {
        workplace.signer()?.sign(&head).write(&workplace.head_file(org))?;
    }
    Ok(())
}
