//! The decisions: a parsed request and a realm in, a grant or a refusal out.
//!
//! [`token::decide`] is the table of the token endpoint, row after row.

mod client;
pub(crate) mod consent;
mod credentials;
mod effects;
mod grant;
mod issue;
#[cfg(test)]
mod loom_tests;
mod replay;
pub(crate) mod token;
pub(crate) mod token_status;

pub(crate) use credentials::claimed_client_id;
pub(crate) use effects::Effects;
pub(crate) use issue::issue_directly;
pub(crate) use token::{TokenRequest, authenticate, merchant_of};
