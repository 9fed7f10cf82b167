//! Has each request in the journal, from its arrival to its end, however it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::app::App;
use super::context::RequestContext;
use crate::clock::to_ms;
use crate::faults::WireFault;
#[cfg(feature = "redis")]
use crate::journal::RequestRecorder;
use crate::journal::{Completion, ErrorTag, RequestInFlight, RequestInfo};
use crate::oauth::read_basic;
#[cfg(feature = "redis")]
use crate::realm::StreamedCompletion;
use crate::realm::{Realm, Registry};
use crate::report::{Conditions, RetryAfter, Seen};
use crate::scenario::CORRELATION_ID;

/// Has a request in the journal. If it is dropped before it is finished, the client has closed the
/// connection, or the server stops.
pub(super) struct JournalGuard {
    app: Arc<App>,
    realm: Arc<Realm>,
    registry: Arc<Registry>,
    #[cfg(feature = "redis")]
    recorder: RequestRecorder,
    /// `None` once the request is complete, and for requests that are never recorded.
    in_flight: Option<Arc<RequestInFlight>>,
}

impl JournalGuard {
    /// Starts with a request whose path is that within its realm. Control calls and the page at
    /// `/` are not recorded.
    pub(super) fn new(context: &RequestContext, request: &Request) -> Self {
        let is_recorded = request.uri().path() != "/" && !context.is_control;

        let RequestContext { app, realm, registry, recorder, .. } = context;
        let in_flight = is_recorded.then(|| {
            recorder.headers(request.headers());
            begin(context, request_info(context, request))
        });
        Self {
            app: Arc::clone(app),
            realm: Arc::clone(realm),
            registry: Arc::clone(registry),
            #[cfg(feature = "redis")]
            recorder: recorder.clone(),
            in_flight,
        }
    }

    /// Completes the request with its response.
    pub(super) fn finish(mut self, response: &mut Response) {
        let error_tag = response.extensions().get::<ErrorTag>().cloned().unwrap_or_default();
        let fault = response.extensions().get::<WireFault>().copied();
        let completion = match fault {
            None => Completion::Sent(response.status().as_u16(), error_tag),
            Some(_) => Completion::Withheld(error_tag),
        };

        let id = self.complete(completion, retry_after(response.headers()));
        if fault == Some(WireFault::Hang)
            && let Some(id) = id
        {
            // The connection keeps the response until its client gives up.
            response.extensions_mut().insert(self.realm.begin_hang(id));
        }
    }

    /// Whether the request is recorded.
    #[cfg(feature = "redis")]
    pub(super) fn is_recorded(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Records nothing: the request is handled again.
    #[cfg(feature = "redis")]
    pub(super) fn abandon(mut self) {
        self.in_flight = None;
    }

    /// Completes the request. Returns its number, unless it is complete already or not recorded.
    fn complete(&mut self, completion: Completion, retry_after: Option<RetryAfter>) -> Option<u64> {
        let in_flight = self.in_flight.take()?;
        let Self { realm, registry, app, .. } = self;
        let settings = &registry.settings;
        let conditions = Conditions {
            dialect: settings.dialect,
            refresh_policy: settings.refresh_policy,
            code_lifetime_ms: settings.code_lifetime.as_ms(),
            has_https: app.tls.is_some(),
        };

        #[cfg(feature = "redis")]
        if let Some(replica) = realm.replica() {
            let (entry, facts) = in_flight.completed(completion);
            let (number, end_ms) = (self.recorder.numbered(), realm.clock.now_ms());
            let completion = StreamedCompletion { facts, conditions, retry_after, end_ms };
            replica.write(entry, number, Some(completion));
            return number;
        }

        realm.journal.finish(&in_flight, completion, |entry, facts| {
            realm.observer.observe(Seen {
                entry,
                facts,
                conditions,
                retry_after,
                start_ms: to_ms(entry.time).unwrap_or_default(),
                end_ms: realm.clock.now_ms(),
                end: Instant::now(),
            });
        });
        Some(in_flight.id())
    }
}

/// Returns when a client may repeat its request, by the header of the response.
fn retry_after(headers: &HeaderMap) -> Option<RetryAfter> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(RetryAfter::Delay(Duration::from_secs(seconds)));
    }

    httpdate::parse_http_date(value)
        .ok()
        .map(|time| RetryAfter::At(to_ms(time).unwrap_or(i64::MAX)))
}

impl Drop for JournalGuard {
    fn drop(&mut self) {
        let completion =
            if self.app.is_stopping() { Completion::ServerStopped } else { Completion::ClientGone };
        self.complete(completion, None);
    }
}

/// Has the request in the journal from now on. With a shared store, it gets its number later.
fn begin(context: &RequestContext, info: RequestInfo) -> Arc<RequestInFlight> {
    let RequestContext { realm, recorder, .. } = context;
    #[cfg(feature = "redis")]
    if let Some(shared) = &context.shared {
        let in_flight = Arc::new(RequestInFlight::detached(info, recorder.clone()));
        // Set once, when the request arrives.
        let _ = shared.in_flight.set(Arc::clone(&in_flight));
        return in_flight;
    }

    realm.observer.begin();
    realm.journal.begin(info, recorder.clone())
}

fn request_info(context: &RequestContext, request: &Request) -> RequestInfo {
    let headers = request.headers();
    let correlation_id = headers
        .get(CORRELATION_ID)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let has_basic = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| read_basic(value.as_bytes()).is_some());

    RequestInfo {
        realm: context.realm.shared_name(),
        time: context.realm.clock.now(),
        started: Instant::now(),
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        scheme: context.scheme,
        is_portal: context.connection.is_portal,
        certificate: context.connection.certificate.clone(),
        correlation_id,
        has_basic,
    }
}
