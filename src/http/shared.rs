//! Requests to a server whose store replicas share: each is decided by the newest version of its realm.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;

use super::app::{App, Connection};
use super::context::RequestContext;
use super::control;
use super::realm_lookup::is_control_call;
use super::replay::Replay;
use super::router::handle;
use super::shared_state::Attempt;
use crate::journal::RecordedEndpoint;
use crate::realm::Replica;
use crate::store::Unavailable;
use crate::store::redis::Version;

/// The number of times that a request is handled because its realm changes meanwhile.
const MAX_ATTEMPTS: usize = 8;

/// Handles a request, again if another replica has changed its realm.
pub(super) async fn serve(
    app: &Arc<App>,
    router: &Router,
    connection: Connection,
    request: Request,
) -> Response {
    let replay = Replay::of(request);
    if is_control_call(replay.uri().path())
        && let Err(unavailable) = synchronize_control(app, &connection, &replay).await
    {
        return control::unavailable(app, replay.uri().path(), unavailable);
    }

    let mut attempts = 0;
    loop {
        attempts += 1;
        let handled = handle(app, router, connection.clone(), replay.request()).await;
        let attempt = handled.attempt.clone();
        match is_current(app, &attempt).await {
            Ok(false) if attempts < MAX_ATTEMPTS => handled.abandon(),
            // Without a realm, there is nobody to respond for it.
            Err(unavailable) if attempt.unknown_realm.is_some() => {
                handled.abandon();
                return control::unavailable(app, replay.uri().path(), unavailable);
            }
            Ok(_) => {
                let response = handled.finish();
                await_record(&attempt, response.status()).await;
                return response;
            }
            Err(_) => return handled.finish(),
        }
    }
}

/// Waits until a request is in the journal, unless it has had its round trips: a token request that has
/// changed a grant, or one to the API. The journal has those soon after their responses.
async fn await_record(attempt: &Attempt, status: StatusCode) {
    let Some((state, replica)) = attempt.state.as_ref().zip(attempt.realm.replica()) else {
        return;
    };
    let has_time = match state.recorder.recorded_endpoint() {
        RecordedEndpoint::Resource | RecordedEndpoint::Introspect => false,
        RecordedEndpoint::Token | RecordedEndpoint::Revoke => !status.is_success(),
        _ => true,
    };
    if has_time && replica.store.reason_away().is_none() {
        replica.store.writer.flush().await;
    }
}

/// Brings the copy of the realm of a control call up to date.
async fn synchronize_control(
    app: &Arc<App>,
    connection: &Connection,
    replay: &Replay,
) -> Result<(), Unavailable> {
    app.realms.synchronize(None).await?;

    let mut request = replay.request();
    let (context, unknown) = RequestContext::resolve(app, connection.clone(), &mut request);
    let name = unknown.as_ref().map_or(context.realm.name(), |unknown| &unknown.name);
    app.realms.synchronize(Some(name)).await
}

/// Returns whether a request was handled by the newest version of its realm. If not, the copy of the
/// realm is brought up to date.
async fn is_current(app: &App, attempt: &Attempt) -> Result<bool, Unavailable> {
    let Attempt { realm, unknown_realm, state } = attempt;
    if let Some(name) = unknown_realm {
        app.realms.synchronize(Some(name)).await?;
        return Ok(app.realms.get(name).is_none());
    }

    let Some(state) = state else { return Ok(true) };
    let is_changed = state.is_changed.get();
    if is_changed == Some(&false) {
        return Ok(true);
    }

    let before = version(realm.replica());
    app.realms.synchronize(Some(realm.name())).await?;
    let is_same_realm = app.realms.get(realm.name()).is_some_and(|now| Arc::ptr_eq(&now, realm));
    Ok(is_changed.is_none() && is_same_realm && version(realm.replica()) == before)
}

fn version(replica: Option<&Replica>) -> Option<Version> {
    replica.map(|replica| replica.shared.known())
}
