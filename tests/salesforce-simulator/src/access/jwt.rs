//! The JWT bearer assertion: the signature is verified, then the claims in the order Salesforce refuses them.

use super::error::OauthError;
use super::identity::Identity;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value as Json;

/// How far ahead an assertion may expire, in seconds.
const MAX_LIFETIME: i64 = 300;

/// The identity that signed the assertion.
pub(crate) fn verified<'i>(
    assertion: &str,
    identities: &'i [Identity],
    audiences: &[&str],
    now: Timestamp,
) -> Result<&'i Identity, OauthError> {
    let claims = part(assertion, 1).ok_or(OauthError::grant("invalid assertion"))?;
    let issuer = claims["iss"].as_str().unwrap_or_default();
    let identity = identities.iter().find(|identity| identity.client_id == issuer);
    let identity = identity.ok_or(OauthError::new("invalid_client_id", "client identifier invalid"))?;
    if !signed_by(assertion, identity) {
        return Err(OauthError::grant("invalid assertion"));
    }
    if !audience_fits(&claims["aud"], audiences) {
        return Err(OauthError::grant("audience is invalid"));
    }
    let lifetime = expiry(&claims["exp"]).map(|at| at.saturating_sub(now.as_second()));
    if !lifetime.is_some_and(|left| (1..=MAX_LIFETIME).contains(&left)) {
        return Err(OauthError::grant("expired authorization code"));
    }
    let subject = claims["sub"].as_str().unwrap_or_default();
    if !subject.eq_ignore_ascii_case(&identity.username) {
        return Err(OauthError::grant("user hasn't approved this consumer"));
    }
    Ok(identity)
}

fn part(assertion: &str, place: usize) -> Option<Json> {
    let bytes = URL_SAFE_NO_PAD.decode(assertion.split('.').nth(place)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn signed_by(assertion: &str, identity: &Identity) -> bool {
    let algorithm = part(assertion, 0).and_then(|header| header["alg"].as_str().map(str::to_owned));
    let Some((message, signature)) = assertion.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &identity.public_key);
    algorithm.as_deref() == Some("RS256") && key.verify(message.as_bytes(), &signature).is_ok()
}

fn audience_fits(claim: &Json, audiences: &[&str]) -> bool {
    let fits = |audience: &str| audiences.contains(&audience);
    match claim {
        Json::Array(all) => all.iter().filter_map(Json::as_str).any(fits),
        one => one.as_str().is_some_and(fits),
    }
}

/// Some clients send the number as a string.
fn expiry(claim: &Json) -> Option<i64> {
    let number = claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds as i64));
    number.or_else(|| claim.as_str()?.parse().ok())
}
