//! The endpoints: bytes in, a decision of [`crate::flow`], bytes out. One file per endpoint.

mod api_response;
mod app;
mod authorize;
mod bearer;
mod body;
mod console;
mod context;
mod control;
mod error_response;
mod form_endpoint;
mod form_request;
mod host;

mod introspect;
mod journal_guard;
mod jwks;
mod metadata;
mod open;
mod opening;
mod pages;
mod panics;
mod realm_lookup;
#[cfg(feature = "redis")]
mod replay;
mod resource;
pub(crate) mod response;
mod revoke;
mod router;
mod scenario;
mod serve;
#[cfg(feature = "redis")]
mod shared;
#[cfg(feature = "redis")]
mod shared_open;
#[cfg(feature = "redis")]
mod shared_state;
mod token;
mod unread_body;
mod urls;

pub(crate) use app::{App, Connection, Control, Options, PortOpener};
pub(crate) use host::has_one_host;
pub(crate) use realm_lookup::is_short_control_call;
pub(crate) use router::router;
pub(crate) use serve::serve;
pub(crate) use unread_body::UnreadBody;
