//! A request as the stream of the journal has it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::journal::{RecordedRequest, RequestFacts};
use crate::report::{Conditions, RetryAfter};

/// The number of requests that are kept until they are read. If the store loses some, they are forgotten.
const MAX_WRITTEN: usize = 1_000;

/// A request as the stream of the journal has it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StreamedRequest {
    pub(super) entry: RecordedRequest,
    pub(super) is_https: bool,
    /// Its arrival by the time of the store, in microseconds since 1970.
    pub(super) started_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) completion: Option<StreamedCompletion>,
}

/// What is known of a complete request besides its entry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StreamedCompletion {
    pub(crate) facts: RequestFacts,
    pub(crate) conditions: Conditions,
    pub(crate) retry_after: Option<RetryAfter>,
    /// Its end by the realm's clock, in milliseconds since 1970.
    pub(crate) end_ms: i64,
}

/// Requests that this process has written, so that it need not parse them when it reads them.
#[derive(Debug, Default)]
pub(super) struct WrittenRequests {
    last_number: AtomicU64,
    requests: Mutex<HashMap<u64, StreamedRequest>>,
}

impl WrittenRequests {
    /// Returns a number for the next record.
    pub(super) fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps a request by the number of its record.
    pub(super) fn put(&self, number: u64, request: StreamedRequest) {
        let mut requests = self.requests.lock();
        if requests.len() >= MAX_WRITTEN {
            requests.clear();
        }
        requests.insert(number, request);
    }

    /// Returns the request of a record, once.
    pub(super) fn take(&self, number: u64) -> Option<StreamedRequest> {
        self.requests.lock().remove(&number)
    }
}
