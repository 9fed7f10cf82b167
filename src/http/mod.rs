//! The endpoints: bytes in, a call of [`crate::flow`], bytes out. One file per endpoint.

mod authorize;
mod body;
mod context;
mod control;
mod errors;
mod form_endpoint;
mod form_request;
mod index;
mod introspect;
mod journal_guard;
mod jwks;
mod metadata;
mod pages;
mod panics;
mod resource;
pub(crate) mod response;
mod revoke;
mod scenario;
mod token;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock, Weak};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use tokio::sync::watch;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::journal::RequestRecorder;
use crate::limits::LimitMonitor;
use crate::oauth::Secret;
use crate::realm::{OwnPorts, Realm, RealmMap};
use crate::scenario::CORRELATION_ID;
use crate::tls::Tls;
use crate::token::SigningKey;

use context::RequestContext;
use form_endpoint::form_endpoint;
use introspect::Introspect;
use journal_guard::JournalGuard;
use revoke::Revoke;
use token::Token;

/// What every endpoint works on.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) realms: RealmMap,
    pub(crate) key: SigningKey,
    pub(crate) options: Options,
    pub(crate) limits: LimitMonitor,
    /// How it speaks TLS, if it does.
    pub(crate) tls: Option<Tls>,
    /// Opens ports of their own for a realm. The server sets it once it runs.
    pub(crate) ports: OnceLock<PortOpener>,
    /// Turns true when it is time to stop.
    pub(crate) stop: watch::Receiver<bool>,
}

/// What the server was started with, as far as answers depend on it.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where the server listens for HTTP.
    pub(crate) http: Option<SocketAddr>,
    /// Where it listens for HTTPS.
    pub(crate) https: Option<SocketAddr>,
    /// The base of every URL that is handed out, without a slash at the end.
    pub(crate) public_url: Option<String>,
    /// Whether `X-Forwarded-*` is believed.
    pub(crate) trust_forwarded: bool,
    pub(crate) control: Control,
}

/// Who may use the control API, beside the checks that are always made.
#[derive(Clone, Debug, Default)]
pub(crate) enum Control {
    #[default]
    On,
    /// Nobody: it is not there.
    Off,
    /// Whoever brings this bearer token.
    Token(Secret),
}

type OpenPort = dyn Fn(&Weak<Realm>) -> io::Result<OwnPorts> + Send + Sync;

/// Opens ports of their own for a realm.
pub(crate) struct PortOpener(pub(crate) Box<OpenPort>);

impl Options {
    /// Where the server listens, for a request that came by this scheme if it can be.
    pub(crate) fn address(&self, tls: bool) -> SocketAddr {
        let found = if tls { self.https.or(self.http) } else { self.http.or(self.https) };
        found.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }
}

impl App {
    /// Whether it is time to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Returns when it is time to stop.
    pub(crate) async fn stopping(&self) {
        // An error means that nobody is left to say stop, which is as good as the word.
        let _ = self.stop.clone().wait_for(|&stop| stop).await;
    }

    /// Ports of their own for a realm that is being made, if it wants any.
    pub(crate) fn open_port(
        &self,
        wanted: bool,
        realm: &Weak<Realm>,
    ) -> io::Result<Option<OwnPorts>> {
        match self.ports.get().filter(|_| wanted) {
            Some(ports) => (ports.0)(realm).map(Some),
            None => Ok(None),
        }
    }
}

impl fmt::Debug for PortOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PortOpener")
    }
}

/// What is known of the connection that a request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connection {
    /// Where the server listened for it; none for a request in process.
    pub(crate) listener: Option<SocketAddr>,
    /// Whether it is within TLS.
    pub(crate) tls: bool,
    /// The common name of the client's certificate.
    pub(crate) certificate: Option<Arc<str>>,
    /// The realm whose own port it came to.
    pub(crate) realm: Option<Arc<Realm>>,
}

impl Connection {
    fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

/// Routes every path of the server.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/oauth2/v3/token", any(form_endpoint::<Token>))
        .route("/oauth/v3/token", any(form_endpoint::<Token>))
        .route("/ebc2/oauth/authorize", any(authorize::vendor))
        .route("/oauth2/v3/authorize", any(authorize::rfc))
        .route("/oauth2/v3/introspect", any(form_endpoint::<Introspect>))
        .route("/oauth2/v3/revoke", any(form_endpoint::<Revoke>))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .nest("/_mock", control::router(Arc::clone(&app)))
        .route("/", get(index::index))
        .fallback(resource::resource)
        .layer(CatchPanicLayer::custom(panics::answer))
        .with_state(app)
}

/// Answers one request. Whatever the answer is, it carries the realm's date and the client's
/// correlation id.
pub(crate) async fn serve(
    app: &App,
    router: &Router,
    connection: Connection,
    mut request: Request,
) -> Response {
    let correlation_id = request.headers().get(CORRELATION_ID).cloned();
    let (realm, journal_guard, mut response) =
        match RequestContext::find(app, &connection, &mut request) {
            Ok(context) => {
                let realm = Arc::clone(&context.realm);
                let journal_guard = JournalGuard::begin(
                    &realm,
                    &context.recorder,
                    &connection,
                    context.scheme(),
                    &request,
                );
                request.extensions_mut().insert(connection);
                request.extensions_mut().insert(context);
                let Ok(response) = router.clone().oneshot(request).await;
                (realm, journal_guard, response)
            }
            Err(name) => {
                let realm = Arc::clone(app.realms.default_realm());
                let scheme = connection.scheme();
                let journal_guard = JournalGuard::begin(
                    &realm,
                    &RequestRecorder::default(),
                    &connection,
                    scheme,
                    &request,
                );
                let answer = match request.uri().path().contains("/_mock/") {
                    true => control::unknown_realm(&name),
                    false => response::unknown_realm(&name),
                };
                (realm, journal_guard, answer)
            }
        };
    journal_guard.answered(&response);
    let headers = response.headers_mut();
    if let Some(id) = correlation_id {
        headers.entry(CORRELATION_ID).or_insert(id);
    }
    response::put_date(headers, realm.clock().now_ms());
    response
}
