//! Which requests a fault is for.

/// What a request must be; whatever is not said matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matcher {
    method: Option<String>,
    path_contains: String,
    object: Option<String>,
    caller: Option<String>,
    share: Option<Share>,
}

/// Whether a request is a call of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// It is.
    Whole,
    /// It is a part of a composite call.
    Part,
}

/// A request as a matcher sees it.
pub(crate) struct Asked<'r> {
    pub(crate) method: &'r str,
    /// Path and query, percent-decoded.
    pub(crate) path: &'r str,
    pub(crate) object: Option<&'r str>,
    pub(crate) caller: Option<&'r str>,
    pub(crate) share: Share,
}

impl Matcher {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests with this HTTP method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Requests whose path and query, percent-decoded, contain this.
    #[must_use]
    pub fn path(mut self, contains: &str) -> Self {
        contains.clone_into(&mut self.path_contains);
        self
    }

    /// Requests for this object: queries from it, their further pages, and its records.
    #[must_use]
    pub fn object(mut self, name: &str) -> Self {
        self.object = Some(name.to_owned());
        self
    }

    /// Requests with a session of the user whose username begins with this.
    #[must_use]
    pub fn caller(mut self, username: &str) -> Self {
        self.caller = Some(username.to_owned());
        self
    }

    /// Calls alone, not the parts of a composite call.
    #[must_use]
    pub fn whole_calls(mut self) -> Self {
        self.share = Some(Share::Whole);
        self
    }

    pub(crate) fn matches(&self, asked: &Asked<'_>) -> bool {
        let same = |wanted: &str, found: &str| wanted.eq_ignore_ascii_case(found);
        self.method.as_deref().is_none_or(|method| same(method, asked.method))
            && asked.path.contains(&self.path_contains)
            && self.share.is_none_or(|share| share == asked.share)
            && self
                .object
                .as_deref()
                .is_none_or(|object| asked.object.is_some_and(|found| same(object, found)))
            && self
                .caller
                .as_deref()
                .is_none_or(|name| asked.caller.is_some_and(|found| found.starts_with(name)))
    }
}
