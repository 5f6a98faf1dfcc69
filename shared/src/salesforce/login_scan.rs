//! Reads LoginHistory records where they are written as they nearly always are: the same fields in the same order, without
//! escapes. The name of a field is then compared with the one that stood there in the record before, and nothing is searched
//! for or copied. Everything else is read by serde_json: a record, or the page, is left to it at the first surprise.
#![expect(clippy::option_option, reason = "what may be null may also be a surprise")]

use serde_json::Deserializer;

use super::datetime::{self, Instant};
use super::login_record::{Geo, Record};
use super::plain_json::{Plain, Scalar};
use super::query::QueryAnswer;
use super::wire::{Address, Country, Field, cut};
use crate::observation::{CountryCode, LoginId, SharedTexts, Source, Text, UserId};

/// What a record has at least, for room to be made once.
const RECORD_BYTES: usize = 512;
/// Members of a record whose place is remembered.
const MEMBERS: usize = 64;

/// What was learned from the records before.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The column of each member of a record.
    order: Vec<usize>,
    shared: SharedTexts,
}

type Put = fn(&mut Record, Scalar<'_>, &mut Scan) -> Option<()>;

enum Column {
    Cell(Put),
    Geo,
    Passed,
}

macro_rules! texts {
    ($($name:literal => $field:ident),* $(,)?) => {
        [$((concat!("\"", $name, "\":"), Column::Cell(|record, value, scan| {
            record.$field = Field(scan.text(value)?);
            Some(())
        })),)*]
    };
}

static TEXTS: [(&str, Column); 16] = texts! {
    "LoginType" => login_type, "LoginSubType" => login_sub_type, "Status" => status, "TlsProtocol" => tls_protocol,
    "CipherSuite" => cipher_suite, "Application" => application, "Browser" => browser, "Platform" => platform,
    "ForwardedForIp" => forwarded_for_ip, "AuthMethodReference" => auth_method_reference,
    "AuthContextClassRef" => auth_context_class_ref, "AuthenticationServiceId" => authentication_service_id,
    "LoginUrl" => login_url, "ApiType" => api_type, "ApiVersion" => api_version, "ClientVersion" => client_version,
};

static OTHERS: [(&str, Column); 8] = [
    ("\"attributes\":", Column::Passed),
    ("\"Id\":", Column::Cell(|record, value, _| text(value).map(|id| record.id = Some(LoginId::from(id))))),
    (
        "\"UserId\":",
        Column::Cell(|record, value, _| {
            record.user_id = if value == Scalar::Null { None } else { Some(UserId::from(text(value)?)) };
            Some(())
        }),
    ),
    (
        "\"LoginTime\":",
        Column::Cell(|record, value, _| {
            record.login_time = Some(Instant(datetime::parse(text(value)?).ok()?));
            Some(())
        }),
    ),
    (
        "\"SourceIp\":",
        Column::Cell(|record, value, _| {
            record.source_ip = Address(Source::from(nillable(value)?));
            Some(())
        }),
    ),
    (
        "\"CountryIso\":",
        Column::Cell(|record, value, _| {
            record.country_iso = Country(CountryCode::parse(nillable(value)?));
            Some(())
        }),
    ),
    (
        "\"OptionsIsGet\":",
        Column::Cell(|record, value, _| {
            record.options_is_get = match value {
                Scalar::Null => None,
                Scalar::Flag(is_get) => Some(is_get),
                _ => return None,
            };
            Some(())
        }),
    ),
    ("\"LoginGeo\":", Column::Geo),
];
/// Where `attributes` stands, and every column that is not read.
const PASSED: usize = TEXTS.len();

fn column(number: usize) -> Option<&'static (&'static str, Column)> {
    TEXTS.get(number).or_else(|| OTHERS.get(number.checked_sub(TEXTS.len())?))
}

fn named(name: &str) -> usize {
    let is_it = |(key, _): &(&str, Column)| key.get(1..key.len() - 2) == Some(name);
    TEXTS.iter().chain(&OTHERS).position(is_it).unwrap_or(PASSED)
}

fn text(value: Scalar<'_>) -> Option<&str> {
    if let Scalar::Text(text) = value { Some(text) } else { None }
}

fn nillable(value: Scalar<'_>) -> Option<&str> {
    if value == Scalar::Null { Some("") } else { text(value) }
}

fn degrees(value: Scalar<'_>) -> Option<Option<f64>> {
    match value {
        Scalar::Null => Some(None),
        Scalar::Number(number) => number.parse().ok().map(Some),
        _ => None,
    }
}

impl Scan {
    /// Reads a page, unless something about it is a surprise.
    pub(super) fn page<T>(
        &mut self,
        text: &str,
        read: impl Fn(Record) -> Result<T, String>,
    ) -> Option<QueryAnswer<T>> {
        let mut plain = Plain::new(text);
        let mut answer =
            QueryAnswer { total_size: 0, done: false, next_records_url: None, records: Vec::new() };
        let mut seen = 0;
        plain.takes(b'{').then_some(())?;
        loop {
            let name = plain.key()?;
            let member = match name {
                "totalSize" => {
                    let Scalar::Number(total) = plain.scalar()? else { return None };
                    answer.total_size = total.parse().ok()?;
                    1
                }
                "done" => {
                    let Scalar::Flag(done) = plain.scalar()? else { return None };
                    answer.done = done;
                    2
                }
                "nextRecordsUrl" => {
                    answer.next_records_url = Some(self::text(plain.scalar()?)?.to_owned());
                    4
                }
                "records" => {
                    answer.records = self.records(text, &mut plain, &read)?;
                    8
                }
                _ => return None,
            };
            (seen & member == 0).then_some(())?;
            seen |= member;
            if !plain.takes(b',') {
                break;
            }
        }
        (plain.takes(b'}') && plain.is_at_end() && seen & 0b1011 == 0b1011).then_some(answer)
    }

    fn records<T>(
        &mut self,
        text: &str,
        plain: &mut Plain<'_>,
        read: &impl Fn(Record) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let mut records = Vec::with_capacity(text.len() / RECORD_BYTES);
        plain.takes(b'[').then_some(())?;
        if plain.takes(b']') {
            return Some(records);
        }
        loop {
            let begins = plain.at;
            let record = if let Some(record) = self.record(plain) {
                record
            } else {
                let mut one = Deserializer::from_str(text.get(begins..)?).into_iter::<Record>();
                let record = one.next()?.ok()?;
                plain.at = begins + one.byte_offset();
                record
            };
            records.push(read(record).ok()?);
            if !plain.takes(b',') {
                return plain.takes(b']').then_some(records);
            }
        }
    }

    /// Reads a text that is one record and nothing else.
    pub(super) fn line(&mut self, text: &str) -> Option<Record> {
        let mut plain = Plain::new(text);
        self.record(&mut plain).filter(|_| plain.is_at_end())
    }

    fn record(&mut self, plain: &mut Plain<'_>) -> Option<Record> {
        let mut record = Record::default();
        let mut seen = 0_u32;
        plain.takes(b'{').then_some(())?;
        for member in 0.. {
            let number = self.next_column(plain, member)?;
            let bit = 1 << number;
            (seen & bit == 0 || number == PASSED).then_some(())?;
            seen |= bit;
            match column(number)? {
                (_, Column::Cell(put)) => put(&mut record, plain.scalar()?, self)?,
                (_, Column::Geo) => record.login_geo = self.geo(plain)?,
                (_, Column::Passed) => plain.pass()?,
            }
            if !plain.takes(b',') {
                break;
            }
        }
        plain.takes(b'}').then_some(record)
    }

    /// The column whose name comes next; most often the one that came there in the record before.
    fn next_column(&mut self, plain: &mut Plain<'_>, member: usize) -> Option<usize> {
        let expected = self.order.get(member).copied();
        if let Some(number) = expected
            && plain.takes_all(column(number)?.0)
        {
            return Some(number);
        }
        let number = named(plain.key()?);
        if let Some(place) = self.order.get_mut(member) {
            *place = number;
        } else if member == self.order.len() && member < MEMBERS {
            self.order.push(number);
        }
        Some(number)
    }

    fn geo(&mut self, plain: &mut Plain<'_>) -> Option<Option<Geo>> {
        if !plain.takes(b'{') {
            return (plain.scalar()? == Scalar::Null).then_some(None);
        }
        let mut geo = Geo::default();
        let mut seen = 0;
        loop {
            let member = match plain.key()? {
                "Latitude" => {
                    geo.latitude = degrees(plain.scalar()?)?;
                    1
                }
                "Longitude" => {
                    geo.longitude = degrees(plain.scalar()?)?;
                    2
                }
                "City" => {
                    geo.city = Field(self.text(plain.scalar()?)?);
                    4
                }
                _ => {
                    plain.pass()?;
                    0
                }
            };
            (seen & member == 0).then_some(())?;
            seen |= member;
            if !plain.takes(b',') {
                return plain.takes(b'}').then_some(Some(geo));
            }
        }
    }

    fn text(&mut self, value: Scalar<'_>) -> Option<Text> {
        Some(self.shared.text(cut(nillable(value)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::login_record::login;
    use super::*;

    const USUAL: &str = r#"{"attributes":{"type":"LoginHistory","url":"/x"},"Id":"0Ya5g00000AbCdEAAV","UserId":null,"LoginTime":"2026-11-23T18:43:00.000+0000","Status":"Success","SourceIp":"198.18.4.7","CountryIso":"FR","LoginUrl":"a-host-that-is-long.my.salesforce.com","LoginGeo":{"attributes":{},"Latitude":45.76,"Longitude":-4.84,"City":"Lyon"},"OptionsIsGet":true,"Later":[1]}"#;

    /// Each record, read as usual and by serde_json.
    fn both(record: &str, scan: &mut Scan) -> (Option<String>, Option<String>) {
        let by_serde = serde_json::from_str::<Record>(record).ok();
        let shown = |record: Record| login(record).ok().map(|login| format!("{login:?}"));
        (scan.line(record).and_then(shown), by_serde.and_then(shown))
    }

    #[test]
    fn what_is_read_as_usual_is_what_serde_reads() {
        let mut scan = Scan::default();
        let changes = [
            ("", ""),
            ("\"CountryIso\":\"FR\",", ""),
            ("\"Success\"", "null"),
            ("{\"attributes\":{},\"Latitude\":45.76,\"Longitude\":-4.84,\"City\":\"Lyon\"}", "null"),
            ("\"UserId\":null", "\"UserId\" : \"0055g00000AbCdE\""),
            ("\"SourceIp\":\"198.18.4.7\"", "\"SourceIp\":\"\""),
            ("true", "null"),
            ("-4.84", "null"),
            ("", ""),
        ];
        for (from, to) in changes {
            let (usual, by_serde) = both(&USUAL.replacen(from, to, usize::from(!from.is_empty())), &mut scan);
            assert!(usual.is_some() && usual == by_serde, "{from} to {to}");
        }
    }

    #[test]
    fn surprises_are_left_to_serde() {
        let mut scan = Scan::default();
        let changes = [
            ("Success", "Invalid \\u0050assword"),
            ("\"Success\"", "7"),
            ("\"Status\"", "\"SourceIp\""),
            ("45.76", "\"45.76\""),
            ("2026-11-23", "yesterday"),
            ("\"Id\"", "\"Ident\""),
            ("[1]}", "[1]"),
            ("[1]}", "[1]} {}"),
        ];
        for (from, to) in changes {
            assert!(USUAL.contains(from));
            assert_eq!(both(&USUAL.replacen(from, to, 1), &mut scan).0, None, "{from} to {to}");
        }
    }

    #[test]
    fn a_record_with_a_surprise_does_not_make_its_page_one() {
        let odd = USUAL.replacen("Lyon", "L\\u0079on", 1);
        let page = format!(
            r#"{{"totalSize":3,"done":false,"nextRecordsUrl":"/x","records":[{USUAL}, {odd} ,{USUAL}]}}"#
        );
        let answer = Scan::default().page(&page, login).unwrap();
        assert_eq!((answer.total_size, answer.done, answer.records.len()), (3, false, 3));
        assert_eq!(answer.records[0], answer.records[1]);
        for cut in 0..page.len() {
            assert!(Scan::default().page(&page[..cut], login).is_none(), "{cut}");
        }
    }
}
