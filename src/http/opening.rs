//! The beginning of a request at its endpoint: the scenario that matches it, and what it presents.
//!
//! With a shared store, this is one round trip, which also checks that this process knows the newest
//! version of the realm.

use axum::response::Response;

use super::response;
use crate::oauth::{ErrorCode, Refusal};
use crate::scenario::{Endpoint, RequestView, Step, UnknownScenario};
use crate::store::{Found, Presented, Unavailable};

/// The request header that selects a scenario, or an error, for this request alone.
pub(super) const SCENARIO_HEADER: &str = "x-mock-scenario";

/// Makes an error response from a code, the scenario's status and a description.
pub(super) type ErrorResponse<'a> = &'a (dyn Fn(&ErrorCode, Option<u16>, &str) -> Response + Sync);

/// A request as its endpoint understands it.
pub(super) struct Opening<'a> {
    /// What scenarios see of it.
    pub(super) view: RequestView<'a>,
    /// What scenarios see of it if its token is not active, where that makes a difference.
    pub(super) inactive: Option<RequestView<'a>>,
    pub(super) presented: Presented<'a>,
}

/// What a request begins with.
pub(super) struct Opened {
    /// The step of the scenario that takes part, if any.
    pub(super) step: Result<Option<Step>, UnknownScenario>,
    /// What the grant store knows of what the request presents, if it was looked up.
    pub(super) found: Option<Found>,
}

impl<'a> Opening<'a> {
    /// A request that presents nothing.
    pub(super) fn of(view: RequestView<'a>) -> Self {
        Self { view, inactive: None, presented: Presented::default() }
    }
}

/// Makes the response of an endpoint to a request that cannot begin. If the realm has changed, it is sent
/// only if the realm does so again and again.
pub(super) fn not_opened(endpoint: Endpoint, error_response: ErrorResponse<'_>) -> Response {
    let status = match endpoint {
        Endpoint::Token | Endpoint::Revoke | Endpoint::Authorize | Endpoint::Any => None,
        Endpoint::Introspect | Endpoint::Resource | Endpoint::Jwks | Endpoint::Metadata => {
            Some(503)
        }
    };
    let refusal = Refusal::from(Unavailable);
    let mut response = error_response(&ErrorCode::ServerError, status, &refusal.description);
    let row = Some(refusal.row);
    response::tag_error(&mut response, &ErrorCode::ServerError, row, &refusal.description);
    response
}
