//! GET and POST `/ebc2/oauth/authorize` and `/oauth2/v3/authorize`: the redirect, the consent page,
//! and its decision.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use super::body::FORM_LIMIT;
use super::client_request::require_https;
use super::here::Here;
use super::{App, answer, body, pages};
use crate::authority::consent::{
    Ask, Declined, Flavour, Trusted, answer as who_answers, ask, may_grant, merchant, redirect,
    trust,
};
use crate::fixture::{Consent, DenyRedirect};
use crate::oauth::{ErrorCode, Form};
use crate::realm::{Consented, Registry};
use crate::scenario::{Endpoint, Outcome, Sighting};

pub(super) async fn vendor(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    request: Request,
) -> Response {
    authorize(&app, &here, request, Flavour::Vendor).await
}

pub(super) async fn rfc(
    State(app): State<Arc<App>>,
    Extension(here): Extension<Here>,
    request: Request,
) -> Response {
    authorize(&app, &here, request, Flavour::Rfc).await
}

async fn authorize(app: &App, here: &Here, request: Request, flavour: Flavour) -> Response {
    let registry = here.realm.registry();
    let (parts, body) = request.into_parts();
    if parts.method != Method::GET && parts.method != Method::POST {
        return answer::wrong_method("GET, POST");
    }
    // Errors up to here are for whoever looks: nobody knows yet where to redirect to.
    let page = |declined: &Declined| pages::error(&registry, &parts.headers, declined);
    if let Err(refusal) = require_https(here, &registry) {
        let description = refusal.description;
        return page(&Declined { code: ErrorCode::InvalidRequest, description });
    }
    let sent = match read(&parts, body).await {
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
    let trusted = match trust(&registry, &parameters, flavour) {
        Ok(trusted) => trusted,
        Err(declined) => return page(&declined),
    };
    // From here on the partner is told.
    let status = match parts.method {
        Method::POST => StatusCode::SEE_OTHER,
        _ => StatusCode::FOUND,
    };
    let visit = Visit { app, here, registry: &registry, parameters: &parameters, flavour, trusted };
    match visit.decide(&parts).await {
        Ok(Decision::Page(page)) => page,
        Ok(Decision::Redirect(url)) => redirected(status, &url),
        Err(declined) => redirected(status, &visit.back_with(&declined)),
    }
}

/// The parameters as they were sent: in the query of a GET, in the body of a POST.
async fn read(parts: &Parts, mut sent: Body) -> Result<Vec<u8>, Declined> {
    let wrong =
        |text: &'static str| Declined { code: ErrorCode::InvalidRequest, description: text.into() };
    let query = parts.uri.query().unwrap_or_default();
    if parts.method == Method::GET {
        return Ok(query.as_bytes().to_vec());
    }
    if !query.is_empty() {
        return Err(wrong("The parameters of a POST belong in its body, not in the URL."));
    }
    let bytes = body::read(&mut sent, FORM_LIMIT).await;
    bytes.map(Into::into).map_err(|_| wrong("The body is larger than 64 KiB, or did not arrive."))
}

/// What becomes of a request.
enum Decision {
    Page(Response),
    Redirect(String),
}

/// A request of a client that is known, with a redirect URL that is its own.
struct Visit<'a> {
    app: &'a App,
    here: &'a Here,
    registry: &'a Registry,
    parameters: &'a Form<'a>,
    flavour: Flavour,
    trusted: Trusted,
}

impl Visit<'_> {
    async fn decide(&self, parts: &Parts) -> Result<Decision, Declined> {
        self.play(&parts.headers).await?;
        let ask = ask(self.registry, &self.trusted, self.parameters, self.flavour)?;
        let named = self.parameters.get("mock_merchant");
        match self.clicked(&parts.method)? {
            Some(Consent::Allow) => self.allow(ask, named).await.map(Decision::Redirect),
            Some(Consent::Deny) => Ok(Decision::Redirect(self.deny())),
            _ => self.page(&ask, named, &parts.headers).map(Decision::Page),
        }
    }

    /// The answer, if there is one already: from the page's buttons, the request or the settings.
    fn clicked(&self, method: &Method) -> Result<Option<Consent>, Declined> {
        if *method == Method::POST {
            match self.parameters.get("mock_decision") {
                Some("allow") => return Ok(Some(Consent::Allow)),
                Some("deny") => return Ok(Some(Consent::Deny)),
                _ => {}
            }
        }
        who_answers(self.registry, self.parameters).map(Some)
    }

    async fn allow(&self, ask: Ask, named: Option<&str>) -> Result<String, Declined> {
        let merchant = merchant(self.registry, named)?;
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

    fn page(
        &self,
        ask: &Ask,
        named: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Response, Declined> {
        let merchant = merchant(self.registry, named).ok();
        if named.is_some() && merchant.is_none() {
            self::merchant(self.registry, named)?;
        }
        let action = match self.flavour {
            Flavour::Vendor => "/ebc2/oauth/authorize",
            Flavour::Rfc => "/oauth2/v3/authorize",
        };
        let action = format!("{}{action}", self.here.base_url(self.app, headers));
        Ok(pages::consent(self.registry, &self.trusted, ask, merchant, &action, self.parameters))
    }

    /// What a scenario wants of this request.
    async fn play(&self, headers: &HeaderMap) -> Result<(), Declined> {
        let turn = self.here.realm.script().take(&Sighting {
            endpoint: Endpoint::Authorize,
            client_id: Some(&self.trusted.client.id),
            headers,
            param: &|name| self.parameters.get(name),
            merchant_id: self.parameters.get("mock_merchant"),
        });
        let Some(outcome) = turn.as_ref().and_then(|turn| turn.outcome()) else { return Ok(()) };
        if let Some(delay) = outcome.delay {
            delay.wait().await;
        }
        let Some(error) = Outcome::injected_error(outcome) else { return Ok(()) };
        let usual = error.code.meaning();
        Err(Declined {
            code: error.code.clone(),
            description: self.registry.description(error.code, error.description, usual).into(),
        })
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
