//! CSV with a header, its columns in any order.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::indicator::{Indicator, Observable, Provenance, instant, quoted};
use super::list::Indicators;

/// Names of each column in the wild, in lower case without separators.
const VALUE: [&str; 6] = ["value", "indicator", "ioc", "iocvalue", "indicatorvalue", "observable"];
/// Of columns of values that can be nothing but addresses and networks.
const ADDRESS: [&str; 27] = [
    "ip",
    "ipaddress",
    "ipaddr",
    "address",
    "network",
    "networkaddress",
    "cidr",
    "subnet",
    "prefix",
    "netblock",
    "ipprefix",
    "iprange",
    "ipcidr",
    "dstip",
    "dstipaddress",
    "destip",
    "destinationip",
    "srcip",
    "srcipaddress",
    "sourceip",
    "sourceipaddress",
    "ipdst",
    "ipsrc",
    "ipv4",
    "ipv6",
    "ipv4address",
    "ipv6address",
];
const TYPE: [&str; 5] = ["type", "indicatortype", "ioctype", "kind", "observabletype"];
const VALID_FROM: [&str; 4] = ["validfrom", "from", "firstseen", "firstseenutc"];
const VALID_UNTIL: [&str; 8] =
    ["validuntil", "validto", "until", "expires", "expiry", "expirationdate", "expiresat", "expireson"];
const SOURCE: [&str; 5] = ["source", "provenance", "feed", "reference", "createdby"];
const CONFIDENCE: [&str; 2] = ["confidence", "confidencelevel"];

/// Where each column stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    delimiter: u8,
    value: usize,
    kind: Kind,
    valid_from: Option<usize>,
    valid_until: Option<usize>,
    source: Option<usize>,
    confidence: Option<usize>,
}

/// By what is told what a value is.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// By its column.
    Address,
    /// By another.
    Column(usize),
    /// By itself.
    Inferred,
}

impl Columns {
    /// The columns of a header; `None` where the line is none, because it names no column of values.
    pub(super) fn of(header: &str) -> Option<Self> {
        let delimiter =
            [b',', b';', b'\t'].into_iter().max_by_key(|d| header.bytes().filter(|b| b == d).count())?;
        let names: Vec<_> = header.split(char::from(delimiter)).map(plain_name).collect();
        let place = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let value = place(&VALUE);
        Some(Self {
            delimiter,
            value: value.or_else(|| place(&ADDRESS))?,
            // Beside a column of addresses a type says something else: what runs there, or for whom.
            kind: value.map_or(Kind::Address, |_| place(&TYPE).map_or(Kind::Inferred, Kind::Column)),
            valid_from: place(&VALID_FROM),
            valid_until: place(&VALID_UNTIL),
            source: place(&SOURCE),
            confidence: place(&CONFIDENCE),
        })
    }
}

fn plain_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Where the header stands.
#[derive(PartialEq, Eq)]
pub(super) enum Header {
    /// Before the rows; comments may stand before it.
    Ahead,
    /// Nowhere before the rows that are left: it was a comment, or has been read.
    Passed,
}

/// The header of a text, if it has one: the first line that is no comment, or the comment just above it, where abuse.ch
/// writes it. A comment that names a single column may be anything.
pub(super) fn header(text: &str) -> Option<(Columns, Header)> {
    let mut above = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some(comment) = line.strip_prefix('#') else {
            let in_comment = || Columns::of(above).filter(|columns| matches!(columns.kind, Kind::Column(_)));
            let header = Columns::of(line).map(|columns| (columns, Header::Ahead));
            return header.or_else(|| Some((in_comment()?, Header::Passed)));
        };
        above = comment;
    }
    None
}

/// Reads the rows below the header. Rows that begin with `#` are skipped.
pub(super) fn read(file: &str, text: &str, columns: &Columns, mut header: Header, list: &mut Indicators) {
    // With one kind of line break, and one behind the last row, where the reader stands tells where a row began.
    let text = text.replace("\r\n", "\n") + "\n";
    let mut builder = ReaderBuilder::new();
    let mut rows = builder
        .delimiter(columns.delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut row = StringRecord::new();
    loop {
        let read = rows.read_record(&mut row);
        let breaks = row.as_slice().matches('\n').count() as u64;
        let line = rows.position().line().saturating_sub(1 + breaks);
        let at = Provenance::Line { file: file.to_owned(), line };
        match read {
            Ok(false) => return,
            Ok(true) if row.get(0).is_some_and(|first| first.starts_with('#')) => {}
            Ok(true) if header == Header::Ahead => header = Header::Passed,
            Ok(true) => list.take(at.clone(), entry(&row, columns, at)),
            Err(error) => list.take(at, Err(error.to_string())),
        }
    }
}

fn entry(row: &StringRecord, columns: &Columns, at: Provenance) -> Result<Indicator, String> {
    // A blank before a quotation mark makes it a part of the text.
    let text = |place: usize| row.get(place).map(|text| text.trim_matches('"'));
    let field = |place: Option<usize>| place.and_then(text).filter(|text| !text.is_empty());
    let value = field(Some(columns.value)).ok_or("it has no value")?;
    let kind = match columns.kind {
        Kind::Column(place) => field(Some(place)),
        Kind::Address | Kind::Inferred => None,
    };
    let observable = match kind {
        Some(kind) => Observable::of_type(kind, value)?,
        None if columns.kind == Kind::Address => Observable::address(value)?,
        None => Observable::inferred(value)?,
    };
    Ok(Indicator {
        valid_from: field(columns.valid_from).map(instant).transpose()?,
        valid_until: field(columns.valid_until).map(instant).transpose()?,
        confidence: field(columns.confidence).map(confidence).transpose()?,
        source: field(columns.source).map(str::to_owned),
        ..Indicator::new(observable, at)
    })
}

fn confidence(text: &str) -> Result<u8, String> {
    let percent = text.trim_end_matches('%').trim().parse().ok().filter(|percent| *percent <= 100);
    percent.ok_or_else(|| format!("the confidence {} is no number from 0 to 100", quoted(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(text: &str) -> Indicators {
        let mut list = Indicators::default();
        let (columns, header) = header(text).unwrap();
        read("feed.csv", text, &columns, header, &mut list);
        list
    }

    #[test]
    fn columns_may_stand_in_any_order_and_under_any_usual_name() {
        let list = list_of(
            "Confidence;Valid Until;Source;indicator;Type\n90;2026-10-01;\"a; feed\";198.51.100[.]7;ip-dst\n\
             ;;;Drift;app\n",
        );
        let [address, app] = list.all() else { panic!("{list:?}") };
        assert_eq!(address.observable.to_string(), "198.51.100.7");
        assert_eq!((address.confidence, address.source.as_deref()), (Some(90), Some("a; feed")));
        assert_eq!(address.valid_until.unwrap().to_string(), "2026-10-01T00:00:00Z");
        assert_eq!((app.observable.kind(), app.valid_until), ("application", None));
        assert_eq!(address.provenance[0].to_string(), "feed.csv, line 2");
    }

    #[test]
    fn a_bad_row_is_named_by_its_line_and_the_rest_is_used() {
        let text =
            "value,type,confidence\n\"x\ny\",ip,\n198.51.100.7,,\n# left out\n\n198.51.100.8,ip,200\n,ip,";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let list = list_of(&text);
            assert_eq!(list.all().len(), 1);
            let bad: Vec<_> = list.rejected.first.iter().map(ToString::to_string).collect();
            assert_eq!(
                bad,
                [
                    "feed.csv, line 2: `xy` is no address or CIDR",
                    "feed.csv, line 7: the confidence `200` is no number from 0 to 100",
                    "feed.csv, line 8: it has no value",
                ]
            );
        }
    }

    #[test]
    fn a_column_of_addresses_is_known_by_its_usual_names() {
        let headers = [
            ("ip_address,first_seen,expires", "198.51.100.7,2026-10-01 08:00:00,2026-12-01", "198.51.100.7"),
            ("network,asn", "198.51.100.0/24,64500", "198.51.100.0/24"),
            (
                "\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"type\"",
                "\"2026-10-01 08:00:00\",\"198.51.100.7\",443,C2",
                "198.51.100.7",
            ),
            ("CIDR;Type", "2001:db8::/32;hosting", "2001:db8::/32"),
            ("asn,prefix", "64500,198.51.100.0/24", "198.51.100.0/24"),
        ];
        for (header, row, address) in headers {
            let list = list_of(&format!("{header}\n{row}\nnone,none,none\n"));
            let [one] = list.all() else { panic!("{header}: {list:?}") };
            assert_eq!((one.observable.to_string().as_str(), list.rejected.total), (address, 1), "{header}");
            let from = one.valid_from.map(|from| from.to_string());
            assert!(from.is_none_or(|from| from == "2026-10-01T08:00:00Z"), "{header}");
            assert_eq!(one.valid_until.is_some(), header.contains("expires"));
        }
        let list = list_of("ip,value,type\n198.51.100.7,Drift,app\n");
        assert_eq!(list.all()[0].observable.to_string(), "Drift", "a column of values comes first");
    }

    #[test]
    fn the_page_tells_every_name() {
        let page = include_str!("../../../docs/packs.md").replace('_', "");
        for names in [&VALUE[..], &ADDRESS, &TYPE, &VALID_FROM, &VALID_UNTIL, &SOURCE, &CONFIDENCE] {
            let row = page.lines().find(|line| names.iter().all(|name| line.contains(&format!("`{name}`"))));
            assert!(row.is_some_and(|row| row.starts_with('|')), "{names:?}");
        }
    }

    #[test]
    fn a_line_without_a_column_of_values_is_no_header() {
        assert_eq!(Columns::of("198.51.100.7"), None);
        assert_eq!(Columns::of("name,type"), None);
        assert!(Columns::of("value").is_some());
    }
}
