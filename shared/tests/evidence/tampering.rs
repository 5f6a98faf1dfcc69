//! Whoever writes to the store directly is found, whatever they change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use session_warden::evidence::{EntryKind, Head, Ledger, LedgerError, Verified};
use session_warden::observation::OrgId;
use session_warden::store::{Expect, Key, MemoryStore, Store, Table, Write};

const ORG: &str = "00D000000000001AAA";
const ENTRIES: &str = "ledger";
const PAYLOADS: &str = "evidence";
const HEAD: &str = "ledger-head";

type Room = BTreeMap<String, Value>;

/// All that lies in the store about one ledger.
#[derive(Debug, Clone, PartialEq)]
struct Rooms {
    entries: Room,
    payloads: Room,
    head: Room,
}

/// A change by somebody who writes records and does not know how hashes are made.
#[derive(Debug, Clone)]
enum Tampering {
    EditEntry(Index, Index, char),
    EditPayload(Index, Index, char),
    EditHead(Index, char),
    RemoveEntry(Index),
    RemoveEntryAndPayload(Index),
    RemovePayload(Index),
    RemoveHead,
    SwapEntries(Index, Index),
    SwapPayloads(Index, Index),
    SwapBoth(Index, Index),
    AddCopy(Index),
    SlipIn(Index),
    ShiftUp(Index),
    AddPayload,
    AddField(Index),
    CutPayloads(Index),
    PretendRedaction(Index, Index),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    use Tampering as T;
    let at = any::<Index>;
    let written = prop::char::ranges(vec!['0'..='9', 'a'..='z', '"'..='"'].into());
    prop::strategy::Union::new([
        (at(), at(), written.clone()).prop_map(|(i, p, c)| T::EditEntry(i, p, c)).boxed(),
        (at(), at(), written.clone()).prop_map(|(i, p, c)| T::EditPayload(i, p, c)).boxed(),
        (at(), written).prop_map(|(p, c)| T::EditHead(p, c)).boxed(),
        at().prop_map(T::RemoveEntry).boxed(),
        at().prop_map(T::RemoveEntryAndPayload).boxed(),
        at().prop_map(T::RemovePayload).boxed(),
        Just(T::RemoveHead).boxed(),
        (at(), at()).prop_map(|(a, b)| T::SwapEntries(a, b)).boxed(),
        (at(), at()).prop_map(|(a, b)| T::SwapPayloads(a, b)).boxed(),
        (at(), at()).prop_map(|(a, b)| T::SwapBoth(a, b)).boxed(),
        at().prop_map(T::AddCopy).boxed(),
        at().prop_map(T::SlipIn).boxed(),
        at().prop_map(T::ShiftUp).boxed(),
        Just(T::AddPayload).boxed(),
        at().prop_map(T::AddField).boxed(),
        at().prop_map(T::CutPayloads).boxed(),
        (at(), at()).prop_map(|(a, b)| T::PretendRedaction(a, b)).boxed(),
    ])
}

fn sort(seq: usize) -> String {
    format!("{seq:020}")
}

/// One character of the record's JSON replaced, if that is still JSON.
fn edit(body: &mut Value, position: Index, written: char) {
    let mut text: Vec<char> = body.to_string().chars().collect();
    let position = position.index(text.len());
    text[position] = written;
    if let Ok(edited) = serde_json::from_str(&text.into_iter().collect::<String>()) {
        *body = edited;
    }
}

fn swap(room: &mut Room, a: usize, b: usize) {
    let (first, second) = (room[&sort(a)].clone(), room[&sort(b)].clone());
    room.insert(sort(a), second);
    room.insert(sort(b), first);
}

impl Tampering {
    /// Does it, and says which entries may be named as the first bad one.
    fn apply(&self, rooms: &mut Rooms) -> std::ops::RangeInclusive<u64> {
        let count = rooms.entries.len();
        let seq = |index: &Index| index.index(count) + 1;
        let only = |seq: usize| seq as u64..=seq as u64;
        let between = |a: usize, b: usize| a.min(b) as u64..=a.max(b) as u64;
        let Rooms { entries, payloads, head } = rooms;
        match self {
            Self::EditEntry(at, position, written) => {
                edit(entries.get_mut(&sort(seq(at))).unwrap(), *position, *written);
                only(seq(at))
            }
            Self::EditPayload(at, position, written) => {
                edit(payloads.get_mut(&sort(seq(at))).unwrap(), *position, *written);
                only(seq(at))
            }
            Self::EditHead(position, written) => {
                edit(head.get_mut("head").unwrap(), *position, *written);
                1..=u64::MAX
            }
            Self::RemoveEntry(at) => {
                entries.remove(&sort(seq(at)));
                // Without the last redaction, what it took away is what is missing first.
                1..=seq(at) as u64
            }
            Self::RemoveEntryAndPayload(at) => {
                entries.remove(&sort(seq(at)));
                payloads.remove(&sort(seq(at)));
                1..=seq(at) as u64
            }
            Self::RemovePayload(at) => {
                payloads.remove(&sort(seq(at)));
                only(seq(at))
            }
            Self::RemoveHead => {
                head.clear();
                only(count)
            }
            Self::SwapEntries(a, b) => {
                swap(entries, seq(a), seq(b));
                only(seq(a).min(seq(b)))
            }
            Self::SwapPayloads(a, b) => {
                swap(payloads, seq(a), seq(b));
                between(seq(a), seq(b))
            }
            Self::SwapBoth(a, b) => {
                swap(entries, seq(a), seq(b));
                swap(payloads, seq(a), seq(b));
                only(seq(a).min(seq(b)))
            }
            Self::AddCopy(of) => {
                entries.insert(sort(count + 1), entries[&sort(seq(of))].clone());
                payloads.insert(sort(count + 1), payloads[&sort(seq(of))].clone());
                only(count + 1)
            }
            Self::SlipIn(after) => {
                let place = sort(seq(after)) + "a";
                entries.insert(place.clone(), entries[&sort(seq(after))].clone());
                payloads.insert(place, payloads[&sort(seq(after))].clone());
                only(seq(after) + 1)
            }
            Self::ShiftUp(from) => {
                for seq in (seq(from)..=count).rev() {
                    entries.insert(sort(seq + 1), entries[&sort(seq)].clone());
                    payloads.insert(sort(seq + 1), payloads[&sort(seq)].clone());
                }
                only(seq(from) + 1)
            }
            Self::AddPayload => {
                payloads.insert(sort(count + 1), json!({ "payload": "{}" }));
                only(count + 1)
            }
            Self::AddField(at) => {
                entries.get_mut(&sort(seq(at))).unwrap()["remark"] = json!("harmless");
                only(seq(at))
            }
            Self::CutPayloads(from) => {
                payloads.split_off(&sort(seq(from)));
                only(seq(from))
            }
            Self::PretendRedaction(at, by) => {
                payloads.insert(sort(seq(at)), json!({ "redacted_by": seq(by) }));
                // A redaction whose payload is gone explains nothing.
                1..=seq(at) as u64
            }
        }
    }
}

fn run<T>(job: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(job)
}

async fn build(org: &str, entries: usize, redacted: &BTreeSet<u64>) -> Rooms {
    let store = MemoryStore::new();
    add(&store, org, 0..entries).await;
    let ledger = Ledger::new(&store, OrgId::new(org));
    for seq in redacted.iter().filter(|seq| **seq <= entries as u64) {
        ledger.redact(*seq, "asked", Timestamp::UNIX_EPOCH).await.unwrap();
    }
    load(&store, org).await
}

async fn add(store: &dyn Store, org: &str, numbers: std::ops::Range<usize>) {
    let ledger = Ledger::new(store, OrgId::new(org));
    for n in numbers {
        let payload = json!({ "step": n, "user": "005000000000001AAA", "left": [0.5, null] });
        ledger.append(EntryKind::Act, Some("c-1"), Timestamp::UNIX_EPOCH, &payload).await.unwrap();
    }
}

async fn load(store: &dyn Store, org: &str) -> Rooms {
    let room = async |name: &str| -> Room {
        let partition = Key::new(Table::Contain, &OrgId::new(org), name, "").partition;
        let records = store.list(Table::Contain, &partition, "", usize::MAX).await.unwrap();
        records.into_iter().map(|record| (record.key.sort, record.body)).collect()
    };
    Rooms { entries: room(ENTRIES).await, payloads: room(PAYLOADS).await, head: room(HEAD).await }
}

async fn save(rooms: &Rooms) -> MemoryStore {
    let store = MemoryStore::new();
    for (name, room) in [(ENTRIES, &rooms.entries), (PAYLOADS, &rooms.payloads), (HEAD, &rooms.head)] {
        let put = |(sort, body): (&String, &Value)| Write::Put {
            key: Key::new(Table::Contain, &OrgId::new(ORG), name, sort.clone()),
            expect: Expect::Absent,
            body: body.clone(),
        };
        store.write(room.iter().map(put).collect()).await.unwrap();
    }
    store
}

async fn verify(rooms: &Rooms, anchor: Option<&Head>) -> Result<Verified, LedgerError> {
    Ledger::new(&save(rooms).await, OrgId::new(ORG)).verify(anchor).await
}

/// Entries, and which of them are redacted.
fn chains() -> impl Strategy<Value = (usize, BTreeSet<u64>)> {
    (1..24_usize, prop::collection::btree_set(1..24_u64, 0..4))
}

fn first_bad(result: Result<Verified, LedgerError>) -> Option<u64> {
    match result {
        Err(LedgerError::Broken { seq, .. }) => Some(seq),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_direct_write_is_found((entries, redacted) in chains(), tampering in tampering()) {
        run(async {
            let rooms = build(ORG, entries, &redacted).await;
            let head = verify(&rooms, None).await.unwrap().head.unwrap();
            let mut changed = rooms.clone();
            let bad = tampering.apply(&mut changed);
            for anchor in [None, Some(&head)] {
                let found = first_bad(verify(&changed, anchor).await);
                // An edit may write what was there, and a swap may be with itself.
                prop_assert_eq!(found.is_none(), changed == rooms, "{:?} passed", tampering);
                prop_assert!(found.is_none_or(|seq| bad.contains(&seq)), "{:?} is not in {:?}", found, bad);
            }
            Ok(())
        })?;
    }

    /// Somebody who knows how hashes are made builds a chain that is whole in itself: only the anchor tells.
    #[test]
    fn a_rebuilt_chain_does_not_lead_through_the_anchor(
        (entries, redacted) in chains(), kept in any::<Index>(), added in 0..30_usize,
    ) {
        run(async {
            let honest = build(ORG, entries, &redacted).await;
            let anchor = verify(&honest, None).await.unwrap().head.unwrap();
            let store = save(&build(ORG, kept.index(entries), &BTreeSet::new()).await).await;
            add(&store, ORG, 1000..1000 + added).await;
            let rebuilt = Ledger::new(&store, OrgId::new(ORG));
            prop_assert!(rebuilt.verify(None).await.is_ok());
            let found = first_bad(rebuilt.verify(Some(&anchor)).await);
            prop_assert!(found.is_some_and(|seq| seq > kept.index(entries) as u64));
            Ok(())
        })?;
    }

    #[test]
    fn the_chain_of_another_org_does_not_pass_for_this_one((entries, redacted) in chains()) {
        run(async {
            let other = build("00D000000000002AAA", entries, &redacted).await;
            prop_assert_eq!(first_bad(verify(&other, None).await), Some(1));
            Ok(())
        })?;
    }

    #[test]
    fn nothing_in_the_store_makes_the_ledger_panic(
        room in prop::sample::select(vec![ENTRIES, PAYLOADS, HEAD]),
        sort in "[0-9]{20}|.{1,4}|head",
        body in prop::sample::select(vec![
            json!(null), json!({ "payload": "" }), json!({ "redacted_by": u64::MAX }),
            json!({ "org": ORG, "seq": u64::MAX, "hash": "00".repeat(32), "at": "2026-01-01T00:00:00Z" }),
        ]),
    ) {
        run(async {
            let store = save(&build(ORG, 3, &BTreeSet::from([2])).await).await;
            let key = Key::new(Table::Contain, &OrgId::new(ORG), room, sort);
            store.write(vec![Write::Put { key, expect: Expect::Any, body }]).await.unwrap();
            let ledger = Ledger::new(&store, OrgId::new(ORG));
            let _ = ledger.verify(None).await;
            let _ = ledger.entries_of("c-1").await;
            let _ = ledger.append(EntryKind::Act, None, Timestamp::UNIX_EPOCH, &1).await;
            let _ = ledger.redact(1, "asked", Timestamp::UNIX_EPOCH).await;
        });
    }
}
