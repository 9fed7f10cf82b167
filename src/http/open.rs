//! Begins a request at its endpoint.

use super::context::RequestContext;
use super::opening::{NotOpened, Opened, Opening, SCENARIO_HEADER, Selected, selected};
use crate::scenario::RequestView;

/// Begins a request: takes the step of its scenario, and looks up what it presents where the step
/// depends on that.
pub(super) async fn open(
    context: &RequestContext,
    opening: &Opening<'_>,
) -> Result<Opened, NotOpened> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        return super::shared_open::open(context, replica, opening).await;
    }

    let Some(inactive) = &opening.inactive else {
        return Ok(Opened { selected: select(context, &opening.view), found: None });
    };
    let found = context.realm.grant_store.look_up(&opening.presented).await?;
    let view = if found.is_active() { &opening.view } else { inactive };
    Ok(Opened { selected: select(context, view), found: Some(found) })
}

/// Takes the step for this request: of the scenario that it names, or of the first that matches.
fn select(context: &RequestContext, view: &RequestView<'_>) -> Selected {
    let realm = &context.realm;
    let (scenarios, now_ms) = (&realm.scenarios, realm.clock.now_ms());

    if let Some(name) = view.headers.get(SCENARIO_HEADER) {
        let selection = name.to_str().ok().and_then(|name| scenarios.take_named(name, now_ms));
        return selected(context, selection);
    }
    let step = scenarios.take(view, now_ms);
    step.map_or(Selected::Nothing, Selected::Step)
}
