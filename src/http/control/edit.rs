//! Edits of a realm, and the state that they act on.

use std::sync::Arc;

use super::blocking::run_blocking;
use super::problem::Problem;
use crate::http::context::RequestContext;
use crate::journal::Journal;
use crate::realm::Realm;
use crate::scenario::ActiveScenario;
#[cfg(feature = "redis")]
use crate::store::redis::Parts;

/// Runs an edit of the realm. With a shared store, it is one change there, which all replicas have from
/// the response on; the edit may run several times until no other replica is faster.
pub(super) async fn edit<T: Send + 'static>(
    context: &RequestContext,
    edit: impl Fn(&Realm) -> T + Send + Sync + 'static,
) -> Result<T, Problem> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        let edited = context.realm.change(replica, Parts::new(), edit).await?;
        return edited.ok_or_else(|| Problem::not_found("The realm was removed meanwhile."));
    }

    let realm = Arc::clone(&context.realm);
    run_blocking(move || edit(&realm)).await
}

/// Returns the journal. With a shared store, it has all requests that any replica has completed.
pub(super) async fn journal(context: &RequestContext) -> Result<&Journal, Problem> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        context.realm.catch_up(replica).await?;
    }

    Ok(&context.realm.journal)
}

/// Brings the progress of the scenarios up to date, which a shared store has.
pub(super) async fn refresh_scenarios(context: &RequestContext) -> Result<(), Problem> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        context.realm.refresh_scenarios(replica).await?;
    }

    let _ = context;
    Ok(())
}

/// Releases the requests that a scenario holds. Returns their number.
pub(super) async fn release(
    context: &RequestContext,
    scenario: &ActiveScenario,
) -> Result<usize, Problem> {
    #[cfg(feature = "redis")]
    if let Some(replica) = context.realm.replica() {
        return Ok(replica.shared.release(scenario.id()).await?);
    }

    let _ = context;
    Ok(scenario.barrier().release())
}
