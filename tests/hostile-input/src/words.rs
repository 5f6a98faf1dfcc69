//! Words inside of records: addresses, what clients say they are, and text that goes into a query.

use session_warden::indicators::Observable;
use session_warden::observation::{Client, Network, Outcome, Source};
use session_warden::salesforce::soql_literal;

/// Addresses and networks, as Salesforce, policies and analysts write them.
pub fn addresses(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let source = Source::from(text.as_ref());
    assert_eq!(Source::from(String::from(source.clone())), source, "what was written is read again");
    if let Some(address) = source.address() {
        assert_eq!(source.network(), Some(Network::of(address)));
    }
    if let Ok(Observable::Address(network)) = Observable::address(&text) {
        assert_eq!(network.trunc(), network, "bits behind the prefix are dropped");
        assert_ne!(network.prefix_len(), 0, "nobody looks for every address");
        let written = Observable::Address(network).to_string();
        assert_eq!(Observable::address(&written), Ok(Observable::Address(network)));
    }
    let _ = Observable::inferred(&text);
}

/// User agents: browser and platform, and the status that stands beside them.
pub fn clients(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (browser, platform) = text.split_at(text.floor_char_boundary(text.len() / 2));
    let client = Client { browser: browser.into(), platform: platform.into(), ..Client::default() };
    let family = client.family().to_string();
    assert!(family.contains('/'));
    assert!(
        family.chars().count() <= text.chars().count() + 64,
        "a family is no longer than what it is of: {family}"
    );
    let _ = Outcome::from_status(&text);
}

/// A literal of SOQL ends where it should, and means the text.
pub fn soql(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let literal = soql_literal(&text);
    let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let meant = inner.and_then(meant);
    assert_eq!(meant.as_deref(), Some(text.as_ref()), "{literal}");
}

/// What the inside of a literal means; `None` where it ends before its end. Source: SOQL Reference, "Quoted String Escape
/// Sequences".
fn meant(inner: &str) -> Option<String> {
    let mut meant = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let escaped = match c {
            '\'' => return None,
            '\\' => chars.next()?,
            c => {
                meant.push(c);
                continue;
            }
        };
        meant.push(match escaped {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                char::from_u32(u32::from_str_radix(&chars.by_ref().take(4).collect::<String>(), 16).ok()?)?
            }
            c @ ('\'' | '"' | '\\') => c,
            _ => return None,
        });
    }
    Some(meant)
}
