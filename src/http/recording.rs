//! Enters requests into the journal: whatever becomes of one, it is entered once.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::header;
use axum::response::Response;

use super::Connection;
use crate::faults::WireFault;
use crate::journal::{Arrival, Correlation, Record, Told};
use crate::oauth::read_basic;
use crate::realm::Realm;
use crate::scenario::CORRELATION_ID;

/// A request that is being answered. Dropped without an answer, the client has given up.
pub(super) struct Recording {
    realm: Arc<Realm>,
    record: Record,
    arrival: Option<Arrival>,
}

impl Recording {
    /// Begins with a request whose path is that within its realm. Control calls and the page for
    /// people are not recorded.
    pub(super) fn begin(
        realm: &Arc<Realm>,
        record: &Record,
        connection: &Connection,
        scheme: &'static str,
        request: &Request,
    ) -> Self {
        let path = request.uri().path();
        let own = path == "/" || path == "/_mock" || path.contains("/_mock/");
        let arrival = (!own).then(|| {
            let text = |name: &str| {
                let value = request.headers().get(name)?;
                Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            let correlation_id = text(CORRELATION_ID);
            let authorization = request.headers().get(header::AUTHORIZATION);
            Arrival {
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
        Self { realm: Arc::clone(realm), record: record.clone(), arrival }
    }

    /// Ends with the answer.
    pub(super) fn answered(mut self, response: &Response) {
        let told = response.extensions().get::<Told>().cloned().unwrap_or_default();
        let silent = response.extensions().get::<WireFault>().is_some();
        self.enter((!silent).then(|| response.status().as_u16()), told);
    }

    fn enter(&mut self, status: Option<u16>, told: Told) {
        if let Some(arrival) = self.arrival.take() {
            self.record.enter(self.realm.journal(), arrival, status, told);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.enter(None, Told::default());
    }
}
