//! Which path leads where; a slash at its end changes nothing.

use super::{
    Shared, app_usage, collections, composite, describe, gate, identity, limits, oauth, passwords, query,
    query_jobs, records, tooling,
};
use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, post};

pub(crate) fn router(shared: Shared) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, (path, method)| {
            router.route(path, method.clone()).route(&format!("{path}/"), method)
        })
        .fallback(gate::nowhere)
        .method_not_allowed_fallback(gate::wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), gate::gate))
        .with_state(shared)
}

fn routes() -> Vec<(&'static str, MethodRouter<Shared>)> {
    let revoke = post(oauth::revoke_posted).get(oauth::revoke_asked);
    let record = get(records::read).delete(records::delete).patch(records::update);
    let password = get(passwords::state).post(passwords::set).delete(passwords::reset);
    let job = get(query_jobs::read).patch(query_jobs::change).delete(query_jobs::delete);
    let usage = get(app_usage::tokens).delete(app_usage::revoke_of_user);
    vec![
        ("/services/oauth2/token", post(oauth::token)),
        ("/services/oauth2/revoke", revoke),
        ("/services/oauth2/introspect", post(identity::introspect)),
        ("/services/oauth2/userinfo", get(identity::user_info).post(identity::user_info)),
        ("/id/{org}/{user}", get(identity::identity)),
        ("/services/data", get(limits::versions)),
        ("/services/data/{version}/limits", get(limits::limits)),
        ("/services/data/{version}/query", get(query::query)),
        ("/services/data/{version}/query/{locator}", get(query::more)),
        ("/services/data/{version}/jobs/query", get(query_jobs::all).post(query_jobs::create)),
        ("/services/data/{version}/jobs/query/{id}", job),
        ("/services/data/{version}/jobs/query/{id}/results", get(query_jobs::results)),
        ("/services/data/{version}/tooling/query", get(tooling::query)),
        ("/services/data/{version}/sobjects", get(describe::all)),
        ("/services/data/{version}/sobjects/{object}/describe", get(describe::one)),
        ("/services/data/{version}/sobjects/User/{id}/password", password),
        ("/services/data/{version}/sobjects/{object}/{id}", record),
        ("/services/data/{version}/composite", post(composite::composite)),
        ("/services/data/{version}/composite/sobjects", delete(collections::delete)),
        ("/services/data/{version}/apps/oauth/usage", get(app_usage::apps)),
        ("/services/data/{version}/apps/oauth/usage/{app}/users", get(app_usage::users)),
        ("/services/data/{version}/apps/oauth/usage/{app}/tokens", delete(app_usage::revoke_of_app)),
        ("/services/data/{version}/apps/oauth/usage/{app}/{user}/tokens", usage),
        ("/services/data/{version}/apps/oauth/usage/tokens/{token}", delete(app_usage::revoke_one)),
    ]
}
