//! GET `/.well-known/oauth-authorization-server`: where everything is (RFC 8414).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::context::RequestContext;
use super::errors::injected;
use super::scenario::{ScenarioContext, run};
use super::{App, response};
use crate::oauth::{Dialect, scope};
use crate::realm::Registry;
use crate::scenario::Endpoint;

pub(super) async fn metadata(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    headers: HeaderMap,
) -> Response {
    context.recorder.endpoint(Endpoint::Metadata);
    let registry = context.realm.registry();
    let registry = &*registry;
    let stage = ScenarioContext {
        context: &context,
        registry,
        endpoint: Endpoint::Metadata,
        client_id: None,
        merchant_id: None,
        headers: &headers,
        param: &|_| None,
        error: &|code, status, text| injected(registry, Endpoint::Metadata, code, status, text),
    };
    run(stage, |_| async { document(&app, &context, registry) }).await
}

fn document(app: &App, context: &RequestContext, registry: &Registry) -> Response {
    let base = context.base_url(app);
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
    response::text(StatusCode::OK, "application/json", Body::from(document.to_string()))
}
