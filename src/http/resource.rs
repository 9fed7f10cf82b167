//! Every other path: the resources of the fixtures, an API behind a bearer token (RFC 6750).

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::Response;
use percent_encoding::percent_decode_str;
use rand::RngExt;
use serde_json::{Value, json};

use super::bearer::{BearerError, authorize, verify_bearer};
use super::context::RequestContext;
use super::error_response::ErrorResponses;
use super::open::open;
use super::opening::{Opening, not_opened};
use super::scenario::run_opened;
use super::{api_response, response};
use crate::fixture::Resource;
use crate::flow::{TokenStatus, VerifiedToken};
use crate::journal::ParamPolicy;
use crate::oauth::{ErrorCode, Form};
use crate::realm::Registry;
use crate::scenario::{Endpoint, RequestView};
use crate::store::{self, Unavailable};
use crate::token::VerifiedClaims;
use crate::units::printable;

pub(super) async fn resource(context: RequestContext, request: Request) -> Response {
    let RequestContext { registry, recorder, .. } = &context;
    let (parts, _) = request.into_parts();
    let path = parts.uri.path();
    let resource = match find_resource(registry, &parts.method, path) {
        Found::Resource(resource) => resource,
        Found::OtherMethods(methods) => {
            recorder.endpoint(Endpoint::Resource);
            return api_response::wrong_method(&methods.join(", "));
        }
        Found::Nothing => {
            log_unknown_path(&parts.method, path);
            return if is_api_path(path) {
                api_response::not_found()
            } else {
                response::not_found(&parts.method)
            };
        }
    };
    recorder.endpoint(Endpoint::Resource);
    let errors = ErrorResponses::new(registry, Endpoint::Resource);
    if let Err(refusal) = context.require_https() {
        return api_response::complete(errors.refused(&refusal));
    }

    let query = parts.uri.query().unwrap_or_default();
    let params = Form::parse(query.as_bytes()).unwrap_or_default();
    recorder.parameters(params.iter(), ParamPolicy::AllowAny);

    let call = Call { context: &context, parts: &parts, params: &params, resource, errors };
    call.respond().await
}

/// A call of a resource.
struct Call<'a> {
    context: &'a RequestContext,
    parts: &'a Parts,
    params: &'a Form<'a>,
    resource: &'a Resource,
    errors: ErrorResponses<'a>,
}

impl Call<'_> {
    /// Lets a scenario decide, or else the token.
    async fn respond(&self) -> Response {
        let RequestContext { realm, .. } = self.context;
        let error_response = |code: &ErrorCode, status, description: &str| {
            api_response::complete(self.errors.injected(code, status, description))
        };
        let param = |name: &str| self.params.get(name);

        // Scenarios see the client of a token only if the token is active.
        let verified = verify_bearer(self.context, &self.parts.headers);
        let token = verified.as_ref().ok();
        let presented = token.map(VerifiedToken::presented).unwrap_or_default();
        let claims = token.map(|token| Arc::clone(&token.claims));
        let anonymous = self.view(None, &param);
        let of_client = claims
            .as_deref()
            .filter(|_| token.is_some_and(|token| token.may_be_active(realm)))
            .map(|claims| self.view(Some(claims), &param));
        let opening = match of_client {
            Some(view) => Opening { view, inactive: Some(anonymous), presented },
            None => Opening { view: anonymous, inactive: None, presented },
        };

        let mut opened = match open(self.context, &opening).await {
            Ok(opened) => opened,
            Err(Unavailable) => return not_opened(Endpoint::Resource, &error_response),
        };
        let token = match self.authorize(verified, opened.found.take()).await {
            Ok(token) => token,
            Err(Unavailable) => return not_opened(Endpoint::Resource, &error_response),
        };
        run_opened(self.context, opened, opening.view, &error_response, |_, _| async {
            self.respond_to(&token)
        })
        .await
    }

    /// Returns the call as scenarios see it, with the client of its token or without.
    fn view<'v>(
        &'v self,
        claims: Option<&'v VerifiedClaims>,
        param: &'v (dyn Fn(&str) -> Option<&'v str> + Sync),
    ) -> RequestView<'v> {
        RequestView {
            client_id: claims.map(|claims| claims.client_id.as_str()),
            merchant_id: claims.map(|claims| claims.merchant_id.as_str()),
            param,
            ..self.context.view(Endpoint::Resource, &self.parts.headers)
        }
    }

    /// Returns the status of the token, and records its client if it is active.
    async fn authorize(
        &self,
        verified: Result<VerifiedToken, BearerError>,
        found: Option<store::Found>,
    ) -> Result<Result<TokenStatus, BearerError>, Unavailable> {
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => return Ok(Err(error)),
        };
        let RequestContext { realm, recorder, .. } = self.context;
        let found = match found {
            Some(found) => found,
            None => realm.grant_store.look_up(&verified.presented()).await?,
        };

        let status = authorize(self.context, verified, found);
        if let Ok(status) = &status {
            recorder.client(&status.claims.client_id);
            recorder.merchant(&status.claims.merchant_id);
        }
        Ok(status)
    }

    fn respond_to(&self, token: &Result<TokenStatus, BearerError>) -> Response {
        match token {
            Err(error) => error.response(self.context.registry.settings.api_errors),
            Ok(status) => match missing_scope(self.resource, status) {
                Some(scope) => insufficient_scope(scope),
                None => respond(self.resource, self.parts.uri.path(), &self.parts.method),
            },
        }
    }
}

/// Logs a path without an endpoint, cut to a length that fits into a line.
fn log_unknown_path(method: &Method, path: &str) {
    let method: String = method.as_str().chars().take(16).collect();
    let path: String = path.chars().take(128).collect();
    tracing::info!(status = 404, "no endpoint: {method} {}", printable(&path));
}

/// Whether a path belongs to the vendor's API, also where the fixtures have no resource for it.
fn is_api_path(path: &str) -> bool {
    path.starts_with("/pts/") || path.starts_with("/tss/")
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
        if resource.methods.iter().any(|allowed| allows(allowed, method)) {
            return Found::Resource(resource);
        }
        other_methods.extend(resource.methods.iter().map(String::as_str));
    }

    if other_methods.is_empty() { Found::Nothing } else { Found::OtherMethods(other_methods) }
}

/// Whether a resource with this method serves a request. Where GET works, HEAD does, too.
fn allows(allowed: &str, method: &Method) -> bool {
    allowed == method.as_str() || (allowed == "GET" && method == Method::HEAD)
}

/// Returns the scope that the resource requires and the token lacks.
fn missing_scope<'r>(resource: &'r Resource, status: &TokenStatus) -> Option<&'r str> {
    let required = resource.scope.as_deref()?;
    let has_scope = status.claims.scopes.iter().any(|scope| scope == required);
    (!has_scope).then_some(required)
}

/// RFC 6750, section 3.1. The vendor documents no 403.
fn insufficient_scope(scope: &str) -> Response {
    let text = format!("The access token does not have the scope {scope}.");
    tracing::info!(status = 403, "resource: {text}");

    let body = json!({ "error": "insufficient_scope", "error_description": text });
    let mut response = api_response::json(403, &body);
    response::tag_error(&mut response, &ErrorCode::from("insufficient_scope"), None, &text);
    let challenge = format!(
        "Bearer realm=\"smartpay-oauth-mock\", error=\"insufficient_scope\", \
         error_description=\"{text}\", scope=\"{scope}\""
    );
    response::put_header(&mut response, header::WWW_AUTHENTICATE, &challenge);
    response
}

/// Makes the fixture's response. In its texts, `{id}` is replaced by what the path has there, and
/// `{unique_id}` by a number that no other response has.
fn respond(resource: &Resource, path: &str, method: &Method) -> Response {
    let fixture = &resource.respond;
    let default_status = if method == Method::POST { 201 } else { 200 };
    let status = fixture.status.unwrap_or(default_status);

    let unique_id = unique_id();
    let decoded: Vec<(&str, Cow<'_, str>)> = resource
        .path
        .parameters(path)
        .into_iter()
        .map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy()))
        .collect();
    let mut params = vec![("unique_id", unique_id.as_str())];
    params.extend(decoded.iter().map(|(name, value)| (*name, value.as_ref())));

    let mut response = match (&fixture.body, &fixture.json) {
        (Some(body), _) => api_response::with_body(status, fill_text(body, &params)),
        (None, Some(json)) => api_response::json(status, &fill(json, &params)),
        (None, None) => {
            api_response::json(status, &json!({ "id": unique_id, "status": "AUTHORIZED" }))
        }
    };
    response::put_headers(response.headers_mut(), &fixture.headers);
    response
}

/// Makes a number of 22 digits, as the vendor's ids are. A random one is unique also after a restart.
fn unique_id() -> String {
    let smallest = 10_u128.pow(21);
    rand::rng().random_range(smallest..smallest * 10).to_string()
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
