//! The journal of a realm: the requests that it received, their responses, and notes on what the
//! real server would do differently. It contains no secrets; codes and tokens are recorded as
//! fingerprints.
//!
//! [`Journal`] has a request from its arrival on: first as a [`RequestInFlight`], whose
//! [`RequestRecorder`] collects what becomes known of it, then with its completion. A
//! [`Filter`] selects entries, and a [`Verification`] is whether they are as expected.

mod copied;
mod facts;
mod filter;
mod filter_form;
mod in_flight;
mod notes;
mod recorded_headers;
mod recorded_params;
mod recorded_request;
mod recorder;
mod redact;
mod request_info;
mod seen_ids;
mod store;
mod times;
mod verify;
mod wait;

pub(crate) use facts::{CredentialState, RequestFacts};
pub use filter::{Difference, Filter};
pub(crate) use in_flight::{Completion, RequestInFlight};
pub use recorded_headers::RecordedHeaders;
pub use recorded_params::{RecordedParam, RecordedParams};
pub use recorded_request::{
    Issued, IssuedClaims, IssuedKind, RecordedEndpoint, RecordedOutcome, RecordedRequest,
};
pub(crate) use recorder::{ErrorTag, RequestRecorder};
pub(crate) use redact::ParamPolicy;
pub(crate) use request_info::RequestInfo;
pub(crate) use store::{DEFAULT_SIZE, Journal, RequestPage};
pub use times::{Times, TimesError};
pub(crate) use verify::Expectation;
pub use verify::{NearMiss, Verification};
