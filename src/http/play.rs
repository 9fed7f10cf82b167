//! A scenario's part in a request: what it wants before, instead of, and after the ordinary answer.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer;
use super::here::Here;
use crate::authority::Effects;
use crate::faults;
use crate::oauth::ErrorCode;
use crate::realm::Registry;
use crate::scenario::{Endpoint, Named, Outcome, Phase, ResponseAlteration, Sighting, Turn};

/// The header by which a request picks a scenario, or an error, for itself.
const PICK: &str = "x-mock-scenario";
/// Between two bytes of a slow body, unless the outcome says.
const INTERVAL: Duration = Duration::from_millis(100);
/// More than any answer that is altered.
const LARGEST: usize = 16 * 1024 * 1024;

/// A request as scenarios see it.
pub(super) struct Stage<'a> {
    pub(super) here: &'a Here,
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
pub(super) async fn play<F>(stage: Stage<'_>, ordinary: impl FnOnce(Effects) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let turn = match stage.choose() {
        Choice::Turn(turn) => turn,
        Choice::Ordinary => return ordinary(Effects::default()).await,
        Choice::Unknown => {
            let text = "x-mock-scenario names neither a scenario of this realm nor an error.";
            return (stage.error)(&ErrorCode::InvalidRequest, None, text);
        }
    };
    let record = &stage.here.record;
    record.scenario(turn.scenario(), turn.outcome().and_then(|outcome| outcome.fault));
    let Some(outcome) = turn.outcome() else { return ordinary(Effects::default()).await };
    let now_ms = stage.here.realm.clock().now_ms();
    if let Some(limit) = outcome.rate_limit
        && let Err(seconds) = turn.window().count(limit, now_ms)
    {
        return too_many(seconds);
    }
    if let Some(hold) = outcome.hold {
        turn.holding().wait(hold).await;
    }
    let before = outcome.phase == Phase::Before;
    if before {
        wait(outcome).await;
    }
    let instead = stage.instead(&turn, outcome);
    let silent = outcome.fault.is_some_and(|fault| fault.has_no_body());
    let mut response = match instead {
        Some(instead) if before => instead,
        None if before && silent => Response::new(Body::empty()),
        instead => {
            let effects = Effects::new(turn.clone(), before && outcome.fault.is_some());
            let ordinary = ordinary(effects).await;
            if !before {
                if ordinary.status().is_success() && (instead.is_some() || outcome.fault.is_some())
                {
                    record.took_effect();
                }
                wait(outcome).await;
            }
            instead.unwrap_or(ordinary)
        }
    };
    if let Some(alteration) = &outcome.response {
        response = alter(response, alteration).await;
    }
    answer::put_headers(response.headers_mut(), &outcome.headers);
    match outcome.fault {
        None => response,
        Some(fault) => {
            tracing::info!(scenario = turn.scenario(), "{}: {fault:?}", stage.endpoint);
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
    Turn(Turn),
    Ordinary,
    /// The request names one that is not there.
    Unknown,
}

impl Stage<'_> {
    /// The scenario's step for this request: the one that it names itself, or the first that
    /// matches.
    fn choose(&self) -> Choice {
        let script = self.here.realm.script();
        if let Some(name) = self.headers.get(PICK) {
            let named = name.to_str().ok().and_then(|name| script.take_named(name));
            self.here.record.picked(&named);
            return match named {
                Some(Named::Turn(turn)) => Choice::Turn(turn),
                Some(Named::Spent) => Choice::Ordinary,
                None => Choice::Unknown,
            };
        }
        let turn = script.take(&Sighting {
            endpoint: self.endpoint,
            client_id: self.client_id,
            headers: self.headers,
            param: &|name| (self.param)(name),
            merchant_id: self.merchant_id,
        });
        turn.map_or(Choice::Ordinary, Choice::Turn)
    }

    /// The error or literal answer that stands in place of the ordinary one.
    fn instead(&self, turn: &Turn, outcome: &Outcome) -> Option<Response> {
        if let Some(code) = &outcome.error {
            let usual = code.meaning();
            let description =
                self.registry.description(code, outcome.description.as_deref(), usual);
            let scenario = turn.scenario();
            tracing::info!(error = %code, scenario, "{}: {description}", self.endpoint);
            return Some((self.error)(code, outcome.status, &description));
        }
        outcome.is_literal().then(|| literal(outcome))
    }
}

fn literal(outcome: &Outcome) -> Response {
    let status = outcome.status.unwrap_or(200);
    match (&outcome.json, &outcome.body) {
        (Some(json), _) => answer::json(status, json),
        (None, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let body = Body::from(body.clone().unwrap_or_default());
            answer::text(status, "text/plain; charset=utf-8", body)
        }
    }
}

fn too_many(seconds: i64) -> Response {
    let text = format!("Too many requests; the next is welcome in {seconds} s.");
    let body = json!({ "error": "too_many_requests", "error_description": text });
    let mut response = answer::json(429, &body);
    answer::tell(&mut response, &ErrorCode::from("too_many_requests"), None);
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
