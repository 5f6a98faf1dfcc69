//! All packs that a policy declares, held against observations.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::SystemTime;

use jiff::Timestamp;

use super::expiry::Expiry;
use super::list::List;
use super::mmdb::Database;
use super::{Manifest, NetworkPack, PackError};
use crate::backtest::PackPart;
use crate::detection::{Detection, Sensor};
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
    /// `None` while its file cannot be used.
    content: Option<Content>,
    /// How it stood when a person was last told.
    told: Validity,
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
    /// Reads packs. Paths that are not absolute start at `folder`, where the policy lies. One that cannot be used is told
    /// with its number in the list, and says nothing until its file is replaced.
    pub fn load(declared: &[DeclaredPack], folder: &Path) -> (Self, Vec<(usize, PackError)>) {
        let (mut loaded, mut wrong) = (Vec::new(), Vec::new());
        for (number, declared) in declared.iter().enumerate() {
            let file = folder.join(&declared.path);
            let pack = Loaded::read(declared, file.clone());
            loaded.push(pack.unwrap_or_else(|error| {
                wrong.push((number, error));
                Loaded::unusable(declared, file)
            }));
        }
        loaded.sort_by_key(|pack| !pack.is_database());
        (Self { loaded: RwLock::new(loaded) }, wrong)
    }

    /// Reads anew what was replaced since, and answers, once each, what a person should know: a new file that cannot be used,
    /// which leaves the old one in force, and a pack that has become too old.
    pub fn refresh(&self, now: Timestamp) -> Vec<String> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let mut told = Vec::new();
        for pack in loaded.iter_mut() {
            let found = version(&pack.file);
            if found != pack.version {
                match Loaded::read(&pack.declared, pack.file.clone()) {
                    Ok(newer) => *pack = newer,
                    Err(error) => told.push(error.to_string()),
                }
                pack.version = found;
            }
            let state = pack.state(now);
            let stands = state.as_ref().map_or(Validity::Current, |state| state.validity(now));
            if pack.told != stands {
                told.extend(state.and_then(|state| state.age_warning(now)));
                pack.told = stands;
            }
        }
        told
    }

    /// Whether some pack that is believed at a time has what a sensor stands for.
    pub fn supplies(&self, sensor: Sensor, now: Timestamp) -> bool {
        self.supplies_in(sensor, (now, now))
    }

    /// The same of any part of a period, whose end belongs to it.
    pub fn supplies_in(&self, sensor: Sensor, (first, last): (Timestamp, Timestamp)) -> bool {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let is_believed = |(_, expiry): (PackKind, Expiry)| expiry.begins() <= last && first < expiry.ends();
        loaded
            .iter()
            .filter(|pack| pack.sensors().contains(&sensor))
            .any(|pack| pack.believed().into_iter().any(is_believed))
    }

    /// For which part of a period each pack that can be used is believed.
    pub fn believed_in(&self, period: (Timestamp, Timestamp)) -> Vec<PackPart> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let parts = loaded.iter().filter(|pack| pack.content.is_some()).flat_map(|pack| {
            let of = |(kind, expiry): (PackKind, Expiry)| {
                PackPart::of(&pack.declared.name, kind, (expiry.begins(), expiry.ends()), period)
            };
            pack.believed().into_iter().map(of)
        });
        parts.collect()
    }

    /// Detections that are silent because no pack has what they look at.
    pub fn silences(&self, detections: &[Box<dyn Detection>], now: Timestamp) -> Vec<&'static str> {
        let lacks = |sensor: &Sensor| sensor.is_pack() && !self.supplies(*sensor, now);
        let cards = detections.iter().map(|detection| detection.about());
        cards.filter(|card| card.needs.iter().any(lacks)).map(|card| card.id).collect()
    }

    /// How each pack that can be used stands.
    pub fn states(&self, now: Timestamp) -> Vec<PackState> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let states = loaded.iter_mut().filter_map(|pack| {
            let state = pack.state(now)?;
            pack.told = state.validity(now);
            Some(state)
        });
        states.collect()
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
        let (declared, content, told) = (declared.clone(), Some(content), Validity::Current);
        Ok(Self { declared, file, version, expiry, content, told })
    }

    fn unusable(declared: &DeclaredPack, file: PathBuf) -> Self {
        let (as_of, max_age) = (Timestamp::MIN, declared.max_age());
        let expiry = Expiry { as_of, from: None, until: None, max_age };
        let (declared, version) = (declared.clone(), version(&file));
        Self { declared, file, version, expiry, content: None, told: Validity::Current }
    }

    /// What it lets detections see.
    fn sensors(&self) -> &'static [Sensor] {
        match &self.content {
            Some(Content::Networks(_)) => &[Sensor::Providers],
            Some(Content::Database(database)) => database.sensors(),
            Some(Content::List(list)) => list.sensors(),
            None => &[],
        }
    }

    /// As what it is believed, and when. A database's word that an address is an exit of Tor or a VPN is believed for as long as a list's.
    fn believed(&self) -> Vec<(PackKind, Expiry)> {
        if self.is_database() && self.sensors().contains(&Sensor::Anonymisers) {
            return [PackKind::Tor, PackKind::Vpn].map(|kind| (kind, self.expiry_of_flag(kind))).to_vec();
        }
        vec![(self.declared.kind, self.expiry)]
    }

    fn expiry_of_flag(&self, kind: PackKind) -> Expiry {
        Expiry { max_age: self.declared.max_age.unwrap_or(kind.usual_age()), ..self.expiry }
    }

    fn state(&self, now: Timestamp) -> Option<PackState> {
        let content = self.content.as_ref()?;
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
        match content {
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
        Some(state)
    }

    /// Adds what this pack knows. A provider is told by the first pack that knows one, a database before a network pack; what is
    /// not believed at that time tells none, and no country.
    fn tell(&self, seen: &Seen<'_>, time: Timestamp, origin: &mut Origin) {
        let is_believed = self.expiry.at(time) == Validity::Current;
        let Some(content) = &self.content else { return };
        match content {
            Content::List(list) => {
                list.find(&self.declared.name, seen, time, self.expiry, &mut origin.listed);
            }
            Content::Database(database) => {
                if let Some(row) = seen.address.and_then(|address| database.look_up(address)) {
                    let flags = [(row.is_tor, ListKind::Tor), (row.is_vpn, ListKind::Vpn)];
                    let flagged = flags.into_iter().filter(|(is_so, _)| *is_so);
                    origin.listed.extend(flagged.map(|(_, kind)| self.flag(kind, seen, time)));
                    if is_believed {
                        fill(origin, row.asn, row.provider.as_deref(), row.kind);
                        origin.country = origin.country.or(row.country);
                    }
                }
            }
            Content::Networks(pack) => {
                let known = seen.address.filter(|_| is_believed).and_then(|address| pack.look_up(address));
                if let Some(known) = known {
                    fill(origin, known.asn, Some(known.name), known.kind);
                    origin.country = origin.country.or(known.country);
                }
            }
        }
    }

    /// A database's word that an address is an exit of Tor or a VPN.
    fn flag(&self, kind: ListKind, seen: &Seen<'_>, time: Timestamp) -> Listing {
        let expiry = self.expiry_of_flag(if kind == ListKind::Tor { PackKind::Tor } else { PackKind::Vpn });
        Listing {
            list: self.declared.name.as_str().into(),
            kind,
            entry: seen.address.map(|address| address.to_string()).unwrap_or_default().into(),
            by_address: true,
            place: Text::default(),
            source: Text::default(),
            confidence: None,
            validity: expiry.at(time),
            until: Some(expiry.ends()),
        }
    }

    fn is_database(&self) -> bool {
        self.declared.kind == PackKind::Mmdb
    }
}

fn fill(origin: &mut Origin, asn: Option<u32>, provider: Option<&str>, kind: ProviderKind) {
    let is_first = origin.asn.is_none();
    if is_first && asn.is_some() {
        (origin.asn, origin.provider) = (asn, provider.unwrap_or_default().into());
    }
    // What another pack says of another provider is not said of this one.
    if origin.kind == ProviderKind::Other && (is_first || origin.asn == asn) {
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
        let time = seen.time();
        let shown = match &*seen {
            Observation::Login(login) => Seen::in_login(login),
            Observation::Session(session) => Seen::in_source(&session.source),
            Observation::Logout(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => return,
        };
        let mut origin = Origin::default();
        let databases = loaded.partition_point(Loaded::is_database);
        let (databases, others) = loaded.split_at(databases);
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
            Observation::Logout(_)
            | Observation::Verification(_)
            | Observation::TokenUse(_)
            | Observation::Threat(_) => {}
        }
    }
}

impl PackState {
    /// What a person should look at, as sentences.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let mut told: Vec<_> = self.age_warning(now).into_iter().collect();
        if self.over > 0 {
            let entries = if self.over == 1 { "1 entry" } else { &format!("{} entries", self.over) };
            let are = if self.over == 1 { "is" } else { "are" };
            told.push(format!("{entries} of the pack `{}` {are} over.", self.name));
        }
        let unusable = |what: &str| format!("{what} of the pack `{}` cannot be used", self.name);
        let first = self.rejected.first.iter();
        told.extend(first.map(|entry| format!("{}: {entry}.", unusable("An entry"))));
        match self.rejected.total.saturating_sub(self.rejected.first.len() as u64) {
            0 => {}
            1 => told.push(format!("{}.", unusable("1 more entry"))),
            more => told.push(format!("{}.", unusable(&format!("{more} more entries")))),
        }
        told
    }

    fn age_warning(&self, now: Timestamp) -> Option<String> {
        (self.validity(now) == Validity::Expired).then(|| {
            format!(
                "The pack `{}` is of {}, and since {} it informs and decides nothing: renew {}.",
                self.name,
                day(self.as_of),
                day(self.ends),
                self.file.display(),
            )
        })
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
