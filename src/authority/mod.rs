//! The decisions: a parsed request and a realm in, a grant or a refusal out.
//!
//! [`token::decide`] is the table of the token endpoint, row after row.

mod client;
mod credentials;
mod issue;
mod presented;
pub(crate) mod token;

pub(crate) use token::{TokenRequest, merchant_of};
