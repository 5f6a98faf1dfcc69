//! Which requests reach a handler: REST resources need a version that is served, a live session, and calls left.

use super::answer::prettied;
use super::gate::settle;
use super::interference::Slow;
use super::{Call, Shared};
use crate::access::RestError;
use crate::journal::Request as Entry;
use crate::permission::Permission;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Versions below this are retired.
pub(super) const OLDEST_VERSION: u32 = 31;
/// The newest version there is.
pub(super) const NEWEST_VERSION: u32 = 68;

pub(super) async fn handled(
    shared: &Shared,
    mut request: Request,
    next: Next,
    entry: &mut Entry,
) -> Response {
    let pretty = request.headers().get("X-PrettyPrint").is_some_and(|value| value != "0" && value != "false");
    let admitted = admitted(shared, &mut request, entry);
    let mut response = match admitted {
        Ok(running) => {
            let slow = request.extensions().get::<Slow>().copied();
            if let Some(slow) = slow {
                slow.pass().await;
            }
            let response = next.run(request).await;
            drop(running);
            response
        }
        Err(error) => error.into_response(),
    };
    settle(&mut response, entry, &shared.org());
    if pretty { prettied(response).await } else { response }
}

fn admitted(shared: &Shared, request: &mut Request, entry: &mut Entry) -> Result<Option<Running>, RestError> {
    let Some(version) = rest_version(&entry.path) else { return Ok(None) };
    served(version)?;
    let mut org = shared.org();
    let token = bearer(request).ok_or_else(RestError::invalid_session)?;
    let caller = org.authorize(token).ok_or_else(RestError::invalid_session)?;
    entry.caller = Some(caller.username.clone());
    if !caller.may(Permission::ApiEnabled) {
        return Err(RestError::new(403, "API_CURRENTLY_DISABLED", "API is currently disabled for this user"));
    }
    org.spend_call(caller.app.as_deref())?;
    org.begin_call()?;
    let running = Running(shared.clone());
    let version = version.trim_start_matches('v').into();
    request.extensions_mut().insert(Call { caller, version });
    Ok(Some(running))
}

/// A call in progress; also when its client goes away, it ends.
struct Running(Shared);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.org().end_call();
    }
}

fn served(version: &str) -> Result<(), RestError> {
    let number = version.strip_prefix('v').and_then(|version| version.strip_suffix(".0"));
    match number.and_then(|number| number.parse::<u32>().ok()) {
        None => Err(RestError::not_found().unmatched()),
        Some(major) if major > NEWEST_VERSION => Err(RestError::not_found()),
        Some(major) if major < OLDEST_VERSION => {
            let text = "The requested API version is retired. Use a newer one.";
            Err(RestError::new(410, "UNSUPPORTED_API_VERSION", text))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn rest_version(path: &str) -> Option<&str> {
    path.strip_prefix("/services/data/")?.split('/').next().filter(|version| !version.is_empty())
}

pub(super) fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("OAuth")).then_some(token.trim())
}
