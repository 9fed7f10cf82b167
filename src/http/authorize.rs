//! GET and POST `/ebc2/oauth/authorize` and `/oauth2/v3/authorize`: the redirect, the consent page,
//! and its decision.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::body::Kind;
use super::context::RequestContext;
use super::errors::require_https;
use super::scenario::{ScenarioContext, run};
use super::{App, body, form_request, pages, response};
use crate::fixture::{Consent, DenyRedirect};
use crate::flow::consent::{
    AuthorizeError, ParamStyle, RequestedGrant, ValidatedClient, consent_mode, may_grant, merchant,
    redirect, validate_client, validate_request,
};
use crate::journal::{IssuedKind, ParamPolicy};
use crate::limits::LimitMonitor;
use crate::oauth::{ErrorCode, Form};
use crate::realm::{ConsentedCode, Registry};
use crate::scenario::Endpoint;

pub(super) async fn vendor(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    authorize(&app.limits, &context, request, ParamStyle::Vendor).await
}

pub(super) async fn rfc(
    State(app): State<Arc<App>>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Response {
    authorize(&app.limits, &context, request, ParamStyle::Rfc).await
}

async fn authorize(
    limits: &LimitMonitor,
    context: &RequestContext,
    request: Request,
    style: ParamStyle,
) -> Response {
    let registry = context.realm.registry();
    let (parts, body) = request.into_parts();
    context.recorder.endpoint(Endpoint::Authorize);
    if parts.method != Method::GET && parts.method != Method::POST {
        return response::wrong_method("GET, POST");
    }
    // Errors up to here are for whoever looks: nobody knows yet where to redirect to.
    let page = |declined: &AuthorizeError| pages::error(&registry, &parts.headers, declined);
    if let Err(refusal) = require_https(context, &registry) {
        let description = refusal.description;
        return page(&AuthorizeError { code: ErrorCode::InvalidRequest, description });
    }
    let sent = match read(&parts, body, limits).await {
        Ok(sent) => sent,
        Err(declined) => return page(&declined),
    };
    let parameters = match Form::parse(&sent) {
        Ok(parameters) => parameters,
        Err(error) => {
            let description = format!("The parameters are not well-formed: {error}.").into();
            return page(&AuthorizeError { code: ErrorCode::InvalidRequest, description });
        }
    };
    context.recorder.parameters(parameters.iter(), ParamPolicy::Documented);
    let validated = match validate_client(&registry, &parameters, style) {
        Ok(validated) => validated,
        Err(declined) => return page(&declined),
    };
    // From here on the partner is told.
    let status = match parts.method {
        Method::POST => StatusCode::SEE_OTHER,
        _ => StatusCode::FOUND,
    };
    let authorize_request = AuthorizeRequest {
        context,
        registry: &registry,
        parameters: &parameters,
        style,
        validated,
    };
    let authorize_request = &authorize_request;
    let headers = &parts.headers;
    // A scenario's step belongs to the authorize_request, not once more to the click on its page.
    if let Some(clicked) = authorize_request.clicked(&parts.method) {
        return authorize_request.answer(Some(clicked), status).await;
    }
    let stage = ScenarioContext {
        context,
        registry: &registry,
        endpoint: Endpoint::Authorize,
        client_id: Some(&authorize_request.validated.client.id),
        merchant_id: parameters.get("mock_merchant"),
        headers,
        param: &|name| parameters.get(name),
        error: &|code, _, text| {
            let parameters = [("error", code.as_str()), ("error_description", text)];
            let mut response = redirected(status, &authorize_request.redirect_with(&parameters));
            response::tag_error(&mut response, code, None);
            response
        },
    };
    run(stage, |_| authorize_request.answer(None, status)).await
}

/// The parameters as they were sent: in the query of a GET, in the body of a POST.
async fn read(
    parts: &Parts,
    mut sent: Body,
    limits: &LimitMonitor,
) -> Result<Vec<u8>, AuthorizeError> {
    let wrong = |text: &'static str| AuthorizeError {
        code: ErrorCode::InvalidRequest,
        description: text.into(),
    };
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::GET {
        return Ok(query.as_bytes().to_vec());
    }
    if form_request::content_type(&parts.headers).is_err() {
        return Err(wrong("The Content-Type of a POST must be application/x-www-form-urlencoded."));
    }
    if !query.is_empty() {
        return Err(wrong("The parameters of a POST belong in its body, not in the URL."));
    }
    let bytes = body::read(&mut sent, Kind::Form, limits).await;
    bytes.map(Into::into).map_err(|_| wrong("The body is larger than 64 KiB, or did not arrive."))
}

/// What becomes of a request.
enum Decision {
    Page(Response),
    Redirect(String),
}

/// A request of a client that is known, with a redirect URL that is its own.
struct AuthorizeRequest<'a> {
    context: &'a RequestContext,
    registry: &'a Registry,
    parameters: &'a Form<'a>,
    style: ParamStyle,
    validated: ValidatedClient,
}

impl AuthorizeRequest<'_> {
    /// The redirect, or the page.
    async fn answer(&self, clicked: Option<Consent>, status: StatusCode) -> Response {
        match self.decide(clicked).await {
            Ok(Decision::Page(page)) => page,
            Ok(Decision::Redirect(url)) => redirected(status, &url),
            Err(declined) => {
                let mut response = redirected(status, &self.redirect_error(&declined));
                response::tag_error(&mut response, &declined.code, None);
                response
            }
        }
    }

    async fn decide(&self, clicked: Option<Consent>) -> Result<Decision, AuthorizeError> {
        let ask = validate_request(self.registry, &self.validated, self.parameters, self.style)?;
        let named = self.parameters.get("mock_merchant");
        let consent = match clicked {
            Some(clicked) => clicked,
            None => consent_mode(self.registry, self.parameters)?,
        };
        match consent {
            Consent::Allow => self.allow(ask, named).await.map(Decision::Redirect),
            Consent::Deny => Ok(Decision::Redirect(self.deny())),
            Consent::Prompt => self.page(&ask, named).map(Decision::Page),
        }
    }

    /// Which button of the page was clicked, if this is a click.
    fn clicked(&self, method: &Method) -> Option<Consent> {
        match self.parameters.get("mock_decision").filter(|_| *method == Method::POST) {
            Some("allow") => Some(Consent::Allow),
            Some("deny") => Some(Consent::Deny),
            Some("switch") => Some(Consent::Prompt),
            _ => None,
        }
    }

    async fn allow(
        &self,
        ask: RequestedGrant,
        named: Option<&str>,
    ) -> Result<String, AuthorizeError> {
        let merchant = merchant(self.registry, named)?;
        self.context.recorder.merchant(&merchant.id);
        may_grant(merchant)?;
        let code = self
            .context
            .realm
            .record_consent(ConsentedCode {
                client_id: Arc::clone(&self.validated.client.id),
                merchant_id: merchant.id.as_str().into(),
                scopes: ask.scopes,
                redirect_url: Arc::clone(&self.validated.redirect_url),
                challenge: ask.challenge,
            })
            .await;
        self.context.recorder.issued(IssuedKind::Code, &code);
        tracing::debug!(
            client_id = &*self.validated.client.id,
            merchant_id = merchant.id,
            "allowed"
        );
        Ok(self.redirect_with(&[("code", &code)]))
    }

    fn deny(&self) -> String {
        tracing::debug!(client_id = &*self.validated.client.id, "denied");
        match self.registry.settings.deny_redirect {
            DenyRedirect::Bare => self.validated.redirect_url.to_string(),
            DenyRedirect::Rfc6749 => self.redirect_with(&[
                ("error", "access_denied"),
                ("error_description", "The merchant denied the request."),
            ]),
        }
    }

    fn page(&self, ask: &RequestedGrant, named: Option<&str>) -> Result<Response, AuthorizeError> {
        let merchant = match named {
            Some(_) => Some(merchant(self.registry, named)?),
            None => merchant(self.registry, None).ok(),
        };
        let merchant = merchant.map(|merchant| &**merchant);
        Ok(pages::consent(self.registry, &self.validated, ask, merchant, self.parameters))
    }

    fn redirect_with(&self, parameters: &[(&str, &str)]) -> String {
        let state = self.validated.state.as_deref().map(|state| ("state", state));
        let parameters: Vec<_> = parameters.iter().copied().chain(state).collect();
        redirect(&self.validated.redirect_url, &parameters)
    }

    fn redirect_error(&self, declined: &AuthorizeError) -> String {
        let AuthorizeError { code, description } = declined;
        let description = self.registry.description(code, None, description);
        tracing::info!(error = %code, "authorize: {description}");
        self.redirect_with(&[("error", code.as_str()), ("error_description", &description)])
    }
}

fn redirected(status: StatusCode, url: &str) -> Response {
    let mut response = response::text(status, "text/plain; charset=utf-8", Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The URL was checked when the fixture was loaded, and what was added to it is encoded.
    if let Ok(url) = HeaderValue::from_str(url) {
        headers.insert(header::LOCATION, url);
    }
    response
}
