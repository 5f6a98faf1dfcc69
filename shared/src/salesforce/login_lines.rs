//! LoginHistory records as the lines of a query job's results.

use csv::{ByteRecord, ReaderBuilder};
use memchr::memchr_iter;

use super::datetime::{Instant, parse};
use super::error::SalesforceError;
use super::http::cut_off;
use super::login_record::{Geo, OBJECT, Record, login};
use super::query::{Page, Rejected, not_documented};
use super::refusal::printable;
use super::wire::{Address, Country, Field};
use crate::observation::{CountryCode, Login, LoginId, Source, Text, UserId};

/// Bytes of which rows are made at once: about as many rows as come with a page of a query.
const BLOCK: usize = 500_000;
/// Bytes without the end of a line from which on what comes is no lines.
const LONGEST_LINE: usize = 8 * BLOCK;

/// In the order in which their values are taken.
const COLUMNS: [&str; 25] = [
    "Id",
    "UserId",
    "LoginTime",
    "LoginType",
    "LoginSubType",
    "Status",
    "SourceIp",
    "CountryIso",
    "LoginGeo.Latitude",
    "LoginGeo.Longitude",
    "LoginGeo.City",
    "TlsProtocol",
    "CipherSuite",
    "Application",
    "Browser",
    "Platform",
    "ForwardedForIp",
    "AuthMethodReference",
    "AuthContextClassRef",
    "AuthenticationServiceId",
    "LoginUrl",
    "ApiType",
    "ApiVersion",
    "ClientVersion",
    "OptionsIsGet",
];

/// The lines of a part, as they come.
#[derive(Default)]
pub(super) struct LoginLines {
    /// What has come, and of which no rows are made yet.
    pub(super) come: Vec<u8>,
    pub(super) columns: Columns,
}

/// Where each of the columns stands, once the line of names was read, and its text in the line before: most texts repeat, and copies of
/// a long one share it.
#[derive(Default)]
pub(super) struct Columns {
    /// How many names there are; `None` before their line.
    count: Option<usize>,
    places: [Option<usize>; COLUMNS.len()],
    before: [Text; COLUMNS.len()],
}

impl LoginLines {
    /// Whole lines of which rows can be made, with what is known of the columns; `None` while there are few and more comes, and at the
    /// end.
    ///
    /// # Errors
    /// Where the end is in the middle of a line, or before the first.
    pub(super) fn take(&mut self, goes_on: bool) -> Result<Option<(Vec<u8>, Columns)>, SalesforceError> {
        if goes_on && self.come.len() < BLOCK {
            return Ok(None);
        }
        let end = if goes_on { end_of_lines(&self.come) } else { self.come.len() };
        if goes_on && end == 0 {
            return if self.come.len() < LONGEST_LINE { Ok(None) } else { Err(unexpected()) };
        }
        let is_torn = is_within_quotes(&self.come[..end]);
        if is_torn || end == 0 && self.columns.count.is_none() {
            return Err(cut_off(OBJECT));
        }
        let rest = self.come.split_off(end);
        let lines = std::mem::replace(&mut self.come, rest);
        Ok((end > 0).then(|| (lines, std::mem::take(&mut self.columns))))
    }
}

/// Where the last line ends that is whole; a line feed between quotes ends none.
fn end_of_lines(come: &[u8]) -> usize {
    let mut is_within = is_within_quotes(come);
    for (place, byte) in come.iter().enumerate().rev() {
        match byte {
            b'"' => is_within = !is_within,
            b'\n' if !is_within => return place + 1,
            _ => {}
        }
    }
    0
}

/// A quote in a value is written twice.
fn is_within_quotes(come: &[u8]) -> bool {
    !memchr_iter(b'"', come).count().is_multiple_of(2)
}

/// What the reader says could repeat a value and is not shown.
fn unexpected() -> SalesforceError {
    let reason = "a line of a job's results is not as long as the first".to_owned();
    SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason }
}

impl Columns {
    /// The rows of whole lines. A line that cannot be read is set aside, and lines that are not as long as the first are given up.
    pub(super) fn rows(mut self, lines: &[u8]) -> Result<(Self, Page<Login>), SalesforceError> {
        let mut reader = ReaderBuilder::new().has_headers(false).buffer_capacity(1 << 16).from_reader(lines);
        let (mut line, mut page) = (ByteRecord::new(), Page::default());
        while reader.read_byte_record(&mut line).map_err(|_| unexpected())? {
            match self.count {
                None => self.learn(&line),
                Some(count) if count != line.len() => return Err(unexpected()),
                Some(_) => match self.record(&line).and_then(login) {
                    Ok(login) => page.rows.push(login),
                    Err(reason) => page.rejected.push(Rejected { id: self.id(&line), reason }),
                },
            }
        }
        Ok((self, page))
    }

    fn learn(&mut self, names: &ByteRecord) {
        let place = |column: &str| names.iter().position(|name| name.eq_ignore_ascii_case(column.as_bytes()));
        (self.count, self.places) = (Some(names.len()), COLUMNS.map(place));
    }

    fn id(&self, line: &ByteRecord) -> Option<String> {
        let id = line.get(self.places[0]?).filter(|id| !id.is_empty())?;
        Some(printable(&String::from_utf8_lossy(id), 18))
    }

    fn record(&mut self, line: &ByteRecord) -> Result<Record, String> {
        let text = str::from_utf8(line.as_slice()).map_err(|_| "is no UTF-8".to_owned())?;
        let columns = self.places.iter().zip(&mut self.before);
        let mut values = Values { text, line, columns };
        let [id, user_id, login_time] = [values.next(), values.next(), values.next()];
        if id.is_empty() {
            return Err("missing field `Id`".to_owned());
        }
        Ok(Record {
            id: LoginId::new(id),
            user_id: Some(user_id).filter(|id| !id.is_empty()).map(UserId::new),
            login_time: Instant(parse(login_time).map_err(|_| not_documented("LoginTime"))?),
            login_type: values.field(),
            login_sub_type: values.field(),
            status: values.field(),
            source_ip: Address(Source::from(values.next())),
            country_iso: Country(CountryCode::parse(values.next())),
            login_geo: Some(Geo {
                latitude: values.next().parse().ok(),
                longitude: values.next().parse().ok(),
                city: values.field(),
            }),
            tls_protocol: values.field(),
            cipher_suite: values.field(),
            application: values.field(),
            browser: values.field(),
            platform: values.field(),
            forwarded_for_ip: values.field(),
            auth_method_reference: values.field(),
            auth_context_class_ref: values.field(),
            authentication_service_id: values.field(),
            login_url: values.field(),
            api_type: values.field(),
            api_version: values.field(),
            client_version: values.field(),
            options_is_get: Some(values.next().eq_ignore_ascii_case("true")),
        })
    }
}

/// The values of a line in the order of the columns; one that the line does not have is empty.
struct Values<'l, C> {
    text: &'l str,
    line: &'l ByteRecord,
    columns: C,
}

impl<'l, 'c, C: Iterator<Item = (&'c Option<usize>, &'c mut Text)>> Values<'l, C> {
    fn next(&mut self) -> &'l str {
        self.step().0
    }

    fn field(&mut self) -> Field<Text> {
        let (text, before) = self.step();
        match before {
            Some(before) if *before == text => Field(before.clone()),
            Some(before) => {
                let field = Field::of(text);
                before.clone_from(&field.0);
                field
            }
            None => Field::of(text),
        }
    }

    fn step(&mut self) -> (&'l str, Option<&'c mut Text>) {
        let Some((place, before)) = self.columns.next() else { return ("", None) };
        let text = place.and_then(|place| self.text.get(self.line.range(place)?));
        (text.unwrap_or_default(), Some(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::login_from_json;
    use crate::salesforce::login_record::WANTED;

    fn page(csv: &str) -> Result<Page<Login>, SalesforceError> {
        let mut lines = LoginLines { come: csv.into(), ..LoginLines::default() };
        let (lines, columns) = lines.take(false)?.unwrap();
        Ok(columns.rows(&lines)?.1)
    }

    #[test]
    fn lines_are_taken_whole_wherever_they_are_torn() {
        let line = "\"0Ya5g00000AbCdEAAV\",\"2026-11-23T18:43:00.000Z\",\"a \"\"b\"\",\nc\"\n".repeat(30_000);
        let csv = format!("\"Id\",\"LoginTime\",\"Application\"\n{line}");
        for piece in [997, 65_536, csv.len()] {
            let (mut lines, mut rows, mut blocks) = (LoginLines::default(), 0, 0);
            let mut pieces = csv.as_bytes().chunks(piece);
            let mut goes_on = true;
            while goes_on {
                let piece = pieces.next();
                goes_on = piece.is_some();
                lines.come.extend_from_slice(piece.unwrap_or_default());
                if let Some((block, columns)) = lines.take(goes_on).unwrap() {
                    let (columns, page) = columns.rows(&block).unwrap();
                    assert!(page.rejected.is_empty());
                    assert!(page.rows.iter().all(|login| login.application == "a \"b\",\nc"));
                    (lines.columns, rows, blocks) = (columns, rows + page.rows.len(), blocks + 1);
                }
            }
            assert_eq!((rows, blocks > 1), (30_000, piece < csv.len()), "pieces of {piece}");
        }
    }

    #[test]
    fn what_ends_before_its_first_line_or_within_one_was_cut_off() {
        for cut in ["", "\"Id\"\n\"1", "\"Id"] {
            let mut lines = LoginLines { come: cut.into(), ..LoginLines::default() };
            assert!(lines.take(false).is_err_and(|error| error.is_passing()), "{cut:?}");
        }
    }

    #[test]
    fn every_field_that_is_asked_for_has_a_column() {
        let (mut asked, mut read): (Vec<_>, _) = (WANTED.all().collect(), COLUMNS.to_vec());
        asked.sort_unstable();
        read.sort_unstable();
        assert_eq!(asked, read);
    }

    #[test]
    fn a_line_is_the_same_login_as_its_record() {
        let csv = "\"LoginTime\",\"Id\",\"Application\",\"LoginGeo.City\",\"LoginGeo.Latitude\",\"LoginGeo.Longitude\",\
                   \"Status\",\"OptionsIsGet\",\"ApiType\"\n\"2026-11-23T18:43:00.000Z\",\"0Ya5g00000AbCdEAAV\",\
                   \"The \"\"A\"\", Ltd\n\",\"Lyon\",\"45.76\",\"4.84\",\"Success\",\"true\",\"N/A\"\n";
        let json = serde_json::json!({
            "Id": "0Ya5g00000AbCdEAAV", "LoginTime": "2026-11-23T18:43:00.000+0000", "Application": "The \"A\", Ltd\n",
            "LoginGeo": { "Latitude": 45.76, "Longitude": 4.84, "City": "Lyon" }, "Status": "Success",
            "OptionsIsGet": true, "ApiType": "N/A",
        });
        assert_eq!(page(csv).unwrap().rows, [login_from_json(&json.to_string()).unwrap()]);
    }

    #[test]
    fn what_cannot_be_read_is_set_aside_and_what_is_no_csv_is_given_up() {
        let csv = "Id,LoginTime\n0Ya5g00000AbCdEAAV,HOSTILE\n,2026-11-23T18:43:00.000Z\n0Ya5g00000AbCdFAAV,2026-11-23T18:43:00.000Z\n";
        let read = page(csv).unwrap();
        assert_eq!((read.rows.len(), read.rejected.len(), read.came()), (1, 2, 3));
        assert_eq!(read.rejected[0].id.as_deref(), Some("0Ya5g00000AbCdEAAV"));
        assert!(read.rejected.iter().all(|row| !row.reason.contains("HOSTILE")));
        let error = page("Id,LoginTime\n0Ya5g00000AbCdEAAV\n").unwrap_err();
        assert!(matches!(error, SalesforceError::UnexpectedAnswer { .. }), "{error}");
    }
}
