//! `/_mock/clock`: the time of the realm.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Answer, input, json, times};
use crate::fixture::Period;
use crate::http::{App, here::Here};

#[derive(Serialize)]
struct Shown {
    now: String,
    offset_ms: i64,
    frozen: bool,
}

/// What a clock can be told; what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// RFC 3339.
    now: Option<String>,
    /// Ahead of the machine's clock; instead of `now`.
    offset_ms: Option<i64>,
    frozen: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    by: Period,
}

fn shown(here: &Here) -> Response {
    let clock = here.realm.clock();
    let shown = Shown {
        now: times::written(clock.now_ms()),
        offset_ms: clock.offset_ms(),
        frozen: clock.is_frozen(),
    };
    json(StatusCode::OK, &shown)
}

pub(super) async fn show(Extension(here): Extension<Here>) -> Response {
    shown(&here)
}

pub(super) async fn set(
    State(_): State<Arc<App>>,
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let wanted: Wanted = input::read(&headers, body).await?;
    let clock = here.realm.clock();
    let now_ms = match (&wanted.now, wanted.offset_ms) {
        (Some(_), Some(_)) => {
            return Err(Problem::of_member("/offset_ms", "now and offset_ms exclude each other"));
        }
        (Some(now), None) => {
            Some(times::read(now).map_err(|error| Problem::of_member("/now", error))?)
        }
        _ => None,
    };
    if let Some(now_ms) = now_ms {
        clock.set(now_ms);
    }
    if let Some(offset_ms) = wanted.offset_ms {
        clock.shift(offset_ms.saturating_sub(clock.offset_ms()));
    }
    match wanted.frozen {
        Some(true) => clock.freeze(),
        Some(false) => clock.unfreeze(),
        None => {}
    }
    Ok(shown(&here))
}

pub(super) async fn reset(Extension(here): Extension<Here>) -> Response {
    here.realm.clock().reset();
    shown(&here)
}

pub(super) async fn advance(
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let step: Step = input::read(&headers, body).await?;
    here.realm.clock().advance(Duration::from(step.by));
    Ok(shown(&here))
}
