//! LoginHistory records as the lines of a query job's results.

use std::io::Cursor;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::datetime::{Instant, parse};
use super::error::SalesforceError;
use super::login_record::{Geo, OBJECT, Record, login};
use super::query::{Page, Rejected, not_documented};
use super::refusal::printable;
use super::wire::{Address, Country, Field};
use crate::observation::{CountryCode, Login, LoginId, Source, Text, UserId};

/// Rows that are made of the lines at once: as many as come with a page of a query.
const ROWS: usize = 2_000;

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

/// The lines of a part that are still to be read.
pub(super) struct LoginLines {
    lines: Reader<Cursor<Vec<u8>>>,
    line: ByteRecord,
    columns: Columns,
}

/// Where each of the columns stands, and its text in the line before: most texts repeat, and copies of a long one share it.
struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    before: [Text; COLUMNS.len()],
}

impl LoginLines {
    pub(super) fn of(body: Vec<u8>) -> Result<Self, SalesforceError> {
        let mut lines = ReaderBuilder::new().buffer_capacity(1 << 16).from_reader(Cursor::new(body));
        let names = lines.byte_headers().map_err(|error| unexpected(&error))?;
        let place = |column: &str| names.iter().position(|name| name.eq_ignore_ascii_case(column.as_bytes()));
        let columns =
            Columns { places: COLUMNS.map(place), before: [const { Text::new_static("") }; COLUMNS.len()] };
        Ok(Self { lines, line: ByteRecord::new(), columns })
    }

    /// The next rows; none at the end. A line that cannot be read is set aside, and a part that is not made of lines as
    /// long as its first is given up.
    pub(super) fn page(&mut self) -> Result<Page<Login>, SalesforceError> {
        let mut page = Page { rows: Vec::with_capacity(ROWS), ..Page::default() };
        while page.rows.len() < ROWS
            && self.lines.read_byte_record(&mut self.line).map_err(|error| unexpected(&error))?
        {
            match self.columns.record(&self.line).and_then(login) {
                Ok(login) => page.rows.push(login),
                Err(reason) => page.rejected.push(Rejected { id: self.id(), reason }),
            }
        }
        Ok(page)
    }

    fn id(&self) -> Option<String> {
        let id = self.line.get(self.columns.places[0]?).filter(|id| !id.is_empty())?;
        Some(printable(&String::from_utf8_lossy(id), 18))
    }
}

/// What the reader says could repeat a value and is not shown.
fn unexpected(error: &csv::Error) -> SalesforceError {
    let line = error.position().map_or(0, csv::Position::line);
    let reason = format!("line {line} of a job's results is not as long as the first");
    SalesforceError::UnexpectedAnswer { object: OBJECT.to_owned(), status: 200, reason }
}

impl Columns {
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
        LoginLines::of(csv.into())?.page()
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
