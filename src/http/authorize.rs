//! GET and POST `/ebc2/oauth/authorize` and `/oauth2/v3/authorize`: the redirect, the consent page,
//! and its decision.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::body::{self, BodyKind};
use super::context::RequestContext;
use super::opening::Opening;
use super::scenario::run;
use super::{form_request, pages, response};
use crate::fixture::{AccountStatus, Consent, DenyRedirect};
use crate::flow::authorize::{
    AuthorizeError, ParamStyle, RequestedGrant, ValidatedClient, check_duplicates, redirect,
    validate_client, validate_request,
};
use crate::flow::consent::{check_may_grant, consent_mode, find_merchant};
use crate::journal::{IssuedKind, ParamPolicy};
use crate::oauth::{ErrorCode, Form, Refusal};
use crate::scenario::{Endpoint, RequestView};
use crate::store::Code;
use crate::units::printable;

pub(super) async fn vendor(context: RequestContext, request: Request) -> Response {
    authorize(&context, request, ParamStyle::Vendor).await
}

pub(super) async fn rfc6749(context: RequestContext, request: Request) -> Response {
    authorize(&context, request, ParamStyle::Rfc6749).await
}

async fn authorize(context: &RequestContext, request: Request, style: ParamStyle) -> Response {
    let (parts, body) = request.into_parts();
    context.recorder.endpoint(Endpoint::Authorize);
    if !is_get(&parts.method) && parts.method != Method::POST {
        return response::wrong_method("GET, POST");
    }

    // Until client and redirect URL are known to belong together, an error is a page.
    let sent = match read_params(context, &parts, body).await {
        Ok(sent) => sent,
        Err(error) => return pages::error(&context.registry, &parts.headers, error),
    };
    let validated = parse_params(&sent).and_then(|params| {
        let policy = ParamPolicy::Documented(style.parameters());
        context.recorder.parameters(params.iter(), policy);
        let validated = validate_client(&context.registry, &params, style)?;
        Ok((params, validated))
    });
    let (params, validated) = match validated {
        Ok(validated) => validated,
        Err(error) => return pages::error(&context.registry, &parts.headers, error),
    };

    // From here on, an error is reported to the partner by a redirect.
    let is_post = parts.method == Method::POST;
    let authorize_request = AuthorizeRequest {
        context,
        params: &params,
        style,
        validated,
        redirect_status: if is_post { StatusCode::SEE_OTHER } else { StatusCode::FOUND },
    };
    authorize_request.respond(&parts).await
}

/// Reads the parameters as they were sent: in the query of a GET, in the body of a POST.
async fn read_params(
    context: &RequestContext,
    parts: &Parts,
    mut body: Body,
) -> Result<Vec<u8>, AuthorizeError> {
    context.require_https().map_err(|refusal| invalid_request(refusal.description))?;

    let query = parts.uri.query().unwrap_or_default();
    if let Ok(params) = Form::parse(query.as_bytes()) {
        context.recorder.url_params(params.iter());
    }
    if is_get(&parts.method) {
        return Ok(query.as_bytes().to_vec());
    }

    let charset = form_request::check_content_headers(&parts.headers)
        .map_err(|refusal| invalid_request(refusal.description))?;
    if !query.is_empty() {
        return Err(invalid_request(
            "The parameters of a POST must be in its body, not in the URL.",
        ));
    }

    let bytes = match body::read(&mut body, BodyKind::Form, &context.app.limits).await {
        Ok(bytes) => bytes,
        Err(_) => {
            return Err(invalid_request("The body is larger than 64 KiB, or did not arrive."));
        }
    };
    form_request::check_charset(charset, &bytes, &context.recorder)
        .map_err(|refusal| invalid_request(refusal.description))?;
    Ok(bytes.into())
}

/// Whether a request is a GET, or the HEAD that asks for the head of its response.
fn is_get(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn parse_params(sent: &[u8]) -> Result<Form<'_>, AuthorizeError> {
    Form::parse(sent)
        .map_err(|error| invalid_request(format!("The parameters are malformed: {error}.")))
}

fn invalid_request(description: impl Into<Cow<'static, str>>) -> AuthorizeError {
    AuthorizeError::new(ErrorCode::InvalidRequest, description)
}

/// A request of a known client, with a redirect URL that belongs to it.
struct AuthorizeRequest<'a> {
    context: &'a RequestContext,
    params: &'a Form<'a>,
    style: ParamStyle,
    validated: ValidatedClient,
    redirect_status: StatusCode,
}

impl AuthorizeRequest<'_> {
    /// Lets a scenario decide, or else the merchant.
    async fn respond(&self, parts: &Parts) -> Response {
        if let Err(error) = check_duplicates(self.params) {
            return self.refused(error);
        }

        // A scenario's step belongs to the visit of the page, not once more to the click on it.
        if let Some(clicked) = self.clicked(&parts.method) {
            return self.respond_with_consent(Some(clicked)).await;
        }

        let request_view = RequestView {
            client_id: Some(&self.validated.client.id),
            merchant_id: self.params.get("mock_merchant"),
            param: &|name| self.params.get(name),
            ..self.context.view(Endpoint::Authorize, &parts.headers)
        };
        let error_response = |code: &ErrorCode, _: Option<u16>, description: &str| {
            self.redirect_error(code, description)
        };
        let opening = Opening::of(request_view);
        run(self.context, opening, &error_response, |_, _| self.respond_with_consent(None)).await
    }

    /// Returns the button of the consent page that was clicked, if this is a click.
    fn clicked(&self, method: &Method) -> Option<Consent> {
        match self.params.get("mock_decision").filter(|_| *method == Method::POST) {
            Some("allow") => Some(Consent::Allow),
            Some("deny") => Some(Consent::Deny),
            Some("switch") => Some(Consent::Prompt),
            _ => None,
        }
    }

    /// Responds with the redirect or the page.
    async fn respond_with_consent(&self, clicked: Option<Consent>) -> Response {
        match self.decide(clicked).await {
            Ok(response) => response,
            Err(error) => self.refused(error),
        }
    }

    /// Tells the partner of an error by a redirect.
    fn refused(&self, error: AuthorizeError) -> Response {
        let AuthorizeError { code, description, .. } =
            error.in_dialect(self.context.registry.settings.dialect);
        let description = self.context.registry.description(&code, None, &description);
        tracing::info!(error = %code, "authorize: {}", printable(&description));

        self.redirect_error(&code, &description)
    }

    async fn decide(&self, clicked: Option<Consent>) -> Result<Response, AuthorizeError> {
        let registry = &self.context.registry;
        let requested =
            validate_request(registry, &self.validated.client, self.params, self.style)?;
        let consent = match clicked {
            Some(clicked) => clicked,
            None => consent_mode(registry, self.params)?,
        };

        match consent {
            Consent::Allow => self.allow(requested).await,
            Consent::Deny => Ok(self.deny()),
            Consent::Prompt => self.prompt(&requested),
        }
    }

    /// Issues a code for the merchant, and redirects with it.
    async fn allow(&self, requested: RequestedGrant) -> Result<Response, AuthorizeError> {
        let RequestContext { realm, registry, recorder, .. } = self.context;
        let merchant = find_merchant(registry, self.params.get("mock_merchant"))?;
        recorder.merchant(&merchant.id);
        // Source D: a grant without the privileges redirects as Deny does.
        if merchant.status == AccountStatus::Active && !merchant.can_grant {
            return Ok(self.deny());
        }
        check_may_grant(merchant)?;

        let ValidatedClient { client, redirect_url, redirect_url_sent, .. } = &self.validated;
        // The lifetime is the current one, also if a scenario has held the request.
        let (current, now_ms) = (realm.registry(), realm.clock.now_ms());
        let issued = Code {
            redirect_url: Some(Arc::clone(redirect_url)),
            redirect_url_sent: *redirect_url_sent,
            challenge: requested.challenge,
            ..current.new_code(client, &merchant.id, requested.scopes, now_ms)
        };
        let code = realm.record_consent(issued).await.map_err(|unavailable| {
            let refusal = Refusal::from(unavailable);
            AuthorizeError::new(ErrorCode::ServerError, refusal.description)
        })?;
        recorder.issued(IssuedKind::Code, &code, None);
        tracing::debug!(client_id = &*client.id, merchant_id = merchant.id, "allowed");

        Ok(self.redirect_with(&[("code", &code)]))
    }

    fn deny(&self) -> Response {
        self.context.recorder.facts(|facts| facts.is_denied = true);
        tracing::debug!(client_id = &*self.validated.client.id, "denied");

        match self.context.registry.settings.deny_redirect() {
            DenyRedirect::Bare => self.redirect_to(&self.validated.redirect_url),
            DenyRedirect::Rfc6749 => self.redirect_with(&[
                ("error", "access_denied"),
                ("error_description", "The merchant denied the request."),
            ]),
        }
    }

    /// Shows the consent page.
    fn prompt(&self, requested: &RequestedGrant) -> Result<Response, AuthorizeError> {
        let registry = &self.context.registry;
        let merchant = match self.params.get("mock_merchant") {
            Some(id) => Some(find_merchant(registry, Some(id))?),
            // The page also shows that there is none.
            None => find_merchant(registry, None).ok(),
        };

        Ok(pages::consent(registry, &self.validated, requested, merchant, self.params))
    }

    fn redirect_error(&self, code: &ErrorCode, description: &str) -> Response {
        let mut response =
            self.redirect_with(&[("error", code.as_str()), ("error_description", description)]);
        response::tag_error(&mut response, code, None, description);
        response
    }

    /// Redirects with these parameters and the client's `state`.
    fn redirect_with(&self, params: &[(&str, &str)]) -> Response {
        let state = self.validated.state.as_deref().map(|state| ("state", state));
        let params: Vec<_> = params.iter().copied().chain(state).collect();

        self.redirect_to(&redirect(&self.validated.redirect_url, &params))
    }

    fn redirect_to(&self, url: &str) -> Response {
        let mut response =
            response::text(self.redirect_status, "text/plain; charset=utf-8", Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));

        // The URL was checked when the fixture was loaded, and what was added to it is encoded.
        response::put_header(&mut response, header::LOCATION, url);
        response
    }
}
