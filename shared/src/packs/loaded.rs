//! All packs that a policy declares, held against observations.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use jiff::Timestamp;

use super::expiry::Expiry;
use super::list::List;
use super::mmdb::Database;
use super::{Manifest, NetworkPack, PackError};
use crate::detection::Sensor;
use crate::indicators::{RejectedEntries, Seen};
use crate::observation::{
    ListKind, Listing, Observation, Origin, Origins, Place, ProviderKind, Text, Validity,
};
use crate::policy::{DeclaredPack, PackKind};

/// The packs that a policy declares. A file that is replaced while a process runs is read anew by [`Packs::refresh`].
#[derive(Debug, Default)]
pub struct Packs {
    loaded: RwLock<Vec<Loaded>>,
}

#[derive(Debug)]
struct Loaded {
    declared: DeclaredPack,
    file: PathBuf,
    version: Version,
    expiry: Expiry,
    content: Content,
}

/// By which a file that was replaced is told from the one before.
type Version = (Option<SystemTime>, u64);

#[derive(Debug)]
enum Content {
    Networks(NetworkPack),
    Database(Database),
    List(Box<List>),
}

/// How a pack stands, for people.
#[derive(Debug, Clone)]
pub struct PackState {
    /// Its name in the policy.
    pub name: String,
    /// What kind of pack.
    pub kind: PackKind,
    /// Its file.
    pub file: PathBuf,
    /// From when its data are.
    pub as_of: Timestamp,
    /// From when on it informs and decides nothing.
    pub ends: Timestamp,
    /// How many entries are used, or ranges are told apart; `None` for a MaxMind database.
    pub entries: Option<usize>,
    /// How many entries are over by their own word.
    pub over: usize,
    /// Entries that cannot be used.
    pub rejected: RejectedEntries,
    /// What a network pack says of itself.
    pub manifest: Option<Manifest>,
    /// What a MaxMind database says it is.
    pub database: Option<String>,
}

impl Packs {
    /// Reads packs. Paths that are not absolute start at `folder`, where the policy lies. One that cannot be used is left
    /// out, and told with its number in the list.
    pub fn load(declared: &[DeclaredPack], folder: &Path) -> (Self, Vec<(usize, PackError)>) {
        let (mut loaded, mut wrong) = (Vec::new(), Vec::new());
        for (number, declared) in declared.iter().enumerate() {
            match Loaded::read(declared, folder.join(&declared.path)) {
                Ok(pack) => loaded.push(pack),
                Err(error) => wrong.push((number, error)),
            }
        }
        (Self { loaded: RwLock::new(loaded) }, wrong)
    }

    /// Reads anew what was replaced since. A new file that cannot be used leaves the old one in force.
    pub fn refresh(&self) -> Vec<PackError> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let mut wrong = Vec::new();
        for pack in loaded.iter_mut().filter(|pack| version(&pack.file) != pack.version) {
            match Loaded::read(&pack.declared, pack.file.clone()) {
                Ok(newer) => *pack = newer,
                Err(error) => wrong.push(error),
            }
        }
        wrong
    }

    /// Whether some pack has what a sensor stands for.
    pub fn supplies(&self, sensor: Sensor) -> bool {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.iter().any(|pack| pack.declared.kind.sensors().contains(&sensor))
    }

    /// How each pack stands.
    pub fn states(&self, now: Timestamp) -> Vec<PackState> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.iter().map(|pack| pack.state(now)).collect()
    }
}

impl Loaded {
    fn read(declared: &DeclaredPack, file: PathBuf) -> Result<Self, PackError> {
        let version = version(&file);
        let content = match declared.kind {
            PackKind::Networks => Content::Networks(NetworkPack::open(&file)?),
            PackKind::Mmdb => Content::Database(Database::open(&file)?),
            PackKind::Tor => Content::List(Box::new(List::read(&file, ListKind::Tor)?)),
            PackKind::Vpn => Content::List(Box::new(List::read(&file, ListKind::Vpn)?)),
            PackKind::Indicators => Content::List(Box::new(List::read(&file, ListKind::Indicators)?)),
        };
        let of_file = || version.0.and_then(|written| Timestamp::try_from(written).ok());
        let own = match &content {
            Content::Networks(pack) => Some(pack.manifest().as_of),
            Content::Database(database) => database.as_of(),
            Content::List(_) => None,
        };
        let as_of = declared.valid_from.or(own).or_else(of_file).unwrap_or_default();
        let (from, until, max_age) = (declared.valid_from, declared.valid_until, declared.max_age());
        let expiry = Expiry { as_of, from, until, max_age };
        Ok(Self { declared: declared.clone(), file, version, expiry, content })
    }

    fn state(&self, now: Timestamp) -> PackState {
        let mut state = PackState {
            name: self.declared.name.clone(),
            kind: self.declared.kind,
            file: self.file.clone(),
            as_of: self.expiry.as_of,
            ends: self.expiry.ends(),
            entries: None,
            over: 0,
            rejected: RejectedEntries::default(),
            manifest: None,
            database: None,
        };
        match &self.content {
            Content::Networks(pack) => {
                state.entries = Some(pack.ranges().into_iter().sum());
                state.manifest = Some(pack.manifest().clone());
            }
            Content::Database(database) => state.database = Some(database.kind().to_owned()),
            Content::List(list) => {
                state.entries = Some(list.len());
                state.over = list.over(now);
                state.rejected = list.rejected.clone();
            }
        }
        state
    }

    /// Adds what this pack knows. A provider is told by the first pack that knows one, a database before a network pack.
    fn tell(&self, seen: &Seen<'_>, time: Timestamp, origin: &mut Origin) {
        match &self.content {
            Content::List(list) => {
                list.find(&self.declared.name, seen, time, self.expiry, &mut origin.listed);
            }
            Content::Database(database) => {
                if let Some(row) = seen.address.and_then(|address| database.look_up(address)) {
                    let flags = [(row.is_tor, ListKind::Tor), (row.is_vpn, ListKind::Vpn)];
                    let flagged = flags.into_iter().filter(|(is_so, _)| *is_so);
                    origin.listed.extend(flagged.map(|(_, kind)| self.flag(kind, seen, time)));
                    fill(origin, row.asn, row.provider.as_deref(), row.kind);
                    origin.country = origin.country.or(row.country);
                }
            }
            Content::Networks(pack) => {
                if let Some(known) = seen.address.and_then(|address| pack.look_up(address)) {
                    fill(origin, known.asn, Some(known.name), known.kind);
                    origin.country = origin.country.or(known.country);
                }
            }
        }
    }

    fn flag(&self, kind: ListKind, seen: &Seen<'_>, time: Timestamp) -> Listing {
        Listing {
            list: self.declared.name.as_str().into(),
            kind,
            entry: seen.address.map(|address| address.to_string()).unwrap_or_default().into(),
            by_address: true,
            place: Text::default(),
            source: Text::default(),
            confidence: None,
            validity: self.expiry.at(time),
            until: Some(self.expiry.ends()),
        }
    }

    fn is_database(&self) -> bool {
        matches!(self.content, Content::Database(_))
    }
}

fn fill(origin: &mut Origin, asn: Option<u32>, provider: Option<&str>, kind: ProviderKind) {
    if origin.asn.is_none() && asn.is_some() {
        (origin.asn, origin.provider) = (asn, provider.unwrap_or_default().into());
    }
    if origin.kind == ProviderKind::Other {
        origin.kind = kind;
    }
}

fn version(file: &Path) -> Version {
    let about = std::fs::metadata(file).ok();
    (about.as_ref().and_then(|about| about.modified().ok()), about.map_or(0, |about| about.len()))
}

impl Origins for Packs {
    fn tell(&self, seen: &mut Observation) {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        if loaded.is_empty() {
            return;
        }
        let time = seen.position().time;
        let shown = match &*seen {
            Observation::Login(login) => Seen::in_login(login),
            Observation::Session(session) => Seen::in_source(&session.source),
            Observation::Verification(_) | Observation::TokenUse(_) => return,
        };
        let mut origin = Origin::default();
        let (databases, others) = loaded.iter().partition::<Vec<_>, _>(|pack| pack.is_database());
        for pack in databases {
            pack.tell(&shown, time, &mut origin);
        }
        let country = origin.country;
        for pack in others {
            pack.tell(&shown, time, &mut origin);
        }
        // Where Salesforce places an address, its word counts; a country of the operator's own database is the next best.
        let place = Place::from_parts(None, country, None);
        let origin = (!origin.is_empty()).then(|| Box::new(origin));
        match seen {
            Observation::Login(login) => {
                login.place = login.place.take().or(place);
                login.detail.origin = origin;
            }
            Observation::Session(session) => {
                session.place = session.place.take().or(place);
                session.origin = origin;
            }
            Observation::Verification(_) | Observation::TokenUse(_) => {}
        }
    }
}

impl PackState {
    /// What a person should look at, as sentences.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let mut told = Vec::new();
        if self.validity(now) == Validity::Expired {
            told.push(format!(
                "The pack `{}` is of {}, and since {} it informs and decides nothing: renew {}.",
                self.name,
                day(self.as_of),
                day(self.ends),
                self.file.display(),
            ));
        }
        if self.over > 0 {
            told.push(format!("{} entries of the pack `{}` are over.", self.over, self.name));
        }
        if self.rejected.total > 0 {
            let first = self.rejected.first.first().map(|entry| format!(", the first at {entry}"));
            told.push(format!(
                "{} entries of the pack `{}` cannot be used{}.",
                self.rejected.total,
                self.name,
                first.unwrap_or_default(),
            ));
        }
        told
    }

    /// Whether it is believed now.
    pub fn validity(&self, now: Timestamp) -> Validity {
        if now < self.ends { Validity::Current } else { Validity::Expired }
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%F").to_string()
}

#[cfg(test)]
mod tests;
