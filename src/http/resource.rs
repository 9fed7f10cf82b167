//! Every other path: the resources of the fixtures, an API behind a bearer token (RFC 6750).

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::context::RequestContext;
use super::error_response::refusal_response;
use super::response;
use super::scenario::run;
use crate::fixture::Resource;
use crate::flow::{TokenState, TokenStatus, UnknownToken, token_status};
use crate::journal::ParamPolicy;
use crate::oauth::{ErrorCode, Form};
use crate::realm::Registry;
use crate::scenario::{Endpoint, RequestView};

pub(super) async fn resource(context: RequestContext, request: Request) -> Response {
    let RequestContext { registry, recorder, .. } = &context;
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let resource = match find_resource(registry, &parts.method, path) {
        Found::Resource(resource) => resource,
        Found::OtherMethods(methods) => {
            recorder.endpoint(Endpoint::Resource);
            return response::wrong_method(&methods.join(", "));
        }
        Found::Nothing => return response::not_found(&parts.method),
    };
    recorder.endpoint(Endpoint::Resource);
    if let Err(refusal) = context.require_https() {
        return refusal_response(registry, Endpoint::Resource, &refusal);
    }

    let query = parts.uri.query().unwrap_or_default();
    let params = Form::parse(query.as_bytes()).unwrap_or_default();
    recorder.parameters(params.iter(), ParamPolicy::AllowAny);

    let token = authenticate(&context, &parts.headers).await;
    let claims = token.as_ref().ok().map(|status| &status.claims);
    if let Some(claims) = claims {
        recorder.client(&claims.client_id);
        recorder.merchant(&claims.merchant_id);
    }

    let request_view = RequestView {
        endpoint: Endpoint::Resource,
        client_id: claims.map(|claims| claims.client_id.as_str()),
        merchant_id: claims.map(|claims| claims.merchant_id.as_str()),
        headers: &parts.headers,
        param: &|name| params.get(name),
    };
    run(&context, request_view, None, |_| async {
        match &token {
            Err(error) => error.response(),
            Ok(status) => match missing_scope(resource, status) {
                Some(scope) => insufficient_scope(scope),
                None => respond(resource, path, &parts.method),
            },
        }
    })
    .await
}

/// What the fixtures have for a path.
enum Found<'r> {
    Resource(&'r Resource),
    /// The path exists, but only with these methods.
    OtherMethods(Vec<&'r str>),
    Nothing,
}

fn find_resource<'r>(registry: &'r Registry, method: &Method, path: &'r str) -> Found<'r> {
    let mut other_methods = Vec::new();

    for resource in registry.resources(path) {
        if resource.methods.iter().any(|allowed| allowed == method.as_str()) {
            return Found::Resource(resource);
        }
        other_methods.extend(resource.methods.iter().map(String::as_str));
    }

    if other_methods.is_empty() { Found::Nothing } else { Found::OtherMethods(other_methods) }
}

/// Why a request is not authorized.
#[derive(Debug)]
enum BearerError {
    /// There is no token. RFC 6750, section 3.1 wants no error code then.
    Missing,
    /// The `Authorization` header is not that of a bearer token.
    Malformed,
    /// The token is not one of this realm.
    Unknown(UnknownToken),
    /// The token is a refresh token.
    RefreshToken,
    /// The token is no longer valid.
    Inactive(TokenState),
}

impl BearerError {
    fn response(&self) -> Response {
        let text = match self {
            Self::Missing => {
                "The access token is missing: send Authorization: Bearer TOKEN.".to_owned()
            }
            Self::Malformed => {
                "The Authorization header must be Bearer, one space, and a token.".to_owned()
            }
            Self::Unknown(error) => format!("The access token {error}."),
            Self::RefreshToken => {
                "The token is a refresh token; the API requires an access token.".to_owned()
            }
            Self::Inactive(state) => format!("The access token {state}."),
        };

        let challenge = match self {
            Self::Missing => "Bearer realm=\"smartpay-oauth-mock\"".to_owned(),
            _ => format!(
                "Bearer realm=\"smartpay-oauth-mock\", error=\"invalid_token\", \
                 error_description=\"{text}\""
            ),
        };
        bearer_error(401, &challenge, "invalid_token", &text)
    }
}

/// Returns the status of the access token that authorizes a request.
async fn authenticate(
    context: &RequestContext,
    headers: &HeaderMap,
) -> Result<TokenStatus, BearerError> {
    let token = bearer_token(headers)?;
    context.recorder.bearer(token);

    let status = token_status(&context.realm, &context.app.key, token)
        .await
        .map_err(BearerError::Unknown)?;
    if status.claims.is_refresh_token() {
        return Err(BearerError::RefreshToken);
    }
    match status.state {
        TokenState::Active => Ok(status),
        state => Err(BearerError::Inactive(state)),
    }
}

/// Reads the token in the `Authorization` header (RFC 6750, section 2.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, BearerError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(BearerError::Missing)?;
    let text = value.to_str().map_err(|_| BearerError::Malformed)?;

    // Another scheme is no attempt to send a bearer token.
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::Missing);
    }

    let is_token = !token.is_empty()
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if is_token && values.next().is_none() { Ok(token) } else { Err(BearerError::Malformed) }
}

/// Returns the scope that the resource requires and the token lacks.
fn missing_scope<'r>(resource: &'r Resource, status: &TokenStatus) -> Option<&'r str> {
    let required = resource.scope.as_deref()?;
    let has_scope = status.claims.scopes.iter().any(|scope| scope == required);
    (!has_scope).then_some(required)
}

fn insufficient_scope(scope: &str) -> Response {
    let text = format!("The access token does not have the scope {scope}.");
    let challenge = format!(
        "Bearer realm=\"smartpay-oauth-mock\", error=\"insufficient_scope\", \
         error_description=\"{text}\", scope=\"{scope}\""
    );
    bearer_error(403, &challenge, "insufficient_scope", &text)
}

fn bearer_error(status: u16, challenge: &str, error: &str, text: &str) -> Response {
    tracing::info!(status, error, "resource: {text}");

    let mut response = response::error(&ErrorCode::from(error), status, text);
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// Makes the fixture's response. `{id}` in its texts is replaced by what the path has there.
fn respond(resource: &Resource, path: &str, method: &Method) -> Response {
    let fixture = &resource.respond;
    let default_status = if method == Method::POST { 201 } else { 200 };
    let status =
        StatusCode::from_u16(fixture.status.unwrap_or(default_status)).unwrap_or(StatusCode::OK);

    let params = resource.path.parameters(path);
    let (content_type, body) = match (&fixture.body, &fixture.json) {
        (Some(body), _) => ("text/plain; charset=utf-8", fill_text(body, &params)),
        (None, Some(json)) => ("application/json;charset=UTF-8", fill(json, &params).to_string()),
        (None, None) => {
            let json = json!({ "id": "7048...", "status": "AUTHORIZED" });
            ("application/json;charset=UTF-8", json.to_string())
        }
    };

    let mut response = response::text(status, content_type, body);
    response::put_headers(response.headers_mut(), &fixture.headers);
    response
}

/// Replaces path parameters in every text of a JSON value.
fn fill(json: &Value, params: &[(&str, &str)]) -> Value {
    match json {
        Value::String(text) => Value::String(fill_text(text, params)),
        Value::Array(items) => items.iter().map(|item| fill(item, params)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), fill(value, params))).collect()
        }
        other => other.clone(),
    }
}

fn fill_text(text: &str, params: &[(&str, &str)]) -> String {
    params
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
