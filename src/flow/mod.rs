//! The OAuth flow: a parsed request and a realm in, a grant or a refusal out.
//!
//! [`token::decide`] is the table of the token endpoint, row after row.

pub(crate) mod authorize;
mod client;
pub(crate) mod consent;
mod grant;
mod inspect;
mod issue;
#[cfg(test)]
mod loom_tests;
mod refresh;
mod replay;
mod request;
pub(crate) mod token;
mod token_issuer;
mod token_status;

pub(crate) use client::authenticate;
pub(crate) use grant::{claimed_grant, merchant_of, presented_by, presented_token};
pub(crate) use inspect::inspect_in_realm;
pub(crate) use issue::issue_directly;
pub(crate) use request::{TokenRequest, claimed_client_id, expects_basic};
pub(crate) use token_status::{TokenState, TokenStatus, UnknownToken, VerifiedToken, verify_token};
