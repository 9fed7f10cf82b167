//! `/_mock/clock`: the realm's clock.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::edit::edit;
use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, POST, PUT, Routes};
use crate::clock::{Clock, ClockTarget};
use crate::http::context::RequestContext;
use crate::units::{HumanDuration, SignedDuration, rfc3339};

/// The state of a realm's clock.
#[derive(Serialize, JsonSchema)]
struct ClockView {
    /// The current time, in RFC 3339.
    #[serde(serialize_with = "rfc3339::serialize")]
    #[schemars(with = "String")]
    now: SystemTime,
    /// The offset from the system clock, in milliseconds; positive if ahead.
    offset_ms: i64,
    /// Whether the clock is frozen.
    frozen: bool,
}

/// A change of the clock. Missing members change nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetClockRequest {
    /// The time to set, in RFC 3339, from 1970 to 9000.
    now: Option<String>,
    /// The offset from the system clock, in milliseconds; positive if ahead. Excludes `now`.
    offset_ms: Option<i64>,
    /// Whether the clock is frozen.
    frozen: Option<bool>,
}

/// An advance of the clock.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceClockRequest {
    /// The duration, such as `16m`.
    by: HumanDuration,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/clock", show)
        .doc("getClock", "Returns the clock")
        .returns::<ClockView>(200, "The clock.");

    routes
        .add(PUT, "/clock", set)
        .doc("setClock", "Sets, shifts, freezes or unfreezes the clock")
        .takes::<SetClockRequest>()
        .returns::<ClockView>(200, "The changed clock.");

    routes
        .add(DELETE, "/clock", reset)
        .doc("resetClock", "Resets the clock to the system time")
        .returns::<ClockView>(200, "The reset clock.");

    routes
        .add(POST, "/clock/advance", advance)
        .doc("advanceClock", "Advances the clock")
        .takes::<AdvanceClockRequest>()
        .returns::<ClockView>(200, "The advanced clock.");
}

async fn show(context: RequestContext) -> Json<ClockView> {
    view(&context.realm.clock)
}

async fn set(
    context: RequestContext,
    Json(request): Json<SetClockRequest>,
) -> Result<Json<ClockView>, Problem> {
    if request.now.is_some() && request.offset_ms.is_some() {
        return Err(Problem::of_member("/offset_ms", "now and offset_ms are mutually exclusive"));
    }
    let now = request.now.as_deref().map(rfc3339::parse).transpose();
    let now = now.map_err(|error| Problem::of_member("/now", error))?;

    let (member, target) = match (now, request.offset_ms) {
        (Some(now), _) => ("/now", Some(ClockTarget::Time(now))),
        (None, Some(ms)) => ("/offset_ms", Some(ClockTarget::Offset(SignedDuration::from_ms(ms)))),
        (None, None) => ("", None),
    };

    edit(&context, move |realm| realm.clock.update(target, request.frozen))
        .await?
        .map_err(|error| Problem::of_member(member, error))?;
    Ok(view(&context.realm.clock))
}

async fn reset(context: RequestContext) -> Result<Json<ClockView>, Problem> {
    edit(&context, |realm| realm.clock.reset()).await?;
    Ok(view(&context.realm.clock))
}

async fn advance(
    context: RequestContext,
    Json(request): Json<AdvanceClockRequest>,
) -> Result<Json<ClockView>, Problem> {
    let by = SignedDuration::from_ms(request.by.as_ms());
    edit(&context, move |realm| realm.clock.try_shift(by))
        .await?
        .map_err(|error| Problem::of_member("/by", error))?;
    Ok(view(&context.realm.clock))
}

fn view(clock: &Clock) -> Json<ClockView> {
    Json(ClockView {
        now: clock.now(),
        offset_ms: clock.offset().as_ms(),
        frozen: clock.is_frozen(),
    })
}
