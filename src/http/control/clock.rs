//! `/_mock/clock`: the time of the realm.

use std::time::{Duration, SystemTime};

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody};
use crate::http::context::RequestContext;
use crate::units::{HumanDuration, SignedDuration, rfc3339};

/// The time of the realm.
#[derive(Serialize, JsonSchema)]
pub(super) struct ClockView {
    /// In RFC 3339.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[schemars(with = "String")]
    now: SystemTime,
    /// Ahead of the machine's clock.
    offset_ms: i64,
    /// Whether it stands still.
    frozen: bool,
}

/// What a clock can be told; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetClock {
    /// RFC 3339.
    now: Option<String>,
    /// Ahead of the machine's clock; instead of `now`.
    offset_ms: Option<i64>,
    /// Whether it stands still.
    frozen: Option<bool>,
}

/// A move of the clock.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceClock {
    /// By how much: 16m.
    by: HumanDuration,
}

fn shown(context: &RequestContext) -> Response {
    let clock = context.realm.clock();
    let shown = ClockView {
        now: clock.now(),
        offset_ms: clock.offset().as_ms(),
        frozen: clock.is_frozen(),
    };
    json(StatusCode::OK, &shown)
}

pub(super) async fn show(Extension(context): Extension<RequestContext>) -> Response {
    shown(&context)
}

pub(super) async fn set(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let wanted: SetClock = sent.json().await?;
    let clock = context.realm.clock();
    let now = match (&wanted.now, wanted.offset_ms) {
        (Some(_), Some(_)) => {
            return Err(Problem::of_member("/offset_ms", "now and offset_ms exclude each other"));
        }
        (Some(now), None) => {
            Some(rfc3339::parse(now).map_err(|error| Problem::of_member("/now", error))?)
        }
        _ => None,
    };
    if let Some(now) = now {
        clock.set(now);
    }
    if let Some(offset_ms) = wanted.offset_ms {
        let by_ms = offset_ms.saturating_sub(clock.offset().as_ms());
        clock.shift(SignedDuration::from_ms(by_ms));
    }
    match wanted.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.unfreeze(),
        None => {}
    }
    Ok(shown(&context))
}

pub(super) async fn reset(Extension(context): Extension<RequestContext>) -> Response {
    context.realm.clock().reset();
    shown(&context)
}

pub(super) async fn advance(
    Extension(context): Extension<RequestContext>,
    sent: JsonBody,
) -> Answer {
    let step: AdvanceClock = sent.json().await?;
    context.realm.clock().advance(Duration::from(step.by));
    Ok(shown(&context))
}
