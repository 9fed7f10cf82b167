//! Every other path: the resources of the fixtures, an API behind a bearer token (RFC 6750).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::context::RequestContext;
use super::errors::{injected, refused, require_https};
use super::scenario::{ScenarioContext, run};
use super::{App, response};
use crate::fixture::Resource;
use crate::flow::token_status::{TokenStatus, standing};
use crate::journal::ParamPolicy;
use crate::oauth::{ErrorCode, Form};
use crate::scenario::Endpoint;

pub(super) async fn resource(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    let registry = context.realm.registry();
    let path = request.uri().path();
    let mut methods = Vec::new();
    let mut found = None;
    for resource in registry.resources(path) {
        if resource.methods.iter().any(|method| method == request.method().as_str()) {
            found = Some(resource);
            break;
        }
        methods.extend(resource.methods.iter().map(String::as_str));
    }
    if found.is_some() || !methods.is_empty() {
        context.recorder.endpoint(Endpoint::Resource);
    }
    let Some(resource) = found else {
        return match methods.is_empty() {
            true => response::nothing_here(request.method()),
            false => response::wrong_method(&methods.join(", ")),
        };
    };
    if let Err(refusal) = require_https(&context, &registry) {
        return refused(&registry, Endpoint::Resource, &refusal);
    }
    let token_sent = bearer(request.headers());
    if let Ok(token) = &token_sent {
        context.recorder.bearer(token);
    }
    let bearer = match token_sent {
        Err(why) => Err(why),
        Ok(token) => check(&app, &context, token).await,
    };
    let standing = bearer.as_ref().ok();
    let client_id = standing.map(|standing| standing.claims.client_id.as_str());
    let merchant_id = standing.map(|standing| standing.claims.merchant_id.as_str());
    let parameters = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
    let parameters = parameters.unwrap_or_default();
    let recorder = &context.recorder;
    recorder.parameters(parameters.iter(), ParamPolicy::AllowAny);
    if let Ok(standing) = &bearer {
        recorder.client(&standing.claims.client_id);
        recorder.merchant(&standing.claims.merchant_id);
    }
    let registry = &*registry;
    let stage = ScenarioContext {
        context: &context,
        registry,
        endpoint: Endpoint::Resource,
        client_id,
        merchant_id,
        headers: request.headers(),
        param: &|name| parameters.get(name),
        error: &|code, status, text| injected(registry, Endpoint::Resource, code, status, text),
    };
    let (bearer, method) = (&bearer, request.method().as_str());
    run(stage, |_| async move {
        match bearer {
            Err(fault) => fault.answer(),
            Ok(standing) => match missing_scope(resource, standing) {
                Some(scope) => insufficient(scope),
                None => respond(resource, path, method),
            },
        }
    })
    .await
}

/// Why a request brings no good token.
enum BearerError {
    /// It brings none: RFC 6750, section 3.1 wants no error code then.
    None,
    /// The `Authorization` header is not one of a bearer token.
    Malformed,
    /// The token is not good.
    Invalid(&'static str),
}

impl BearerError {
    fn answer(&self) -> Response {
        let (error, text) = match self {
            Self::None => {
                (None, "An access token is missing: Authorization: Bearer ...".to_owned())
            }
            Self::Malformed => (
                Some("invalid_token"),
                "The Authorization header must be the word Bearer, a space, and one token."
                    .to_owned(),
            ),
            Self::Invalid(why) => (Some("invalid_token"), format!("The access token {why}.")),
        };
        let challenge = match error {
            None => "Bearer realm=\"smartpay-oauth-mock\"".to_owned(),
            Some(error) => format!(
                "Bearer realm=\"smartpay-oauth-mock\", error=\"{error}\", error_description=\"{text}\""
            ),
        };
        challenged(401, &challenge, error.unwrap_or("invalid_token"), &text)
    }
}

/// The token in the `Authorization` header (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, BearerError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerError::None)?;
    let text = value.to_str().map_err(|_| BearerError::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    // Another scheme is no attempt at this one.
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::None);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    let good = values.next().is_none() && !token.is_empty() && token.bytes().all(allowed);
    good.then_some(token).ok_or(BearerError::Malformed)
}

async fn check(
    app: &App,
    context: &RequestContext,
    token: &str,
) -> Result<TokenStatus, BearerError> {
    let standing = standing(&context.realm, &app.key, token).await.map_err(BearerError::Invalid)?;
    if standing.claims.is_refresh_token() {
        return Err(BearerError::Invalid("is a refresh token; the API takes the access token"));
    }
    match standing.fault {
        Some(fault) => Err(BearerError::Invalid(fault)),
        None => Ok(standing),
    }
}

fn missing_scope<'r>(resource: &'r Resource, standing: &TokenStatus) -> Option<&'r str> {
    let scope = resource.scope.as_deref()?;
    (!standing.claims.scopes.iter().any(|one| one == scope)).then_some(scope)
}

fn insufficient(scope: &str) -> Response {
    let text = format!("The access token does not have the scope {scope}.");
    let challenge = format!(
        "Bearer realm=\"smartpay-oauth-mock\", error=\"insufficient_scope\", \
         error_description=\"{text}\", scope=\"{scope}\""
    );
    challenged(403, &challenge, "insufficient_scope", &text)
}

fn challenged(status: u16, challenge: &str, error: &str, text: &str) -> Response {
    tracing::info!(status, error, "resource: {text}");
    let mut response = response::error(&ErrorCode::from(error), status, text);
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// The fixture's answer; `{id}` in its texts is what the path has there.
fn respond(resource: &Resource, path: &str, method: &str) -> Response {
    let answer = &resource.respond;
    let usual = if method == "POST" { 201 } else { 200 };
    let status = StatusCode::from_u16(answer.status.unwrap_or(usual)).unwrap_or(StatusCode::OK);
    let parameters = resource.path.parameters(path);
    let (content_type, body) = match (&answer.body, &answer.json) {
        (Some(body), _) => ("text/plain; charset=utf-8", fill_text(body, &parameters)),
        (None, Some(json)) => {
            ("application/json;charset=UTF-8", fill(json, &parameters).to_string())
        }
        (None, None) => {
            let json = json!({ "id": "7048...", "status": "AUTHORIZED" });
            ("application/json;charset=UTF-8", json.to_string())
        }
    };
    let mut response = response::text(status, content_type, Body::from(body));
    response::put_headers(response.headers_mut(), &answer.headers);
    response
}

fn fill(json: &Value, parameters: &[(&str, &str)]) -> Value {
    match json {
        Value::String(text) => Value::String(fill_text(text, parameters)),
        Value::Array(items) => items.iter().map(|item| fill(item, parameters)).collect(),
        Value::Object(members) => Value::Object(
            members.iter().map(|(name, value)| (name.clone(), fill(value, parameters))).collect(),
        ),
        other => other.clone(),
    }
}

fn fill_text(text: &str, parameters: &[(&str, &str)]) -> String {
    parameters
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
