//! The endpoints that take a client's form: token, introspection and revocation.

use axum::Extension;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::context::RequestContext;
use super::error_response::{injected_error, refusal_response};
use super::form_request;
use super::scenario::{ScenarioContext, run};
use crate::flow::{TokenRequest, claimed_client_id, merchant_of};
use crate::journal::ParamPolicy;
use crate::oauth::Refusal;
use crate::scenario::Endpoint;

/// An endpoint that takes a client's form and answers JSON.
pub(super) trait FormEndpoint {
    /// The endpoint as scenarios and the journal name it.
    const ENDPOINT: Endpoint;
    /// The parameters that are documented for it.
    const PARAMETERS: &'static [&'static str];

    /// Handles a request that has passed rows 1 to 6. `base_url` is the realm's, as the client sees
    /// it.
    fn handle(
        request: &TokenRequest<'_>,
        base_url: &str,
    ) -> impl Future<Output = Result<Response, Refusal>> + Send;
}

/// Handles a request to such an endpoint.
pub(super) async fn form_endpoint<E: FormEndpoint>(
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    context.recorder.endpoint(E::ENDPOINT);

    match handle::<E>(&context, request).await {
        Ok(response) => response,
        Err(refusal) => refusal_response(&context.registry, E::ENDPOINT, &refusal),
    }
}

/// Checks rows 1 to 6, then lets a scenario decide, then the endpoint.
async fn handle<E: FormEndpoint>(
    context: &RequestContext,
    request: Request,
) -> Result<Response, Refusal> {
    let RequestContext { app, realm, registry, recorder, .. } = context;
    let (parts, body) = request.into_parts();
    let policy = ParamPolicy::Documented(E::PARAMETERS);
    form_request::record_query(&parts, recorder, policy);
    context.require_https()?;

    let body = form_request::read(&parts, body, &app.limits).await?; //          rows 1 to 4
    let form = &form_request::parse(&body, recorder, policy)?; //                rows 5 and 6

    let authorization = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let client_id = claimed_client_id(form, authorization, registry.settings.dialect);
    if let Some(id) = client_id.as_deref() {
        recorder.client(id);
    }
    // Finding the merchant may take a signature's verification.
    let merchant_id = if realm.scenarios().needs_merchant() {
        merchant_of(realm, &app.key, form).await
    } else {
        None
    };

    let scenario_context = ScenarioContext {
        context,
        endpoint: E::ENDPOINT,
        client_id: client_id.as_deref(),
        merchant_id: merchant_id.as_deref(),
        headers: &parts.headers,
        param: &|name| form.get(name),
        error_response: &|code, status, description| {
            injected_error(registry, E::ENDPOINT, code, status, description)
        },
    };
    let response = run(scenario_context, |effects| async move {
        let request = TokenRequest {
            realm,
            registry,
            key: &app.key,
            form,
            authorization,
            certificate: context.connection.certificate.as_deref(),
            effects: &effects,
            recorder,
        };
        E::handle(&request, &context.base_url()) //                              rows 7 to 21
            .await
            .unwrap_or_else(|refusal| refusal_response(registry, E::ENDPOINT, &refusal))
    });

    Ok(response.await)
}
