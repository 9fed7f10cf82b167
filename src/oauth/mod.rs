//! The terms of the protocol: error codes, the strict form, scopes, PKCE, secrets, the token
//! response. Everything here is pure: no sockets, no clock, no state.

mod basic;
mod error_code;
pub(crate) mod form;
mod pkce;
mod refusal;
mod response;
mod row;
pub(crate) mod scope;
mod secret;

pub(crate) use basic::{ClientCredentials, read_basic};
pub use error_code::ErrorCode;
pub(crate) use form::Form;
pub use pkce::ChallengeMethod;
pub(crate) use pkce::{Challenge, is_verifier};
pub use refusal::Refusal;
pub(crate) use refusal::refuse;
pub use response::TokenResponse;
pub(crate) use row::DECISION_TABLE;
pub use row::{Dialect, Row};
pub(crate) use scope::Scopes;
pub use secret::Secret;
pub(crate) use secret::SecretMistake;
