//! Begins a request at its endpoint.

use super::context::RequestContext;
use super::opening::{Opened, Opening, SCENARIO_HEADER};
use crate::scenario::{RequestView, Step, UnknownScenario};
use crate::store::Unavailable;

/// Begins a request: takes the step of its scenario, and looks up what it presents where the step
/// depends on that.
pub(super) async fn open(
    context: &RequestContext,
    opening: &Opening<'_>,
) -> Result<Opened, Unavailable> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        return super::shared_open::open(context, replica, opening).await;
    }

    let Some(inactive) = &opening.inactive else {
        return Ok(Opened { step: take_step(context, &opening.view), found: None });
    };
    let found = context.realm.grant_store.look_up(&opening.presented).await?;
    let view = if found.is_active() { &opening.view } else { inactive };
    Ok(Opened { step: take_step(context, view), found: Some(found) })
}

/// Takes the step for this request: of the scenario that it names, or of the first that matches.
fn take_step(
    context: &RequestContext,
    view: &RequestView<'_>,
) -> Result<Option<Step>, UnknownScenario> {
    let RequestContext { realm, recorder, .. } = context;
    let now_ms = realm.clock.now_ms();
    let Some(name) = view.headers.get(SCENARIO_HEADER) else {
        return Ok(realm.scenarios.take(view, now_ms));
    };

    let name = name.to_str().map_err(|_| UnknownScenario)?;
    let step = realm.scenarios.take_named(name, now_ms)?;
    recorder.selected(&step);
    Ok(step)
}
