//! GET `/.well-known/oauth-authorization-server`: the server's metadata (RFC 8414).

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::context::RequestContext;
use super::response;
use super::scenario::run_anonymous;
use crate::oauth::{Dialect, scope};
use crate::scenario::Endpoint;

pub(super) async fn metadata(context: RequestContext, headers: HeaderMap) -> Response {
    run_anonymous(&context, Endpoint::Metadata, &headers, || async { document(&context) }).await
}

/// GET `/.well-known/openid-configuration`: a 404 that names the URL of the metadata.
pub(super) async fn no_openid(context: RequestContext) -> Response {
    let text = format!(
        "This server is not an OpenID provider. Its OAuth metadata (RFC 8414) is at \
         {}/.well-known/oauth-authorization-server.\n",
        context.base_url()
    );
    response::text(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", text)
}

fn document(context: &RequestContext) -> Response {
    let base = context.base_url();
    let consent_base = context.consent_url_of(&context.realm);
    let methods = match context.registry.settings.dialect {
        Dialect::Documented => vec!["client_secret_post"],
        Dialect::Rfc6749 => vec!["client_secret_post", "client_secret_basic"],
    };

    let document = json!({
        "issuer": base,
        "authorization_endpoint": format!("{consent_base}/oauth2/v3/authorize"),
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
        "scopes_supported": scope::documented().collect::<Vec<_>>(),
    });

    response::text(StatusCode::OK, "application/json", document.to_string())
}
