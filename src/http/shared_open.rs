//! Begins a request in a store that replicas share.

use super::context::RequestContext;
use super::opening::{NotOpened, Opened, Opening, SCENARIO_HEADER, Selected, selected};
use crate::oauth::ErrorCode;
use crate::realm::Replica;
use crate::scenario::{Candidate, RequestView, ScenarioSet, Selection};
use crate::store::Unavailable;
use crate::store::redis::OpenError;

/// Begins a request in the store.
pub(super) async fn open(
    context: &RequestContext,
    replica: &Replica,
    opening: &Opening<'_>,
) -> Result<Opened, NotOpened> {
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
        let _ = state.is_changed.set(matches!(opened, Err(OpenError::Changed)));
    }
    let opened = opened.map_err(|error| match error {
        OpenError::Changed => NotOpened::Changed,
        OpenError::Unavailable(Unavailable) => NotOpened::Unavailable,
    })?;
    realm.clock.set_ahead_ms(replica.shared.link.time.ahead_ms());
    context.recorder.number(opened.number);

    let selected = match (name, opened.step) {
        (None, step) => step.map_or(Selected::Nothing, Selected::Step),
        (Some(_), Some(step)) => selected(context, Some(Selection::Step(step))),
        (Some(name), None) => selected(context, unstored_selection(&realm.scenarios, name, now_ms)),
    };
    Ok(Opened { selected, found: Some(opened.found) })
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

/// Returns what a name selects whose step the store has not taken: an error, or nothing.
fn unstored_selection(scenarios: &ScenarioSet, name: &str, now_ms: i64) -> Option<Selection> {
    if scenarios.get(name).is_some() {
        return Some(Selection::Exhausted);
    }
    match ErrorCode::from(name) {
        ErrorCode::Other(_) => None,
        _ => scenarios.take_named(name, now_ms),
    }
}
