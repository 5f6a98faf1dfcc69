//! Plain text: one indicator a line.

use super::indicator::{Indicator, Kind, Observable, Provenance};
use super::list::Indicators;

/// Reads lines such as `198.51.100.7`, `198.51.100.0/24 # a comment` or `user-agent: python-requests`. Empty lines and
/// those that begin with `#` are skipped; a comment behind an entry is kept as its source.
pub(super) fn read(file: &str, text: &str, list: &mut Indicators) {
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = Provenance::Line { file: file.to_owned(), line: number };
        list.take(at.clone(), entry(line, at));
    }
}

fn entry(line: &str, at: Provenance) -> Result<Indicator, String> {
    let (entry, comment) = match line.split_once(" #") {
        Some((entry, comment)) => (entry, Some(comment.trim().to_owned())),
        None => (line, None),
    };
    let observable = match entry.split_once(':') {
        Some((kind, value)) if Kind::named(kind).is_some() => Observable::of_type(kind, value)?,
        _ => Observable::inferred(entry)?,
    };
    Ok(Indicator { source: comment.filter(|text| !text.is_empty()), ..Indicator::new(observable, at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_lines_are_used_and_bad_ones_named() {
        let text = "# seen in the wild\n\n198.51.100[.]7 # exit node\n2001:db8::/32\nUser-Agent: python-requests\n\
                    app: Drift Email\nuser: 0055g00000AbCdE\nevil.example\nip: 198.51.100.300\n";
        let mut list = Indicators::default();
        read("iocs.txt", text, &mut list);
        let seen: Vec<_> =
            list.all().iter().map(|i| format!("{} {}", i.observable.kind(), i.observable)).collect();
        assert_eq!(
            seen,
            [
                "address 198.51.100.7",
                "address 2001:db8::/32",
                "user agent python-requests",
                "application Drift Email",
                "user 0055g00000AbCdE"
            ]
        );
        assert_eq!(list.all()[0].source.as_deref(), Some("exit node"));
        let bad: Vec<_> = list.rejected.first.iter().map(ToString::to_string).collect();
        assert!(
            bad[0].starts_with("iocs.txt, line 8: `evil.example` is no address or CIDR; say what it is"),
            "{bad:?}"
        );
        assert_eq!(bad[1], "iocs.txt, line 9: `198.51.100.300` is no address or CIDR");
    }
}
