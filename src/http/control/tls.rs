//! `/_mock/ca.pem` and `/_mock/tls`: the server's CA, and faults of TLS handshakes.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::edit::edit;
use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, PUT, Routes};
use crate::fixture::TlsFaults;
use crate::http::context::RequestContext;
use crate::http::response;

const NO_HTTPS: &str = "The server was started without HTTPS (--tls-listen).";

const PEM: &str = "application/x-pem-file";
/// For client generators, which do not know [`PEM`].
const PLAIN: &str = "text/plain";

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/ca.pem", ca)
        .doc("getCa", "Returns the certificate of the CA that signed the server certificate")
        .returns_text(&[PEM, PLAIN], "The certificate in PEM.");

    routes
        .add(GET, "/tls", show)
        .doc("getTlsFaults", "Returns the faults of TLS handshakes")
        .returns::<TlsFaults>(200, "The faults.");

    routes
        .add(PUT, "/tls", put)
        .doc("setTlsFaults", "Sets the faults of TLS handshakes")
        .takes::<TlsFaults>()
        .returns::<TlsFaults>(200, "The new faults.");

    routes
        .add(DELETE, "/tls", reset)
        .doc("resetTlsFaults", "Resets the faults to those of the fixtures")
        .returns::<TlsFaults>(200, "The faults of the fixtures.");
}

async fn ca(context: RequestContext, headers: HeaderMap) -> Result<Response, Problem> {
    let tls = context.app.tls.as_ref().ok_or_else(|| Problem::not_found(NO_HTTPS))?;
    let pem = tls.ca_pem().ok_or_else(|| {
        Problem::not_found("The server uses the certificate of --tls-cert, so it has no CA.")
    })?;

    let wants_plain = headers.get(header::ACCEPT).is_some_and(|accept| accept == PLAIN);
    let content_type = if wants_plain { PLAIN } else { PEM };
    Ok(response::text(StatusCode::OK, content_type, pem.to_owned()))
}

async fn show(context: RequestContext) -> Json<TlsFaults> {
    Json(context.realm.tls_faults())
}

async fn put(
    context: RequestContext,
    Json(faults): Json<TlsFaults>,
) -> Result<Json<TlsFaults>, Problem> {
    if let Some((name, error)) = faults.invalid_host() {
        return Err(Problem::of_member(format!("/hosts/{name}"), error));
    }
    if context.app.tls.is_none() {
        return Err(Problem::new(StatusCode::CONFLICT, NO_HTTPS));
    }

    edit(&context, move |realm| realm.set_tls_faults(Some(faults.clone()))).await?;
    Ok(show(context).await)
}

async fn reset(context: RequestContext) -> Result<Json<TlsFaults>, Problem> {
    edit(&context, |realm| realm.set_tls_faults(None)).await?;
    Ok(show(context).await)
}
