//! The endpoints that take a client's form: token, introspection and revocation.

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::context::RequestContext;
use super::error_response::ErrorResponses;
use super::form_request;
use super::opening::Opening;
use super::scenario::run;
use crate::flow::{TokenRequest, claimed_client_id, expects_basic, merchant_of, presented_token};
use crate::journal::ParamPolicy;
use crate::oauth::{ErrorCode, Form, Refusal};
use crate::realm::Realm;
use crate::scenario::{Endpoint, RequestView};
use crate::store::Presented;

/// An endpoint that accepts a client's form and returns JSON.
pub(super) trait FormEndpoint {
    /// The endpoint as scenarios and the journal name it.
    const ENDPOINT: Endpoint;
    /// The parameters that are documented for it: by default, those of an endpoint that takes a token.
    const PARAMETERS: &'static [&'static str] =
        &["client_id", "client_secret", "token", "token_type_hint"];

    /// Returns what a form presents, for the grant store to look up.
    fn presented<'f>(realm: &Realm, form: &'f Form<'_>) -> Presented<'f> {
        form.get("token").map_or_else(Presented::default, |token| presented_token(realm, token))
    }

    /// Handles a request that has passed rows 1 to 6.
    fn handle(
        request: &TokenRequest<'_>,
        context: &RequestContext,
    ) -> impl Future<Output = Result<Response, Refusal>> + Send;
}

/// Handles a request to such an endpoint.
pub(super) async fn form_endpoint<E: FormEndpoint>(
    context: RequestContext,
    request: Request,
) -> Response {
    context.recorder.endpoint(E::ENDPOINT);

    match handle::<E>(&context, request).await {
        Ok(response) => response,
        Err(refusal) => ErrorResponses::new(&context.registry, E::ENDPOINT).refused(&refusal),
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

    let body = form_request::read(&parts, body, &app.limits, recorder).await?; // rows 1 to 4
    let form = &form_request::parse(&body, recorder, policy)?; //                rows 5 and 6

    let authorization = parts.headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    let dialect = registry.settings.dialect;
    let client_id = claimed_client_id(form, authorization, dialect);
    if let Some(id) = client_id.as_deref() {
        recorder.client(id);
    }
    // Finding the merchant may take a signature's verification.
    let merchant_id = if realm.scenarios.needs_merchant() {
        merchant_of(realm, &app.key, form).await?
    } else {
        None
    };

    let errors = ErrorResponses::new(registry, E::ENDPOINT).with_challenge(expects_basic(
        form,
        authorization,
        dialect,
    ));
    let error_response =
        |code: &ErrorCode, status, description: &str| errors.injected(code, status, description);
    let request_view = RequestView {
        client_id: client_id.as_deref(),
        merchant_id: merchant_id.as_deref(),
        param: &|name| form.get(name),
        ..context.view(E::ENDPOINT, &parts.headers)
    };
    let opening =
        Opening { view: request_view, inactive: None, presented: E::presented(realm, form) };
    let response = run(context, opening, &error_response, |step, found| async move {
        let request = TokenRequest {
            realm,
            registry,
            key: &app.key,
            form,
            authorization,
            certificate: context.connection.certificate.as_deref(),
            step: step.as_ref(),
            recorder,
            found: found.as_ref(),
        };
        E::handle(&request, context) //                                          rows 7 to 21
            .await
            .unwrap_or_else(|refusal| errors.refused(&refusal))
    });

    Ok(response.await)
}
