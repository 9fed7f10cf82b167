//! The way of every request: its context, its endpoint, its journal entry.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::response::Response;
use axum::routing::{any, get};
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::app::{App, Connection};
use super::context::RequestContext;
use super::form_endpoint::form_endpoint;
use super::introspect::Introspect;
use super::journal_guard::JournalGuard;
use super::realm_lookup::UnknownRealm;
use super::revoke::Revoke;
#[cfg(feature = "redis")]
use super::shared_state::Attempt;
use super::token::Token;
use super::{authorize, console, control, jwks, metadata, panics, resource, response};
use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;
use crate::units::printable;

const INDEX: &str = "/";
const VENDOR_AUTHORIZE: &str = "/ebc2/oauth/authorize";
const RFC6749_AUTHORIZE: &str = "/oauth2/v3/authorize";
/// The prefix of the control API and of the console's files.
const MOCK: &str = "/_mock/";
/// The paths that the portal serves, with those under `MOCK`, which the console needs.
const PORTAL_PATHS: [&str; 3] = [INDEX, VENDOR_AUTHORIZE, RFC6749_AUTHORIZE];

/// Makes the routes of a server. The paths are those within a realm.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/oauth2/v3/token", any(form_endpoint::<Token>))
        .route("/oauth/v3/token", any(form_endpoint::<Token>))
        .route(VENDOR_AUTHORIZE, any(authorize::vendor))
        .route(RFC6749_AUTHORIZE, any(authorize::rfc6749))
        .route("/oauth2/v3/introspect", any(form_endpoint::<Introspect>))
        .route("/oauth2/v3/revoke", any(form_endpoint::<Revoke>))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route("/.well-known/openid-configuration", any(metadata::no_openid))
        .nest("/_mock", control::router(&app.options.control).merge(console::router()))
        // The nested router has no path with this slash alone.
        .route("/_mock/", any(control::not_found))
        .route(INDEX, get(console::index))
        .fallback(resource::resource)
        .layer(CatchPanicLayer::custom(panics::server_error))
        .with_state(app)
}

/// A request that has its response, but is not yet recorded.
pub(super) struct Handled {
    response: Response,
    realm: Arc<Realm>,
    journal_guard: JournalGuard,
    correlation_id: Option<HeaderValue>,
    #[cfg(feature = "redis")]
    pub(super) attempt: Attempt,
}

/// Handles one request.
pub(super) async fn handle(
    app: &Arc<App>,
    router: &Router,
    connection: Connection,
    mut request: Request,
) -> Handled {
    let correlation_id = request.headers().get(CORRELATION_ID).cloned();
    let realm_root = console::without_slash(request.uri().path()).map(str::to_owned);
    let (context, unknown_realm) = RequestContext::resolve(app, connection, &mut request);
    let realm = Arc::clone(&context.realm);
    let journal_guard = JournalGuard::new(&context, &request);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    #[cfg(feature = "redis")]
    let attempt = Attempt {
        realm: Arc::clone(&realm),
        unknown_realm: unknown_realm.as_ref().map(|unknown| unknown.name.clone()),
        // Requests that are not recorded are not opened, either.
        state: context.shared.clone().filter(|_| journal_guard.is_recorded()),
    };

    let response = match (unknown_realm, realm_root) {
        (Some(UnknownRealm { name, is_control }), _) => {
            if !is_control {
                tracing::info!(status = 404, "no realm: {:.64}", printable(&name));
            }
            control::unknown_realm(app, &name)
        }
        (None, Some(name)) => console::redirect_to_slash(&name),
        (None, None) if !context.serves(request.uri().path()) => {
            response::not_at_portal(&context.server_url())
        }
        (None, None) => {
            request.extensions_mut().insert(context);
            let Ok(response) = router.clone().oneshot(request).await;
            response
        }
    };

    // A failure is logged with its reason, where that is known.
    let status = response.status().as_u16();
    if status < 400 {
        let (method, path) = (method.as_str(), uri.path());
        tracing::debug!(status, realm = realm.name(), "{method:.16} {path:.128}");
    }
    Handled {
        response,
        realm,
        journal_guard,
        correlation_id,
        #[cfg(feature = "redis")]
        attempt,
    }
}

impl Handled {
    /// Drops the response of a request that is handled again.
    #[cfg(feature = "redis")]
    pub(super) fn abandon(self) {
        self.journal_guard.abandon();
    }

    /// Records the request, and returns the response as it is sent.
    pub(super) fn finish(self) -> Response {
        let Self { mut response, realm, journal_guard, correlation_id, .. } = self;
        journal_guard.finish(&mut response);

        let headers = response.headers_mut();
        if let Some(id) = correlation_id {
            headers.entry(CORRELATION_ID).or_insert(id);
        }
        response::put_date(headers, realm.clock.now());
        response
    }
}

impl RequestContext {
    /// Whether the listener of the request serves this path.
    fn serves(&self, path: &str) -> bool {
        !self.connection.is_portal || PORTAL_PATHS.contains(&path) || path.starts_with(MOCK)
    }
}
