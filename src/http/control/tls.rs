//! `/_mock/ca.pem` and `/_mock/tls`: whom to trust, and what is not to be validated on purpose.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody};
use crate::fixture::TlsFaults;
use crate::http::{App, context::RequestContext, response};

pub(super) async fn ca(State(app): State<Arc<App>>) -> Answer {
    let pem = match &app.tls {
        None => Err("The server was started without HTTPS (--tls-listen)."),
        Some(tls) => tls.ca_pem().ok_or("The server's certificate is its user's own."),
    };
    let pem = pem.map_err(|why| Problem::new(StatusCode::NOT_FOUND, why))?;
    Ok(response::text(StatusCode::OK, "application/x-pem-file", Body::from(pem.to_owned())))
}

pub(super) async fn show(Extension(context): Extension<RequestContext>) -> Response {
    json(StatusCode::OK, &context.realm.tls_faults())
}

pub(super) async fn put(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    sent: JsonBody,
) -> Answer {
    let faults: TlsFaults = sent.json().await?;
    if let Some((name, why)) = faults.invalid_host() {
        return Err(Problem::of_member(format!("/hosts/{name}"), why));
    }
    if app.tls.is_none() {
        let text = "The server was started without HTTPS (--tls-listen).";
        return Err(Problem::new(StatusCode::CONFLICT, text));
    }
    context.realm.set_tls_faults(Some(faults));
    Ok(show(Extension(context)).await)
}

pub(super) async fn reset(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.set_tls_faults(None);
    show(Extension(context)).await
}
