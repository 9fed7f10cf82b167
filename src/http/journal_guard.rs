//! Enters requests into the journal: whatever becomes of one, it is entered once.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use super::Connection;
use crate::faults::WireFault;
use crate::journal::{Correlation, ErrorTag, RequestInfo, RequestRecorder};
use crate::oauth::read_basic;
use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;

/// A request that is being answered. Dropped without an answer, the client has given up.
pub(super) struct JournalGuard {
    realm: Arc<Realm>,
    recorder: RequestRecorder,
    request: Option<RequestInfo>,
}

impl JournalGuard {
    /// Begins with a request whose path is that within its realm. Control calls and the page for
    /// people are not recorded.
    pub(super) fn begin(
        realm: &Arc<Realm>,
        recorder: &RequestRecorder,
        connection: &Connection,
        scheme: &'static str,
        request: &Request,
    ) -> Self {
        let path = request.uri().path();
        let own = path == "/" || path == "/_mock" || path.contains("/_mock/");
        let request = (!own).then(|| {
            let text = |name: &str| {
                let value = request.headers().get(name)?;
                Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let correlation_id = text(CORRELATION_ID);
            let authorization = request.headers().get(header::AUTHORIZATION);
            RequestInfo {
                realm: realm.shared_name(),
                time_ms: realm.clock().now_ms(),
                started: Instant::now(),
                method: request.method().as_str().to_owned(),
                path: path.to_owned(),
                scheme,
                certificate: connection.certificate.clone(),
                correlation: Correlation::of(correlation_id.as_deref()),
                correlation_id,
                has_basic: authorization
                    .is_some_and(|value| read_basic(value.as_bytes()).is_some()),
            }
        });
        Self { realm: Arc::clone(realm), recorder: recorder.clone(), request }
    }

    /// Ends with the answer.
    pub(super) fn answered(mut self, response: &Response) {
        let error_tag = response.extensions().get::<ErrorTag>().cloned().unwrap_or_default();
        let silent = response.extensions().get::<WireFault>().is_some();
        self.enter((!silent).then(|| response.status().as_u16()), error_tag);
    }

    fn enter(&mut self, status: Option<u16>, error_tag: ErrorTag) {
        if let Some(request) = self.request.take() {
            self.recorder.enter(self.realm.journal(), request, status, error_tag);
        }
    }
}

impl Drop for JournalGuard {
    fn drop(&mut self) {
        self.enter(None, ErrorTag::default());
    }
}
