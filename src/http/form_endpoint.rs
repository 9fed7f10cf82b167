//! The way of every request that is a form of a client: token, introspection and revocation.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::context::RequestContext;
use super::errors::{injected, refused, require_https};
use super::scenario::{ScenarioContext, run};
use super::{App, Connection, form_request};
use crate::flow::{TokenRequest, claimed_client_id, merchant_of};
use crate::journal::ParamPolicy;
use crate::oauth::{Form, Refusal};
use crate::realm::Registry;
use crate::scenario::Endpoint;

/// An endpoint that takes a client's form and answers JSON.
pub(super) trait FormEndpoint {
    /// What scenarios call it.
    const ENDPOINT: Endpoint;

    /// The ordinary answer. `base_url` is the realm's, as the request reached it.
    fn answer(
        request: &TokenRequest<'_>,
        base_url: &str,
    ) -> impl Future<Output = Result<Response, Refusal>> + Send;
}

/// Answers a request to such an endpoint.
pub(super) async fn form_endpoint<E: FormEndpoint>(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    let registry = context.realm.registry();
    let (parts, body) = request.into_parts();
    handle::<E>(&app, &context, &registry, &connection, &parts, body)
        .await
        .unwrap_or_else(|refusal| refused(&registry, E::ENDPOINT, &refusal))
}

/// The table's rows 1 to 6, then the scenarios, then the endpoint's own part.
async fn handle<E: FormEndpoint>(
    app: &App,
    context: &RequestContext,
    registry: &Registry,
    connection: &Connection,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let recorder = &context.recorder;
    recorder.endpoint(E::ENDPOINT);
    if let Ok(misplaced) = Form::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
        recorder.parameters(misplaced.iter(), ParamPolicy::Documented);
    }
    require_https(context, registry)?;
    let body = form_request::read(parts, body, &app.limits).await?;
    let form = &form_request::parse(&body, recorder)?;
    let authorization = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let client_id = claimed_client_id(form, authorization, registry.settings.dialect);
    if let Some(id) = client_id.as_deref() {
        recorder.client(id);
    }
    let merchant_id = match context.realm.scenarios().needs_merchant() {
        true => merchant_of(&context.realm, &app.key, form).await,
        false => None,
    };
    let stage = ScenarioContext {
        context,
        registry,
        endpoint: E::ENDPOINT,
        client_id: client_id.as_deref(),
        merchant_id: merchant_id.as_deref(),
        headers: &parts.headers,
        param: &|name| form.get(name),
        error: &|code, status, text| injected(registry, E::ENDPOINT, code, status, text),
    };
    Ok(run(stage, |effects| async move {
        let request = TokenRequest {
            realm: &context.realm,
            registry,
            key: &app.key,
            form,
            authorization,
            certificate: connection.certificate.as_deref(),
            effects: &effects,
            recorder,
        };
        E::answer(&request, &context.base_url(app))
            .await
            .unwrap_or_else(|refusal| refused(registry, E::ENDPOINT, &refusal))
    })
    .await)
}
