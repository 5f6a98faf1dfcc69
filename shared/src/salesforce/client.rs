//! One identity on one org: its token, its requests, its repetitions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;

use super::ability::Ability;
use super::budget::ApiBudget;
pub(super) use super::call::Call;
use super::connection::{Connection, Role};
use super::describe::Descriptions;
use super::error::SalesforceError;
use super::http::{Answer, Body, TOTAL_TIMEOUT, begin};
use super::lanes::Lanes;
use super::learned_fields::LearnedFields;
use super::own_user::SeenFree;
use super::query_job::Left;
use super::refusal;
use super::retry::{RETRIES, TOKEN_RETRIES, persist};
use super::token_request::{Grant, OBJECT, TokenRequest};
use super::usage::{ApiUsage, Meter};
use crate::clock::Clock;
use crate::observation::{OrgId, UserId};

/// For a body that is read as it comes, also while others are given before it.
const LONG_BODY: Duration = Duration::from_mins(15);
/// Query jobs to each lane.
const JOBS: usize = 2;

/// A token on its way. Whoever waits for it drives it: a caller whom nobody polls any more, as one of several
/// slices of which another is being read, keeps nobody waiting.
type Minting = Shared<Minted>;
type Minted = BoxFuture<'static, Result<Arc<Grant>, SalesforceError>>;

/// The token that requests carry.
#[derive(Default)]
enum Held {
    #[default]
    Nothing,
    /// Where nobody waits for it any more another is asked for: half an exchange is not gone on with.
    Coming(WeakShared<Minted>),
    There(Arc<Grant>),
}

/// What requests go through, and what is counted of them.
struct Line {
    http: Client,
    clock: Arc<dyn Clock>,
    meter: Meter,
}

/// One identity on one org. Keeps its access token, and is shared by reference: many callers mint one token.
pub struct Salesforce {
    line: Arc<Line>,
    request: Arc<TokenRequest>,
    api_version: String,
    /// The percentage of the daily API calls that this identity leaves alone.
    reserve_percent: u8,
    grant: Mutex<Held>,
    lanes: Lanes,
    /// Whether Salesforce has refused to answer several readings in one call.
    pub(super) alone: AtomicBool,
    /// Whether the org has turned out to run no query jobs over the login history.
    pub(super) without_jobs: AtomicBool,
    /// Query jobs that were made and are not read to their end.
    pub(super) open_jobs: Mutex<BTreeMap<String, Left>>,
    /// How many seconds of login history Salesforce can count at once, where it turned out that it cannot count all; 0 before.
    pub(super) countable: AtomicI64,
    pub(super) seen_free: SeenFree,
    pub(super) descriptions: Descriptions,
    pub(super) learned_fields: LearnedFields,
    /// What the operator does without.
    pub(super) off: BTreeSet<Ability>,
}

impl Salesforce {
    /// Takes up a role; nothing is sent yet.
    ///
    /// # Errors
    /// [`SalesforceError::Configuration`] when the document does not hold the role's identity, or its key is no key.
    pub fn new(
        connection: &Connection,
        role: Role,
        http: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SalesforceError> {
        let refused = |reason: String| SalesforceError::Configuration {
            org_alias: connection.org_alias.clone(),
            role,
            reason,
        };
        let identity = connection.identity(role).ok_or_else(|| refused(absent(role)))?;
        Ok(Self {
            line: Arc::new(Line { http, clock, meter: Meter::default() }),
            request: Arc::new(TokenRequest::new(connection, identity).map_err(refused)?),
            api_version: connection.api_version.clone(),
            reserve_percent: match role {
                Role::Scanner => connection.api_reserve_percent,
                Role::Revoker => 0,
            },
            grant: Mutex::default(),
            lanes: Lanes::default(),
            alone: AtomicBool::new(false),
            without_jobs: AtomicBool::new(false),
            open_jobs: Mutex::default(),
            countable: AtomicI64::default(),
            seen_free: SeenFree::default(),
            descriptions: Descriptions::default(),
            learned_fields: LearnedFields::default(),
            off: match role {
                Role::Scanner => connection.off.clone(),
                // Nobody is called contained by an identity that does not look.
                Role::Revoker => BTreeSet::new(),
            },
        })
    }

    /// The org, from the token answer.
    pub async fn org_id(&self) -> Result<OrgId, SalesforceError> {
        Ok(self.grant().await?.org.clone())
    }

    /// The user this identity is, from the token answer.
    pub async fn own_user(&self) -> Result<UserId, SalesforceError> {
        Ok(self.grant().await?.user.clone())
    }

    /// What this client has cost so far.
    pub fn usage(&self) -> ApiUsage {
        self.line.meter.usage()
    }

    /// The org's API calls as Salesforce last told them, and what of them this identity may use; `None` before the
    /// first answer.
    pub fn budget(&self) -> Option<ApiBudget> {
        let usage = self.line.meter.usage();
        Some(ApiBudget::new(usage.used?, usage.allowed?, self.reserve_percent))
    }

    /// How far Salesforce's clock is ahead of this machine's, from the `Date` of the last answer; right to about two
    /// seconds. `None` before the first answer.
    pub fn server_clock_skew(&self) -> Option<SignedDuration> {
        self.line.meter.skew()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.line.clock.now()
    }

    /// What Salesforce's clock says, right to about two seconds.
    pub(crate) fn server_now(&self) -> Timestamp {
        let (now, ahead) = (self.line.clock.now(), self.server_clock_skew().unwrap_or_default());
        now.checked_add(ahead).unwrap_or(now)
    }

    /// How many slices of history are read at once: 4; fewer while Salesforce complains that too much runs in the org,
    /// and one while the API calls of the day run low.
    pub fn lanes(&self) -> usize {
        let is_low = self.budget().is_some_and(|budget| budget.stretch() > 1);
        if is_low { 1 } else { self.lanes.open() }
    }

    /// How many query jobs run at once, ahead of those that are read: an org takes its time to run one, and to wait is no request.
    pub fn jobs(&self) -> usize {
        JOBS * self.lanes()
    }

    /// A path under this API version.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/services/data/v{}/{rest}", self.api_version)
    }

    /// Sends a call and returns the body of its success. A session that has ended is replaced once.
    pub(super) async fn send(&self, call: &Call) -> Result<Vec<u8>, SalesforceError> {
        self.send_and_read(call, Ok).await
    }

    /// Sends a call and reads its success; an answer that turns out to be cut off is asked for again.
    pub(super) async fn send_and_read<T>(
        &self,
        call: &Call,
        read: impl Fn(Vec<u8>) -> Result<T, SalesforceError>,
    ) -> Result<T, SalesforceError> {
        self.send_and_look(call, |answer| read(answer.body)).await
    }

    /// As [`send_and_read`](Self::send_and_read), where also what stands above the body is of interest.
    pub(super) async fn send_and_look<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, SalesforceError>,
    ) -> Result<T, SalesforceError> {
        let grant = self.grant().await?;
        match persist(RETRIES, || async { read(self.attempt(call, &grant).await?) }).await {
            Err(error) if error.session_has_ended() => {
                let grant = self.renewed(&grant).await?;
                persist(RETRIES, || async { read(self.attempt(call, &grant).await?) }).await
            }
            outcome => outcome,
        }
    }

    /// Sends a call whose body is read as it comes, for longer than other answers may take. What breaks after its head is not
    /// asked for again.
    pub(super) async fn send_and_begin(&self, call: &Call) -> Result<(Answer, Body), SalesforceError> {
        let grant = self.grant().await?;
        match persist(RETRIES, || self.begin_alone(call, &grant)).await {
            Err(error) if error.session_has_ended() => {
                let grant = self.renewed(&grant).await?;
                persist(RETRIES, || self.begin_alone(call, &grant)).await
            }
            outcome => outcome,
        }
    }

    async fn begin_alone(&self, call: &Call, grant: &Grant) -> Result<(Answer, Body), SalesforceError> {
        self.line.meter.claim(self.reserve_percent, self.line.clock.now(), call.object)?;
        let request = call.build(&self.line.http, grant).timeout(LONG_BODY);
        let (answer, body) = within_a_minute(call.object, self.line.begun(request, call.object)).await?;
        if (200..300).contains(&answer.status) {
            self.lanes.answered();
            return Ok((answer, body));
        }
        let body = within_a_minute(call.object, body.whole()).await?;
        Err(self.refused(call.object, answer.status, &body))
    }

    async fn attempt(&self, call: &Call, grant: &Grant) -> Result<Answer, SalesforceError> {
        match self.shared_answer(call).await {
            Some(answer) => answer.map(|body| Answer { status: 200, body, ..Answer::default() }),
            None => self.attempt_alone(call, grant).await,
        }
    }

    pub(super) async fn attempt_alone(&self, call: &Call, grant: &Grant) -> Result<Answer, SalesforceError> {
        self.line.meter.claim(self.reserve_percent, self.line.clock.now(), call.object)?;
        let answer = self.line.metered(call.build(&self.line.http, grant), call.object).await?;
        if (200..300).contains(&answer.status) {
            self.lanes.answered();
            return Ok(answer);
        }
        Err(self.refused(call.object, answer.status, &answer.body))
    }

    /// Reads a refusal, and takes note of what it says about limits.
    pub(super) fn refused(&self, object: &str, status: u16, body: &[u8]) -> SalesforceError {
        let error = refusal::read(object, status, body);
        match error {
            SalesforceError::RequestLimit { .. } => self.line.meter.note_exhausted(self.line.clock.now()),
            SalesforceError::TooManyAtOnce { .. } => self.lanes.complained(),
            _ => {}
        }
        error
    }

    /// Sends a form to an OAuth endpoint of the instance, without the access token. No error repeats the answer's body, which may
    /// repeat the form.
    pub(super) async fn post_form(
        &self,
        path: &str,
        form: &[(&str, &str)],
        object: &'static str,
    ) -> Result<Answer, SalesforceError> {
        let grant = self.grant().await?;
        persist(RETRIES, || async {
            let request = self.line.http.post(grant.instance.at(path)).form(form);
            let answer = self.line.metered(request, object).await?;
            if answer.status >= 420 {
                return Err(refusal::read(object, answer.status, b""));
            }
            Ok(answer)
        })
        .await
    }

    pub(super) async fn grant(&self) -> Result<Arc<Grant>, SalesforceError> {
        let minting = match self.there_or_coming() {
            Ok(there) => return Ok(there),
            Err(minting) => minting,
        };
        let minted = minting.clone().await;
        let mut held = self.held();
        if let Held::Coming(coming) = &*held
            && coming.upgrade().is_some_and(|coming| coming.ptr_eq(&minting))
        {
            *held = minted.as_ref().map_or(Held::Nothing, |grant| Held::There(Arc::clone(grant)));
        }
        drop(held);
        minted
    }

    /// `Err` holds the token that is on its way.
    fn there_or_coming(&self) -> Result<Arc<Grant>, Minting> {
        let mut held = self.held();
        let coming = match &*held {
            Held::There(there) => return Ok(Arc::clone(there)),
            Held::Coming(coming) => coming.upgrade(),
            Held::Nothing => None,
        };
        Err(coming.unwrap_or_else(|| {
            let minting = mint(Arc::clone(&self.line), Arc::clone(&self.request)).boxed().shared();
            *held = minting.downgrade().map_or(Held::Nothing, Held::Coming);
            minting
        }))
    }

    /// Replaces a grant whose session has ended, unless another caller already did.
    async fn renewed(&self, ended: &Arc<Grant>) -> Result<Arc<Grant>, SalesforceError> {
        {
            let mut held = self.held();
            if matches!(&*held, Held::There(there) if Arc::ptr_eq(there, ended)) {
                *held = Held::Nothing;
            }
        }
        self.grant().await
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.grant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    async fn metered(
        &self,
        request: reqwest::RequestBuilder,
        object: &'static str,
    ) -> Result<Answer, SalesforceError> {
        let (answer, body) = self.begun(request, object).await?;
        let body = body.whole().await?;
        tracing::debug!(object, status = answer.status, bytes = body.len(), "Salesforce answered");
        Ok(Answer { body, ..answer })
    }

    async fn begun(
        &self,
        request: reqwest::RequestBuilder,
        object: &'static str,
    ) -> Result<(Answer, Body), SalesforceError> {
        self.meter.count_call();
        let (answer, body) = begin(request, object, &*self.clock).await?;
        self.meter.note(answer.limit_info.as_deref(), answer.date, answer.came);
        Ok((answer, body))
    }
}

/// What reads a body as it comes may take longer; all else may not.
async fn within_a_minute<T>(
    object: &str,
    work: impl Future<Output = Result<T, SalesforceError>>,
) -> Result<T, SalesforceError> {
    tokio::time::timeout(TOTAL_TIMEOUT, Box::pin(work)).await.unwrap_or_else(|_| {
        let (object, seconds) = (object.to_owned(), TOTAL_TIMEOUT.as_secs());
        Err(SalesforceError::TimedOut { object, seconds })
    })
}

async fn mint(line: Arc<Line>, request: Arc<TokenRequest>) -> Result<Arc<Grant>, SalesforceError> {
    persist(TOKEN_RETRIES, || async {
        line.meter.count_token_request();
        let answer = line.metered(request.build(&line.http, line.clock.now())?, OBJECT).await?;
        request.read(&answer).map(Arc::new)
    })
    .await
}

fn absent(role: Role) -> String {
    match role {
        Role::Scanner => "the document has no `scanner`; add the identity that reads".to_owned(),
        Role::Revoker => {
            "the document has no `revoker`, so nothing can be contained; add the identity that may end sessions"
                .to_owned()
        }
    }
}

impl fmt::Debug for Salesforce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Salesforce").field("usage", &self.usage()).finish_non_exhaustive()
    }
}
