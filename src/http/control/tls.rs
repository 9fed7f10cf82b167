//! `/_mock/ca.pem` and `/_mock/tls`: the server's CA, and faults of TLS handshakes.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::json::Json;
use super::problem::Problem;
use super::routes::{OperationDoc, Routes};
use crate::fixture::TlsFaults;
use crate::http::app::App;
use crate::http::context::RequestContext;
use crate::http::response;

const NO_HTTPS: &str = "The server was started without HTTPS (--tls-listen).";

const PEM: &str = "application/x-pem-file";
/// For client generators, which do not know [`PEM`].
const PLAIN: &str = "text/plain";

pub(super) fn routes() -> Routes {
    let mut routes = Routes::default();

    routes.get(
        "/ca.pem",
        ca,
        OperationDoc::new(
            "getCa",
            "Returns the certificate of the CA that signed the server certificate",
        )
        .returns_text(&[PEM, PLAIN], "The certificate in PEM."),
    );

    routes.get(
        "/tls",
        show,
        OperationDoc::new("getTlsFaults", "Returns the faults of TLS handshakes")
            .returns::<TlsFaults>(200, "The faults."),
    );

    routes.put(
        "/tls",
        put,
        OperationDoc::new("setTlsFaults", "Sets the faults of TLS handshakes")
            .takes::<TlsFaults>()
            .returns::<TlsFaults>(200, "The new faults."),
    );

    routes.delete(
        "/tls",
        reset,
        OperationDoc::new("resetTlsFaults", "Resets the faults to those of the fixtures")
            .returns::<TlsFaults>(200, "The faults of the fixtures."),
    );

    routes
}

async fn ca(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Problem> {
    let tls = app.tls.as_ref().ok_or_else(|| Problem::not_found(NO_HTTPS))?;
    let pem = tls.ca_pem().ok_or_else(|| {
        Problem::not_found("The server uses the certificate of --tls-cert, so it has no CA.")
    })?;

    let wants_plain = headers.get(header::ACCEPT).is_some_and(|accept| accept == PLAIN);
    let content_type = if wants_plain { PLAIN } else { PEM };
    Ok(response::text(StatusCode::OK, content_type, Body::from(pem.to_owned())))
}

async fn show(Extension(context): Extension<RequestContext>) -> Json<TlsFaults> {
    Json(context.realm.tls_faults())
}

async fn put(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Json(faults): Json<TlsFaults>,
) -> Result<Json<TlsFaults>, Problem> {
    if let Some((name, error)) = faults.invalid_host() {
        return Err(Problem::of_member(format!("/hosts/{name}"), error));
    }
    if app.tls.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT, NO_HTTPS));
    }

    context.realm.set_tls_faults(Some(faults));
    Ok(show(Extension(context)).await)
}

async fn reset(Extension(context): Extension<RequestContext>) -> Json<TlsFaults> {
    context.realm.set_tls_faults(None);
    show(Extension(context)).await
}
