//! A scenario's part in a request: what it wants before, replacement of, and after the ordinary answer.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::context::RequestContext;
use super::response;
use crate::faults;
use crate::flow::Effects;
use crate::oauth::ErrorCode;
use crate::realm::Registry;
use crate::scenario::{Endpoint, Outcome, Phase, RequestView, ResponseAlteration, Selection, Step};

/// The header by which a request picks a scenario, or an error, for itself.
const SCENARIO_HEADER: &str = "x-mock-scenario";
/// Between two bytes of a slow body, unless the outcome says.
const INTERVAL: Duration = Duration::from_millis(100);
/// More than any answer that is altered.
const LARGEST: usize = 16 * 1024 * 1024;

/// A request as scenarios see it.
pub(super) struct ScenarioContext<'a> {
    pub(super) context: &'a RequestContext,
    pub(super) registry: &'a Registry,
    pub(super) endpoint: Endpoint,
    pub(super) client_id: Option<&'a str>,
    pub(super) merchant_id: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) param: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// How this endpoint tells an error.
    pub(super) error: &'a (dyn Fn(&ErrorCode, Option<u16>, &str) -> Response + Sync),
}

/// Answers as the scenario that matches wants it, or else in the ordinary way.
pub(super) async fn run<F>(
    stage: ScenarioContext<'_>,
    ordinary: impl FnOnce(Effects) -> F,
) -> Response
where
    F: Future<Output = Response>,
{
    let step = match stage.choose() {
        Choice::Step(step) => step,
        Choice::Ordinary => return ordinary(Effects::default()).await,
        Choice::Unknown => {
            let text = "x-mock-scenario names neither a scenario of this realm nor an error.";
            return (stage.error)(&ErrorCode::InvalidRequest, None, text);
        }
    };
    let recorder = &stage.context.recorder;
    recorder.scenario(step.scenario(), step.outcome().and_then(|outcome| outcome.fault));
    let Some(outcome) = step.outcome() else { return ordinary(Effects::default()).await };
    let now_ms = stage.context.realm.clock().now_ms();
    if let Some(limit) = outcome.rate_limit
        && let Err(seconds) = step.window().count(limit, now_ms)
    {
        return too_many(seconds);
    }
    if let Some(hold) = outcome.hold {
        step.barrier().wait(hold).await;
    }
    let before = outcome.phase == Phase::Before;
    if before {
        wait(outcome).await;
    }
    let replacement = stage.replacement(&step, outcome);
    let silent = outcome.fault.is_some_and(|fault| fault.has_no_body());
    let mut response = match replacement {
        Some(replacement) if before => replacement,
        None if before && silent => Response::new(Body::empty()),
        replacement => {
            let effects = Effects::new(step.clone(), before && outcome.fault.is_some());
            let ordinary = ordinary(effects).await;
            if !before {
                if ordinary.status().is_success()
                    && (replacement.is_some() || outcome.fault.is_some())
                {
                    recorder.took_effect();
                }
                wait(outcome).await;
            }
            replacement.unwrap_or(ordinary)
        }
    };
    if let Some(alteration) = &outcome.response {
        response = alter(response, alteration).await;
    }
    response::put_headers(response.headers_mut(), &outcome.headers);
    match outcome.fault {
        None => response,
        Some(fault) => {
            tracing::info!(scenario = step.scenario(), "{}: {fault:?}", stage.endpoint);
            let interval = outcome.interval.map_or(INTERVAL, Duration::from);
            faults::apply(fault, interval, response).await
        }
    }
}

async fn wait(outcome: &Outcome) {
    if let Some(delay) = outcome.delay {
        delay.wait().await;
    }
}

/// Which scenario decides.
enum Choice {
    Step(Step),
    Ordinary,
    /// The request names one that is not there.
    Unknown,
}

impl ScenarioContext<'_> {
    /// The scenario's step for this request: the one that it names itself, or the first that
    /// matches.
    fn choose(&self) -> Choice {
        let scenarios = self.context.realm.scenarios();
        if let Some(name) = self.headers.get(SCENARIO_HEADER) {
            let named = name.to_str().ok().and_then(|name| scenarios.take_named(name));
            self.context.recorder.selected(&named);
            return match named {
                Some(Selection::Step(step)) => Choice::Step(step),
                Some(Selection::Exhausted) => Choice::Ordinary,
                None => Choice::Unknown,
            };
        }
        let step = scenarios.take(&RequestView {
            endpoint: self.endpoint,
            client_id: self.client_id,
            headers: self.headers,
            param: &|name| (self.param)(name),
            merchant_id: self.merchant_id,
        });
        step.map_or(Choice::Ordinary, Choice::Step)
    }

    /// The error or literal answer that stands in place of the ordinary one.
    fn replacement(&self, step: &Step, outcome: &Outcome) -> Option<Response> {
        if let Some(code) = &outcome.error {
            let usual = code.default_description();
            let description =
                self.registry.description(code, outcome.description.as_deref(), usual);
            let scenario = step.scenario();
            tracing::info!(error = %code, scenario, "{}: {description}", self.endpoint);
            return Some((self.error)(code, outcome.status, &description));
        }
        outcome.is_literal().then(|| literal(outcome))
    }
}

fn literal(outcome: &Outcome) -> Response {
    let status = outcome.status.unwrap_or(200);
    match (&outcome.json, &outcome.body) {
        (Some(json), _) => response::json(status, json),
        (None, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let body = Body::from(body.clone().unwrap_or_default());
            response::text(status, "text/plain; charset=utf-8", body)
        }
    }
}

fn too_many(seconds: i64) -> Response {
    let text = format!("Too many requests; the next is welcome in {seconds} s.");
    let body = json!({ "error": "too_many_requests", "error_description": text });
    let mut response = response::json(429, &body);
    response::tag_error(&mut response, &ErrorCode::from("too_many_requests"), None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Alters the JSON of a success; anything else stays as it is.
async fn alter(response: Response, alteration: &ResponseAlteration) -> Response {
    if !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST).await.unwrap_or_default();
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&bytes) else {
        return Response::from_parts(parts, Body::from(bytes));
    };
    alteration.apply(&mut members);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Value::Object(members).to_string()))
}
