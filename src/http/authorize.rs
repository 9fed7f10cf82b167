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
use super::errors::require_https;
use super::here::Here;
use super::play::{Stage, play};
use super::{App, answer, body, form_request, pages};
use crate::authority::consent::{
    Ask, Declined, Flavour, Trusted, answer as who_answers, ask, may_grant, merchant, redirect,
    trust,
};
use crate::fixture::{Consent, DenyRedirect};
use crate::journal::{IssuedKind, Parameters};
use crate::limits::Bounds;
use crate::oauth::{ErrorCode, Form};
use crate::realm::{Consented, Registry};
use crate::scenario::Endpoint;

pub(super) async fn vendor(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    request: Request,
) -> Response {
    authorize(&app.bounds, &here, request, Flavour::Vendor).await
}

pub(super) async fn rfc(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    request: Request,
) -> Response {
    authorize(&app.bounds, &here, request, Flavour::Rfc).await
}

async fn authorize(bounds: &Bounds, here: &Here, request: Request, flavour: Flavour) -> Response {
    let registry = here.realm.registry();
    let (parts, body) = request.into_parts();
    here.record.endpoint(Endpoint::Authorize);
    if parts.method != Method::GET && parts.method != Method::POST {
        return answer::wrong_method("GET, POST");
    }
    // Errors up to here are for whoever looks: nobody knows yet where to redirect to.
    let page = |declined: &Declined| pages::error(&registry, &parts.headers, declined);
    if let Err(refusal) = require_https(here, &registry) {
        let description = refusal.description;
        return page(&Declined { code: ErrorCode::InvalidRequest, description });
    }
    let sent = match read(&parts, body, bounds).await {
        Ok(sent) => sent,
        Err(declined) => return page(&declined),
    };
    let parameters = match Form::parse(&sent) {
        Ok(parameters) => parameters,
        Err(error) => {
            let description = format!("The parameters are not well-formed: {error}.").into();
            return page(&Declined { code: ErrorCode::InvalidRequest, description });
        }
    };
    here.record.parameters(parameters.iter(), Parameters::Documented);
    let trusted = match trust(&registry, &parameters, flavour) {
        Ok(trusted) => trusted,
        Err(declined) => return page(&declined),
    };
    // From here on the partner is told.
    let status = match parts.method {
        Method::POST => StatusCode::SEE_OTHER,
        _ => StatusCode::FOUND,
    };
    let visit = Visit { here, registry: &registry, parameters: &parameters, flavour, trusted };
    let visit = &visit;
    let headers = &parts.headers;
    // A scenario's step belongs to the visit, not once more to the click on its page.
    if let Some(clicked) = visit.clicked(&parts.method) {
        return visit.answer(Some(clicked), status).await;
    }
    let stage = Stage {
        here,
        registry: &registry,
        endpoint: Endpoint::Authorize,
        client_id: Some(&visit.trusted.client.id),
        merchant_id: parameters.get("mock_merchant"),
        headers,
        param: &|name| parameters.get(name),
        error: &|code, _, text| {
            let parameters = [("error", code.as_str()), ("error_description", text)];
            let mut response = redirected(status, &visit.back(&parameters));
            answer::tell(&mut response, code, None);
            response
        },
    };
    play(stage, |_| visit.answer(None, status)).await
}

/// The parameters as they were sent: in the query of a GET, in the body of a POST.
async fn read(parts: &Parts, mut sent: Body, bounds: &Bounds) -> Result<Vec<u8>, Declined> {
    let wrong =
        |text: &'static str| Declined { code: ErrorCode::InvalidRequest, description: text.into() };
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
    let bytes = body::read(&mut sent, Kind::Form, bounds).await;
    bytes.map(Into::into).map_err(|_| wrong("The body is larger than 64 KiB, or did not arrive."))
}

/// What becomes of a request.
enum Decision {
    Page(Response),
    Redirect(String),
}

/// A request of a client that is known, with a redirect URL that is its own.
struct Visit<'a> {
    here: &'a Here,
    registry: &'a Registry,
    parameters: &'a Form<'a>,
    flavour: Flavour,
    trusted: Trusted,
}

impl Visit<'_> {
    /// The redirect, or the page.
    async fn answer(&self, clicked: Option<Consent>, status: StatusCode) -> Response {
        match self.decide(clicked).await {
            Ok(Decision::Page(page)) => page,
            Ok(Decision::Redirect(url)) => redirected(status, &url),
            Err(declined) => {
                let mut response = redirected(status, &self.back_with(&declined));
                answer::tell(&mut response, &declined.code, None);
                response
            }
        }
    }

    async fn decide(&self, clicked: Option<Consent>) -> Result<Decision, Declined> {
        let ask = ask(self.registry, &self.trusted, self.parameters, self.flavour)?;
        let named = self.parameters.get("mock_merchant");
        let consent = match clicked {
            Some(clicked) => clicked,
            None => who_answers(self.registry, self.parameters)?,
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

    async fn allow(&self, ask: Ask, named: Option<&str>) -> Result<String, Declined> {
        let merchant = merchant(self.registry, named)?;
        self.here.record.merchant(&merchant.id);
        may_grant(merchant)?;
        let code = self
            .here
            .realm
            .record_consent(Consented {
                client_id: Arc::clone(&self.trusted.client.id),
                merchant_id: merchant.id.as_str().into(),
                scopes: ask.scopes,
                redirect_url: Arc::clone(&self.trusted.redirect_url),
                challenge: ask.challenge,
            })
            .await;
        self.here.record.issued(IssuedKind::Code, &code);
        tracing::debug!(client_id = &*self.trusted.client.id, merchant_id = merchant.id, "allowed");
        Ok(self.back(&[("code", &code)]))
    }

    fn deny(&self) -> String {
        tracing::debug!(client_id = &*self.trusted.client.id, "denied");
        match self.registry.settings.deny_redirect {
            DenyRedirect::Bare => self.trusted.redirect_url.to_string(),
            DenyRedirect::Rfc6749 => self.back(&[
                ("error", "access_denied"),
                ("error_description", "The merchant denied the request."),
            ]),
        }
    }

    fn page(&self, ask: &Ask, named: Option<&str>) -> Result<Response, Declined> {
        let merchant = match named {
            Some(_) => Some(merchant(self.registry, named)?),
            None => merchant(self.registry, None).ok(),
        };
        let merchant = merchant.map(|merchant| &**merchant);
        Ok(pages::consent(self.registry, &self.trusted, ask, merchant, self.parameters))
    }

    fn back(&self, parameters: &[(&str, &str)]) -> String {
        let state = self.trusted.state.as_deref().map(|state| ("state", state));
        let parameters: Vec<_> = parameters.iter().copied().chain(state).collect();
        redirect(&self.trusted.redirect_url, &parameters)
    }

    fn back_with(&self, declined: &Declined) -> String {
        let Declined { code, description } = declined;
        let description = self.registry.description(code, None, description);
        tracing::info!(error = %code, "authorize: {description}");
        self.back(&[("error", code.as_str()), ("error_description", &description)])
    }
}

fn redirected(status: StatusCode, url: &str) -> Response {
    let mut response = answer::text(status, "text/plain; charset=utf-8", Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // The URL was checked when the fixture was loaded, and what was added to it is encoded.
    if let Ok(url) = HeaderValue::from_str(url) {
        headers.insert(header::LOCATION, url);
    }
    response
}
