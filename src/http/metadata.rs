//! GET `/.well-known/oauth-authorization-server`: where everything is (RFC 8414).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::errors::injected;
use super::here::Here;
use super::play::{Stage, play};
use super::{App, answer};
use crate::oauth::{Dialect, scope};
use crate::realm::Registry;
use crate::scenario::Endpoint;

pub(super) async fn metadata(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
) -> Response {
    here.record.endpoint(Endpoint::Metadata);
    let registry = here.realm.registry();
    let registry = &*registry;
    let stage = Stage {
        here: &here,
        registry,
        endpoint: Endpoint::Metadata,
        client_id: None,
        merchant_id: None,
        headers: &headers,
        param: &|_| None,
        error: &|code, status, text| injected(registry, Endpoint::Metadata, code, status, text),
    };
    play(stage, |_| async { document(&app, &here, registry) }).await
}

fn document(app: &App, here: &Here, registry: &Registry) -> Response {
    let base = here.base_url(app);
    let methods = match registry.settings.dialect {
        Dialect::Documented => vec!["client_secret_post"],
        Dialect::Rfc6749 => vec!["client_secret_post", "client_secret_basic"],
    };
    let document = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth2/v3/authorize"),
        "token_endpoint": format!("{base}/oauth2/v3/token"),
        "introspection_endpoint": format!("{base}/oauth2/v3/introspect"),
        "revocation_endpoint": format!("{base}/oauth2/v3/revoke"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "token_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "scopes_supported": scope::DOCUMENTED,
    });
    answer::text(StatusCode::OK, "application/json", Body::from(document.to_string()))
}
