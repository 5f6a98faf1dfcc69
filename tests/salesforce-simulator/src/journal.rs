//! What was asked of the org: every request, and every write until a test takes it.

use crate::faults::Effect;
use std::collections::HashMap;
use std::fmt;

/// A request that changes state, as it was asked: also when it failed or a lying switch made it do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Write {
    /// One AuthSession delete.
    DeletedSession {
        /// The id as asked, 18 characters if it was an id.
        id: String,
    },
    /// One collection delete.
    DeletedSessions {
        /// The ids as asked.
        ids: Vec<String>,
    },
    /// One LoginIp delete.
    DeletedLoginIp {
        /// The id as asked.
        id: String,
    },
    /// A refresh token or DeleteToken was revoked.
    Revoked {
        /// The connected app's name.
        app: String,
        /// Whose token.
        user_id: String,
    },
    /// An access token was revoked.
    RevokedAccess {
        /// Whose session.
        user_id: String,
    },
    /// A revocation of a token the org does not know.
    RevokedUnknown,
    /// A UserLogin update.
    SetFrozen {
        /// Whose login.
        user_id: String,
        /// The value asked for.
        frozen: bool,
    },
    /// A password reset, or a new password.
    ChangedPassword {
        /// Whose.
        user_id: String,
    },
    /// A write that Salesforce refuses or the simulator does not model.
    Refused {
        /// The request's method and path.
        request: String,
    },
}

/// One request as it came and went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query string, percent-decoded.
    pub query: String,
    /// Who called: the access token's user, or the user a token was granted to.
    pub caller: Option<String>,
    /// The HTTP status answered; 0 when the connection was broken.
    pub status: u16,
    /// Whether the path led anywhere.
    pub matched: Matched,
    /// The ordered fault that met it.
    pub fault: Option<Effect>,
    /// Whether its path or query carried a secret of the org.
    pub secrecy: Secrecy,
}

/// Whether a request's address kept to what may stand in logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrecy {
    /// No token, DeleteToken or key in it.
    #[default]
    Kept,
    /// One of them in it.
    Broken,
    /// One of them in it, from a client of whom the test expects no better.
    Forgiven,
}

/// Whether a request named something the simulator has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matched {
    /// A known route and object.
    #[default]
    Yes,
    /// No such route, method or object.
    No,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        write!(f, " ({} by {})", self.status, self.caller.as_deref().unwrap_or("nobody"))
    }
}

/// What [`finish`](crate::Simulator::finish) found left over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpected {
    /// Writes nobody took.
    pub writes: Vec<Write>,
    /// Requests that led nowhere.
    pub unmatched: Vec<Request>,
    /// Requests with a token, DeleteToken or key of the org in their path or query.
    pub exposed: Vec<Request>,
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for request in &self.exposed {
            let path = request.path.split('/').take(4).collect::<Vec<_>>().join("/");
            writeln!(f, "a secret of the org stood in the address of a request: {} {path}…", request.method)?;
        }
        writeln!(f, "the simulated org was asked for more than expected:")?;
        for write in &self.writes {
            writeln!(f, "  a write nobody took: {write:?}")?;
        }
        for request in &self.unmatched {
            writeln!(f, "  a request that matched nothing: {request}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Unexpected {}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) requests: Vec<Request>,
    pub(crate) writes: Vec<Write>,
    pub(crate) api_calls: u64,
    pub(crate) calls_by_app: HashMap<String, u64>,
}

impl Journal {
    pub(crate) fn forgive_unmatched(&mut self) -> usize {
        let unmatched = self.requests.iter_mut().filter(|request| request.matched == Matched::No);
        unmatched.map(|request| request.matched = Matched::Yes).count()
    }

    pub(crate) fn forgive_exposed(&mut self) -> usize {
        let exposed = self.requests.iter_mut().filter(|request| request.secrecy == Secrecy::Broken);
        exposed.map(|request| request.secrecy = Secrecy::Forgiven).count()
    }

    pub(crate) fn left_over(&self) -> Option<Unexpected> {
        let those = |which: fn(&&Request) -> bool| self.requests.iter().filter(which).cloned().collect();
        let unexpected = Unexpected {
            writes: self.writes.clone(),
            unmatched: those(|request| request.matched == Matched::No),
            exposed: those(|request| request.secrecy == Secrecy::Broken),
        };
        let nothing =
            unexpected.writes.is_empty() && unexpected.unmatched.is_empty() && unexpected.exposed.is_empty();
        (!nothing).then_some(unexpected)
    }
}
