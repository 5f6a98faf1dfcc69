//! Where a command works: the store, the policy, and the keys that lie beside the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use session_warden::clock::{Clock, SystemClock};
use session_warden::detection::{Detection, catalogue};
use session_warden::evidence::{HeadSigner, PublicKey};
use session_warden::observation::OrgId;
use session_warden::own_rules::read_all;
use session_warden::packs::Packs;
use session_warden::policy::{Mode, Policy, PolicyError, PolicyFault, PolicyText};
use session_warden::salesforce::Connection;
use session_warden::settings;
use session_warden::store::{self, Store, StoreLocation};

use crate::arguments::{OwnRulesOptions, StoreOptions};
use crate::notifying::{LocalNotifier, NotifyOptions};
use crate::output;

/// The store, and where its signed heads lie.
pub(crate) struct Workplace {
    /// What is remembered.
    pub(crate) store: Arc<dyn Store>,
    beside: PathBuf,
    notify: NotifyOptions,
}

/// A policy with the detections that run under it.
pub(crate) struct Rules {
    /// What was decided.
    pub(crate) policy: Policy,
    /// What runs.
    pub(crate) detections: Vec<Box<dyn Detection>>,
    /// What is known of addresses.
    pub(crate) packs: Packs,
}

impl Workplace {
    /// Opens the store that was named, or the one that all commands share.
    pub(crate) async fn open(options: &StoreOptions) -> anyhow::Result<Self> {
        let location = match &options.store {
            Some(text) => StoreLocation::parse(text)?,
            None => StoreLocation::default_in(&settings::state_directory()?),
        };
        Self::at(&location).await
    }

    /// Opens the store for those who only look: none is made. `None` where there is not yet the one that all commands share; that
    /// one which was named is not there is an error.
    pub(crate) async fn if_there(options: &StoreOptions) -> anyhow::Result<Option<Self>> {
        let location = match &options.store {
            Some(text) => StoreLocation::parse(text)?,
            None => StoreLocation::default_in(&settings::state_directory()?),
        };
        match &location {
            StoreLocation::Sqlite(path) if !path.try_exists()? => match options.store {
                Some(_) => bail!("there is no store {location}: check its path; `warden run` makes one"),
                None => Ok(None),
            },
            location => Self::at(location).await.map(Some),
        }
    }

    /// Opens the store for those who work on what stands in it: that one which was named is not there is an error, and a store with
    /// nothing in it would hide it.
    pub(crate) async fn existing(options: &StoreOptions) -> anyhow::Result<Self> {
        match Self::if_there(options).await? {
            Some(there) => Ok(there),
            None => Self::open(options).await,
        }
    }

    /// Opens a store.
    pub(crate) async fn at(location: &StoreLocation) -> anyhow::Result<Self> {
        let beside = match location {
            StoreLocation::Sqlite(path) => path.parent().unwrap_or(Path::new(".")).to_owned(),
            StoreLocation::DynamoDb(_) | StoreLocation::Memory => settings::state_directory()?,
        };
        Ok(Self { store: location.open().await?, beside, notify: NotifyOptions::default() })
    }

    /// Tells people as was asked for.
    pub(crate) fn telling(self, notify: &NotifyOptions) -> Self {
        Self { notify: notify.clone(), ..self }
    }

    /// How people are told.
    pub(crate) fn notifier(&self) -> LocalNotifier {
        LocalNotifier::new(&self.beside, &self.notify)
    }

    /// The orgs that the store knows.
    pub(crate) async fn orgs(&self) -> anyhow::Result<Vec<OrgId>> {
        Ok(store::orgs(self.store.as_ref()).await?)
    }

    /// Signs heads with the key beside the store, made once.
    pub(crate) fn signer(&self) -> anyhow::Result<HeadSigner> {
        Ok(HeadSigner::load_or_create(&self.key_file())?)
    }

    /// The key that heads must be signed with: the one beside the store, if it is there.
    pub(crate) fn public_key(&self) -> anyhow::Result<Option<PublicKey>> {
        let file = self.key_file();
        let is_there = file.try_exists().with_context(|| format!("Failed to look for {}", file.display()))?;
        is_there.then(|| Ok(self.signer()?.public_key())).transpose()
    }

    /// Where the key that signs heads lies.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.beside.join("head-signing-key.pk8")
    }

    /// Where the signed head of an org's chain lies.
    pub(crate) fn head_file(&self, org: &OrgId) -> PathBuf {
        self.beside.join(format!("head-{org}.json"))
    }
}

impl Rules {
    /// Reads a policy file; without one the defaults are in force, under which nothing acts.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self::under(policy_text(file)?.policy))
    }

    /// Reads a policy file with the data packs and the own rules that it declares, and those that are named beside it.
    pub(crate) fn whole(file: Option<&Path>, named: &OwnRulesOptions) -> anyhow::Result<Self> {
        let text = policy_text(file)?;
        let own = own_rules(&text, file, named)?;
        let mut rules = Self::under(text.policy).with_packs(file);
        let runs = |rule: &dyn Detection| rules.policy.mode_of(rule.about().id) != Mode::Off;
        let own: Vec<_> = own.into_iter().filter(|rule| runs(rule.as_ref())).collect();
        rules.detections.extend(own);
        Ok(rules)
    }

    /// Reads the data packs that the policy of a file declares. One that cannot be used, or is too old, is told.
    fn with_packs(mut self, file: Option<&Path>) -> Self {
        let (packs, wrong) = Packs::load(&self.policy.packs, folder(file));
        for (_, error) in wrong {
            output::warn(&error.to_string());
        }
        let now = SystemClock.now();
        let states = packs.states(now);
        for warning in states.iter().flat_map(|state| state.warnings(now)) {
            output::warn(&warning);
        }
        self.packs = packs;
        self
    }

    /// The detections that run under a policy.
    pub(crate) fn under(policy: Policy) -> Self {
        let detections = catalogue(&policy);
        Self { policy, detections, packs: Packs::default() }
    }
}

/// Reads a policy with its text; without a file it is the default.
pub(crate) fn policy_text(file: Option<&Path>) -> anyhow::Result<PolicyText> {
    let Some(path) = file else { return Ok(PolicyText::parse("{}")?) };
    PolicyText::parse(&read_text(path)?).with_context(|| format!("{}", path.display()))
}

/// The rules that a policy declares, and those that a command names. Whatever the policy says of a rule must be about one of
/// them; otherwise the error is the policy's.
pub(crate) fn own_rules(
    text: &PolicyText,
    file: Option<&Path>,
    named: &OwnRulesOptions,
) -> anyhow::Result<Vec<Box<dyn Detection>>> {
    let mut files = text.policy.own_rules.paths(folder(file));
    let declared = files.len();
    files.extend(named.rules.iter().cloned());
    let rules = read_all(&files).map_err(|(number, error)| {
        let key = format!("own_rules.files[{}]", number + 1);
        let Some(line) = text.line(&key).filter(|_| number < declared) else { return anyhow!(error) };
        let fault = PolicyFault { line, key, problem: error.to_string(), did_you_mean: None };
        PolicyError::Wrong(vec![fault]).into()
    })?;
    let cards: Vec<_> = rules.iter().map(|rule| rule.about()).collect();
    let unknown = text.unknown_rules(&cards);
    if unknown.is_empty() { Ok(rules) } else { Err(PolicyError::Wrong(unknown).into()) }
}

/// Where the paths that a policy names begin.
pub(crate) fn folder(policy: Option<&Path>) -> &Path {
    policy.and_then(Path::parent).unwrap_or(Path::new(""))
}

/// Reads a connection document.
pub(crate) fn connection(name: &str) -> anyhow::Result<Connection> {
    if name.starts_with("secretsmanager:") {
        bail!(
            "`{name}`: this command reads connection documents from files; Secrets Manager is read by the functions"
        );
    }
    let json = read_text(Path::new(name))?;
    Connection::parse(&json).with_context(|| format!("The connection document {name}"))
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("Failed to read {}", path.display()))
}
