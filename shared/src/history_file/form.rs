//! The form of a line: all of it but the values that are a login's own. The lines of a history have a few thousand forms, and one
//! whose form is known is not read as JSON again.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use foldhash::HashMap;
use memchr::memchr;
use memchr::memmem::Finder;

use super::run::Own;
use crate::observation::{Login, LoginId, Source, UserId};
use crate::salesforce::{as_answers_write, login_from_json};

/// How a login's own values begin. From [`PARTS`] on they are ids as parts of an address, which are not in every file.
const MARKS: [&[u8]; VALUES] = [
    b"\"Id\":\"",
    b"\"UserId\":\"",
    b"\"LoginTime\":\"",
    b"\"SourceIp\":\"",
    b"/LoginHistory/",
    b"/LoginGeo/",
];
const VALUES: usize = 6;
const PARTS: usize = 4;
/// Values to try in these places, whether they are what they are taken for: two that begin unlike each other, for the line itself may
/// say either, and a long text is cut.
const TRIED: [[&str; VALUES]; 2] = [
    ["tried1", "tried2", "2001-02-03T04:05:06.007+0000", "192.0.2.77", "tried5", "tried6"],
    ["again1", "again2", "2002-03-04T05:06:07.008+0000", "198.51.100.78", "again5", "again6"],
];
/// Forms that are known, each as long as its line.
const MOST: usize = 4_096;
/// A longer line, in bytes, has no form.
const LONGEST: usize = 2_048;

/// Forms of lines that were read before.
pub(super) struct Forms {
    marks: [Finder<'static>; VALUES],
    /// Where the values began in the line before, and in which order they stood: that is looked at first.
    before: ([usize; VALUES], [usize; VALUES]),
    /// By a hash of its pieces.
    known: HashMap<u64, Form>,
}

struct Form {
    pieces: [Box<[u8]>; VALUES + 1],
    /// The number of the login that such lines are like.
    like: u32,
}

/// A line without the values that are a login's own, and those.
#[derive(Clone, Copy)]
struct Cut<'l> {
    pieces: [&'l [u8]; VALUES + 1],
    /// By mark.
    values: [&'l [u8]; VALUES],
    /// The marks in the order in which they stand.
    order: [usize; VALUES],
    /// Which of the marks are there.
    is_there: [bool; VALUES],
}

impl Forms {
    pub(super) fn none() -> Self {
        Self {
            marks: MARKS.map(Finder::new),
            before: ([0; VALUES], std::array::from_fn(|mark| mark)),
            known: HashMap::default(),
        }
    }

    /// Reads a line whose form is known: what is its login's own, and the number of one that it is like.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<(Own, u32)> {
        let cut = self.cut(line)?;
        let form = self.known.get(&self.hash(&cut))?;
        let is_known = form.pieces.iter().zip(cut.pieces).all(|(known, piece)| **known == *piece);
        Some((cut.own().filter(|_| is_known)?, form.like))
    }

    /// Learns the form of a line that says `login`, which is like that of a number.
    pub(super) fn learn(&mut self, line: &[u8], login: &Login, number: u32) {
        if self.known.len() >= MOST || line.len() > LONGEST {
            return;
        }
        let Some(cut) = self.cut(line).filter(|cut| cut.is_of(login)) else { return };
        self.known.insert(self.hash(&cut), Form { pieces: cut.pieces.map(Into::into), like: number });
    }

    fn cut<'l>(&mut self, line: &'l [u8]) -> Option<Cut<'l>> {
        let line = without_end(line);
        let (begins, order) = &mut self.before;
        let mut places = [(line.len(), line.len()); VALUES];
        for (number, (mark, begin)) in self.marks.iter().zip(begins).enumerate() {
            let is_there = line.get(..*begin).is_some_and(|before| before.ends_with(mark.needle()));
            if !is_there {
                match mark.find(line) {
                    Some(found) => *begin = found + mark.needle().len(),
                    None if number >= PARTS => continue,
                    None => return None,
                }
            }
            places[number] = (*begin, *begin + memchr(b'"', &line[*begin..])?);
        }
        if !order.is_sorted_by_key(|mark| places[*mark]) {
            order.sort_unstable_by_key(|mark| places[*mark]);
        }
        let (mut pieces, mut from) = ([line; VALUES + 1], 0);
        for (piece, mark) in pieces.iter_mut().zip(*order) {
            let (begin, end) = places[mark];
            *piece = line.get(from..begin)?;
            from = end;
        }
        pieces[VALUES] = &line[from..];
        let values = places.map(|(begin, end)| &line[begin..end]);
        let is_there = places.map(|(begin, _)| begin < line.len());
        Some(Cut { pieces, values, order: *order, is_there })
    }

    fn hash(&self, cut: &Cut<'_>) -> u64 {
        let mut hasher = self.known.hasher().build_hasher();
        cut.pieces.iter().for_each(|piece| hasher.write(piece));
        hasher.finish()
    }
}

/// A line without what JSON takes for space at its end.
fn without_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

impl Cut<'_> {
    /// The values, where each is as simple as nearly all are: nothing in them could end a text of JSON.
    fn own(&self) -> Option<Own> {
        let [id, user_id, time, source, parts @ ..] = self.values;
        // Without a way out at the first, several bytes are looked at together.
        let is_simple = |id: &[u8]| id.iter().fold(true, |is, byte| is & byte.is_ascii_alphanumeric());
        let are_simple =
            !id.is_empty() && !user_id.is_empty() && [id, user_id].into_iter().chain(parts).all(is_simple);
        let text = |value| str::from_utf8(value).ok().filter(|_| are_simple);
        let address: IpAddr = text(source)?.parse().ok()?;
        Some(Own {
            id: LoginId::new(text(id)?),
            time: as_answers_write(time)?,
            user_id: Some(UserId::new(text(user_id)?)),
            source: Source::Address(address.to_canonical()),
        })
    }

    /// Whether the values are a login's own: with others in their places the line says the same login with others.
    fn is_of(&self, login: &Login) -> bool {
        self.own().is_some_and(|own| own.of(login) == *login)
            && TRIED.iter().all(|tried| self.says(tried, login))
    }

    fn says(&self, tried: &[&'static str; VALUES], login: &Login) -> bool {
        let value = |mark: usize| if self.is_there[mark] { tried[mark].as_bytes() } else { &[] };
        let tried = Self { values: std::array::from_fn(value), ..*self };
        let read = login_from_json(&String::from_utf8_lossy(&tried.line()));
        tried.own().is_some_and(|others| read.is_ok_and(|read| read == others.of(login)))
    }

    fn line(&self) -> Vec<u8> {
        let values = self.order.map(|mark| self.values[mark]).into_iter().chain([&b""[..]]);
        self.pieces
            .into_iter()
            .zip(values)
            .flat_map(|(piece, value)| [piece, value])
            .collect::<Vec<_>>()
            .concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WRITTEN: &str = concat!(
        r#"{"attributes":{"type":"LoginHistory","url":"/services/data/v67.0/sobjects/LoginHistory/0Ya000000000000001"},"#,
        r#""Id":"0Ya000000000000001","UserId":"005Kj000000002qIAA","LoginTime":"2026-08-25T12:00:05.000+0000","#,
        r#""LoginType":"Application","LoginSubType":null,"Status":"Invalid Password","SourceIp":"198.19.77.7","#,
        r#""CountryIso":"DE","LoginGeo":{"attributes":{"type":"LoginGeo","url":"/services/data/v67.0/sobjects/LoginGeo/04F000000000000001"},"Latitude":52.52,"Longitude":-13,"City":"Köln"},"Browser":"Chrome 154"}"#,
    );

    fn learned(line: &str) -> Forms {
        let mut forms = Forms::none();
        if let Ok(login) = login_from_json(line) {
            forms.learn(line.as_bytes(), &login, 7);
        }
        forms
    }

    /// Whether a line is read by the form of another; it must be as it is read without.
    fn is_read(forms: &mut Forms, known: &str, line: &str) -> bool {
        let Some((own, 7)) = forms.read(line.as_bytes()) else { return false };
        assert_eq!(login_from_json(line), Ok(own.of(&login_from_json(known).unwrap())), "{line}");
        true
    }

    #[test]
    fn a_line_of_the_same_form_is_read() {
        let mut forms = learned(WRITTEN);
        for (part, other, is_known) in [
            ("000001", "00000A", true),
            ("005Kj000000002qIAA", "005Kj000000002q", true),
            ("12:00:05.000", "23:59:59.999", true),
            ("198.19.77.7", "2001:db8::7", true),
            ("154\"}", "154\"} \r\n", true),
            ("154\"}", "154\"}\u{c}\n", false),
            ("198.19.77.7", "Salesforce.com IP", false),
            ("005Kj000000002qIAA", "005\\u0041", false),
            ("12:00:05", "12:00:65", false),
            ("Chrome 154", "Chrome 155", false),
        ] {
            assert_eq!(
                is_read(&mut forms, WRITTEN, &WRITTEN.replace(part, other)),
                is_known,
                "{part} as {other}"
            );
        }
    }

    #[test]
    fn what_is_not_a_logins_own_value_is_no_part_of_a_form() {
        let tried = |part: &str, value: &str| WRITTEN.replace(part, value);
        let elsewhere = [
            tried("sobjects/LoginHistory", "sobjects").replace("Chrome 154", "/LoginHistory/tried5"),
            tried("sobjects/LoginHistory", "sobjects")
                .replace("Chrome 154", &format!("{}/LoginHistory/t99", "x".repeat(240))),
            tried("\"attributes\":{", "\"attributes\":{\"Id\":\"tried1\",")
                .replace("0Ya000000000000001", "tried1"),
            WRITTEN.replace("\"attributes\":{", "\"attributes\":{\"Id\":\"0Ya000000000000001\","),
            WRITTEN.replace("Chrome 154", "/LoginHistory/").replace("sobjects/LoginHistory", "sobjects"),
            WRITTEN.replace("198.19.77.7", "nowhere"),
            WRITTEN.replace("\"Id\":", "\"Id\": "),
        ];
        for line in elsewhere {
            assert!(login_from_json(&line).is_ok() && !is_read(&mut learned(&line), &line, &line), "{line}");
        }
        let without_part = WRITTEN.replace("/LoginHistory/0Ya000000000000001", "");
        assert!(is_read(&mut learned(&without_part), &without_part, &without_part));
    }

    proptest! {
        #[test]
        fn no_line_is_read_otherwise_than_as_json(
            from in 0..WRITTEN.len(), length in 0..60_usize,
            other in "[{}\\[\\],:\" 0-9a-zI.\\\\-]{0,8}|\"Id\":\"|null|\"SourceIp\":\"|/LoginHistory/", of_other in any::<bool>(),
        ) {
            let to = (from + length).min(WRITTEN.len());
            if WRITTEN.is_char_boundary(from) && WRITTEN.is_char_boundary(to) {
                let changed = format!("{}{other}{}", &WRITTEN[..from], &WRITTEN[to..]);
                let again = changed.replace("002qIAA", "003qIAA").replace("77.7", "77.8").replace("000001", "00000A");
                let known = if of_other { WRITTEN } else { &changed };
                is_read(&mut learned(known), known, &again);
            }
        }
    }
}
