//! Records each request in the journal once, however it ends.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use super::context::RequestContext;
use crate::faults::WireFault;
use crate::journal::{ErrorTag, RequestInfo, RequestRecorder};
use crate::oauth::read_basic;
use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;

/// Records a request in the journal. If it is dropped before it is finished, the client has closed
/// the connection.
pub(super) struct JournalGuard {
    realm: Arc<Realm>,
    recorder: RequestRecorder,
    /// `None` once the request is recorded, and for requests that are never recorded.
    request: Option<RequestInfo>,
}

impl JournalGuard {
    /// Starts with a request whose path is that within its realm. Control calls and the page at
    /// `/` are not recorded.
    pub(super) fn new(context: &RequestContext, request: &Request) -> Self {
        let path = request.uri().path();
        let is_recorded = path != "/" && path != "/_mock" && !path.contains("/_mock/");

        Self {
            realm: Arc::clone(&context.realm),
            recorder: context.recorder.clone(),
            request: is_recorded.then(|| request_info(context, request)),
        }
    }

    /// Records the request with its response.
    pub(super) fn finish(mut self, response: &Response) {
        let error_tag = response.extensions().get::<ErrorTag>().cloned().unwrap_or_default();
        let is_sent = response.extensions().get::<WireFault>().is_none();

        self.record(is_sent.then(|| response.status().as_u16()), error_tag);
    }

    fn record(&mut self, status: Option<u16>, error_tag: ErrorTag) {
        if let Some(request) = self.request.take() {
            self.recorder.enter(&self.realm.journal, request, status, error_tag);
        }
    }
}

impl Drop for JournalGuard {
    fn drop(&mut self) {
        self.record(None, ErrorTag::default());
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
