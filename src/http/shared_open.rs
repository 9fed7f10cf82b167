//! Begins a request in a store that replicas share.

use super::context::RequestContext;
use super::opening::{Opened, Opening, SCENARIO_HEADER};
use crate::realm::Replica;
use crate::scenario::{Candidate, RequestView, ScenarioSet};
use crate::store::Unavailable;

/// Begins a request in the store.
pub(super) async fn open(
    context: &RequestContext,
    replica: &Replica,
    opening: &Opening<'_>,
) -> Result<Opened, Unavailable> {
    let realm = &context.realm;
    let now_ms = realm.clock.now_ms();
    let name = opening.view.headers.get(SCENARIO_HEADER).map(|name| name.to_str().unwrap_or(""));
    let candidates = || match name {
        Some(name) => realm.scenarios.named_candidate(name, now_ms).unwrap_or_default(),
        None => matching(&realm.scenarios, opening, now_ms),
    };

    let opened = replica.shared.open(&opening.presented, now_ms, candidates).await;
    if let Some(state) = &context.shared {
        // Set once, since a request is opened once.
        let _ = state.is_changed.set(matches!(opened, Ok(None)));
    }
    // If the realm has changed, the request is handled again from its start.
    let opened = opened?.ok_or(Unavailable)?;
    realm.clock.set_ahead_ms(replica.shared.link.time.ahead_ms());
    context.recorder.number(opened.number);

    let step = match (name, opened.step) {
        // The store has no scenarios for error codes.
        (Some(name), None) if realm.scenarios.get(name).is_none() => {
            ScenarioSet::take_error(name, now_ms)
        }
        (_, step) => Ok(step),
    };
    if name.is_some()
        && let Ok(step) = &step
    {
        context.recorder.selected(step);
    }
    Ok(Opened { step, found: Some(opened.found) })
}

/// Returns the scenarios that a request matches, with or without an active token.
fn matching(scenarios: &ScenarioSet, opening: &Opening<'_>, now_ms: i64) -> Vec<Candidate> {
    let matching = |view: &RequestView<'_>| scenarios.candidates(view, now_ms);
    let Some(inactive) = &opening.inactive else { return matching(&opening.view) };

    let mut candidates = Vec::new();
    for (view, active) in [(&opening.view, true), (inactive, false)] {
        candidates.extend(matching(view).into_iter().map(|candidate| candidate.if_active(active)));
    }
    candidates
}
