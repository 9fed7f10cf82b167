//! Has each request in the journal, from its arrival to its end, however it ends.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use super::app::App;
use super::context::RequestContext;
use crate::faults::WireFault;
use crate::journal::{Completion, ErrorTag, RequestInFlight, RequestInfo};
use crate::oauth::read_basic;
use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;

/// Has a request in the journal. If it is dropped before it is finished, the client has closed the
/// connection, or the server stops.
pub(super) struct JournalGuard {
    app: Arc<App>,
    realm: Arc<Realm>,
    /// `None` once the request is complete, and for requests that are never recorded.
    in_flight: Option<Arc<RequestInFlight>>,
}

impl JournalGuard {
    /// Starts with a request whose path is that within its realm. Control calls and the page at
    /// `/` are not recorded.
    pub(super) fn new(context: &RequestContext, request: &Request) -> Self {
        let is_recorded = request.uri().path() != "/" && !context.is_control;

        let RequestContext { app, realm, recorder, .. } = context;
        let in_flight = is_recorded.then(|| {
            recorder.headers(request.headers());
            realm.journal.begin(request_info(context, request), recorder.clone())
        });
        Self { app: Arc::clone(app), realm: Arc::clone(realm), in_flight }
    }

    /// Completes the request with its response.
    pub(super) fn finish(mut self, response: &Response) {
        let error_tag = response.extensions().get::<ErrorTag>().cloned().unwrap_or_default();
        let is_sent = response.extensions().get::<WireFault>().is_none();

        self.complete(if is_sent {
            Completion::Sent(response.status().as_u16(), error_tag)
        } else {
            Completion::Withheld(error_tag)
        });
    }

    fn complete(&mut self, completion: Completion) {
        if let Some(in_flight) = self.in_flight.take() {
            self.realm.journal.finish(&in_flight, completion);
        }
    }
}

impl Drop for JournalGuard {
    fn drop(&mut self) {
        self.complete(if self.app.is_stopping() {
            Completion::ServerStopped
        } else {
            Completion::ClientGone
        });
    }
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
