//! Failures to order: each matches requests and happens a counted number of times.

/// What a matching request meets instead of, or before, its answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// This status with this JSON body; the request does nothing.
    Json(u16, serde_json::Value),
    /// This status with this HTML body, as Salesforce's edge answers; the request does nothing.
    Html(u16, String),
    /// The connection breaks before an answer; the request does nothing.
    Close,
    /// The request is done, but the connection breaks before its answer.
    CloseAfter,
    /// Milliseconds that pass before the request is handled as usual.
    Delay(u64),
}

/// One ordered failure.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The HTTP method it matches; empty matches all.
    pub method: String,
    /// What the path and query, percent-decoded, must contain.
    pub path_contains: String,
    /// How many matching requests it meets.
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

impl Fault {
    /// A fault for the next `times` requests with this method whose path and query contain `path_contains`.
    pub fn new(method: &str, path_contains: &str, times: u32, effect: Effect) -> Self {
        Self { method: method.to_owned(), path_contains: path_contains.to_owned(), times, effect }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.times > 0
            && (self.method.is_empty() || self.method.eq_ignore_ascii_case(method))
            && path.contains(&self.path_contains)
    }
}

/// The faults still to come, first match first.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Orders one more.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults that have not yet happened as often as ordered.
    pub fn pending(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter().filter(|fault| fault.times > 0)
    }

    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Effect> {
        let fault = self.0.iter_mut().find(|fault| fault.matches(method, path))?;
        fault.times -= 1;
        Some(fault.effect.clone())
    }
}
