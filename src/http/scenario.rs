//! Runs the scenario that matches a request: it acts before, after or in place of the handler.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::context::RequestContext;
use super::error_response::ErrorResponses;
use super::open::open;
use super::opening::{ErrorResponse, Opened, Opening, not_opened};
use super::{api_response, response};
use crate::faults;
use crate::flow::claimed_grant;
use crate::oauth::ErrorCode;
use crate::scenario::{
    Endpoint, Fault, Outcome, Phase, RequestView, ResponseAlteration, Step, UnknownScenario,
};
use crate::store::{Found, Unavailable};
use crate::units::printable;

/// The time between two bytes of a slow body, unless the outcome sets it.
const DEFAULT_INTERVAL: Duration = Duration::from_millis(100);
/// The size of the largest response that is altered, in bytes; no response is larger.
const MAX_ALTERED_SIZE: usize = 16 * 1024 * 1024;

/// A request as scenarios see it, and how its endpoint reports an error.
struct ScenarioContext<'a> {
    context: &'a RequestContext,
    request: RequestView<'a>,
    error_response: ErrorResponse<'a>,
}

/// Runs the scenario that matches a request to an endpoint without clients and parameters.
pub(super) async fn run_anonymous<F: Future<Output = Response>>(
    context: &RequestContext,
    endpoint: Endpoint,
    headers: &HeaderMap,
    handler: impl FnOnce() -> F,
) -> Response {
    context.recorder.endpoint(endpoint);

    let errors = ErrorResponses::new(&context.registry, endpoint);
    let error_response =
        |code: &ErrorCode, status, description: &str| errors.injected(code, status, description);
    let opening = Opening::of(context.view(endpoint, headers));
    run(context, opening, &error_response, |_, _| handler()).await
}

/// Runs the scenario that matches the request, or else the handler alone, which gets what the grant
/// store knows of what the request presents, if that was looked up.
pub(super) async fn run<'a, F: Future<Output = Response>>(
    context: &'a RequestContext,
    opening: Opening<'a>,
    error_response: ErrorResponse<'a>,
    handler: impl FnOnce(Option<Step>, Option<Found>) -> F,
) -> Response {
    match open(context, &opening).await {
        Ok(opened) => run_opened(context, opened, opening.view, error_response, handler).await,
        Err(Unavailable) => not_opened(opening.view.endpoint, error_response),
    }
}

/// Runs the scenario of a request that has begun, or else the handler alone.
pub(super) async fn run_opened<'a, F: Future<Output = Response>>(
    context: &'a RequestContext,
    opened: Opened,
    request: RequestView<'a>,
    error_response: ErrorResponse<'a>,
    handler: impl FnOnce(Option<Step>, Option<Found>) -> F,
) -> Response {
    let Opened { step, mut found } = opened;
    let scenario_context = ScenarioContext { context, request, error_response };
    let step = match step {
        Ok(Some(step)) => step,
        Ok(None) => return handler(None, found).await,
        Err(UnknownScenario) => {
            let text = "x-mock-scenario names neither a scenario of this realm nor an error code.";
            return error_response(&ErrorCode::InvalidRequest, None, text);
        }
    };
    let RequestContext { realm, recorder, .. } = context;
    recorder.scenario(step.scenario(), step.outcome().and_then(|outcome| outcome.fault));
    scenario_context.record_grant();
    // The request may have to wait from here on, and a verification may wait for this request.
    context.announce(step.outcome());
    let Some(outcome) = step.outcome() else { return handler(None, found).await };

    if let Some(limit) = outcome.rate_limit
        && let Err(seconds) = step.count(limit, realm.clock.now_ms())
    {
        return scenario_context.with_endpoint_headers(rate_limited(seconds));
    }
    if let Some(hold) = outcome.hold
        && realm.hold(&step, hold).await.is_err()
    {
        return not_opened(scenario_context.request.endpoint, error_response);
    }
    // While the request waits, others may change what was found.
    if outcome.waits() {
        found = None;
    }

    let replacement = scenario_context.replacement(&step, outcome);
    let response = match outcome.phase {
        Phase::Before => {
            wait(outcome).await;

            match replacement {
                Some(response) => response,
                // The client never sees the response, so there is no need to produce one.
                None if outcome.fault.is_some_and(Fault::has_no_body) => Response::default(),
                None => handler(Some(step.clone()), found).await,
            }
        }
        Phase::After => {
            let actual = handler(Some(step.clone()), found).await;
            if actual.status().is_success() && (replacement.is_some() || outcome.fault.is_some()) {
                recorder.took_effect();
            }
            wait(outcome).await;

            replacement.unwrap_or(actual)
        }
    };

    scenario_context.finish(&step, outcome, response).await
}

async fn wait(outcome: &Outcome) {
    if let Some(delay) = outcome.delay {
        delay.wait().await;
    }
}

impl ScenarioContext<'_> {
    /// Records the grant of a refresh, also if the scenario keeps it from its decision.
    fn record_grant(&self) {
        let param = self.request.param;
        if param("grant_type") == Some("refresh_token")
            && let Some(token) = param("refresh_token").or_else(|| param("code"))
            && let Some(grant) = claimed_grant(&self.context.realm, token)
        {
            self.context.recorder.grant(grant);
        }
    }

    /// Makes the error or literal response that replaces the handler's.
    fn replacement(&self, step: &Step, outcome: &Outcome) -> Option<Response> {
        let Some(code) = &outcome.error else {
            return outcome
                .is_literal()
                .then(|| self.with_endpoint_headers(literal_response(outcome)));
        };

        let description = self.context.registry.description(
            code,
            outcome.description.as_deref(),
            code.default_description(),
        );
        tracing::info!(
            error = %code, scenario = step.scenario(),
            "{}: {}", self.request.endpoint, printable(&description)
        );
        Some((self.error_response)(code, outcome.status, &description))
    }

    /// Sets the headers that every response of the API has.
    fn with_endpoint_headers(&self, response: Response) -> Response {
        match self.request.endpoint {
            Endpoint::Resource => api_response::complete(response),
            _ => response,
        }
    }

    /// Alters the response as the outcome says, and applies its fault.
    async fn finish(&self, step: &Step, outcome: &Outcome, mut response: Response) -> Response {
        if let Some(alteration) = &outcome.response {
            if ["access_token", "refresh_token"].iter().any(|name| alteration.changes(name)) {
                self.context.recorder.facts(|facts| facts.hides_tokens = true);
            }
            response = alter(response, alteration).await;
        }
        response::put_headers(response.headers_mut(), &outcome.headers);

        let Some(fault) = outcome.fault else { return response };
        tracing::info!(scenario = step.scenario(), "{}: {fault:?}", self.request.endpoint);
        let interval = outcome.interval.map_or(DEFAULT_INTERVAL, Duration::from);
        faults::apply(fault, interval, response).await
    }
}

fn literal_response(outcome: &Outcome) -> Response {
    let status = outcome.status.unwrap_or(200);
    if let Some(json) = &outcome.json {
        return response::json(status, json);
    }

    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let body = outcome.body.clone().unwrap_or_default();
    response::text(status, "text/plain; charset=utf-8", body)
}

fn rate_limited(seconds: i64) -> Response {
    let description = format!("Rate limit exceeded; retry in {seconds} s.");
    let code = ErrorCode::from("too_many_requests");

    let mut response = response::error(&code, 429, &description);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Alters the JSON of a successful response. Other responses stay as they are.
async fn alter(response: Response, alteration: &ResponseAlteration) -> Response {
    if !response.status().is_success() {
        return response;
    }

    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ALTERED_SIZE).await.unwrap_or_default();
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    alteration.apply(&mut members);

    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(members).to_string()))
}
