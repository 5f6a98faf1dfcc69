//! Which path leads where.

use super::{Shared, collections, describe, gate, limits, oauth, query, records};
use axum::Router;
use axum::middleware;
use axum::routing::{delete, get, post};

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/services/oauth2/token", post(oauth::token))
        .route("/services/oauth2/revoke", post(oauth::revoke_posted).get(oauth::revoke_asked))
        .route("/services/oauth2/userinfo", get(oauth::user_info).post(oauth::user_info))
        .route("/services/data", get(limits::versions))
        .route("/services/data/", get(limits::versions))
        .route("/services/data/{version}/limits", get(limits::limits))
        .route("/services/data/{version}/limits/", get(limits::limits))
        .route("/services/data/{version}/query", get(query::query))
        .route("/services/data/{version}/query/", get(query::query))
        .route("/services/data/{version}/query/{locator}", get(query::more))
        .route("/services/data/{version}/sobjects", get(describe::all))
        .route("/services/data/{version}/sobjects/", get(describe::all))
        .route("/services/data/{version}/sobjects/{object}/describe", get(describe::one))
        .route("/services/data/{version}/sobjects/{object}/describe/", get(describe::one))
        .route(
            "/services/data/{version}/sobjects/{object}/{id}",
            get(records::read).delete(records::delete).patch(records::update),
        )
        .route("/services/data/{version}/composite/sobjects", delete(collections::delete))
        .fallback(gate::nowhere)
        .method_not_allowed_fallback(gate::wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), gate::gate))
        .with_state(shared)
}
