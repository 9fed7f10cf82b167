//! The tokens: their claims, their identifiers, the key that signs them, and reading them back.

mod claims;
mod id;
mod inspect;
mod key;
mod verify;

pub(crate) use claims::{Claims, REFRESH_TOKEN_TYPE, RESERVED as RESERVED_CLAIMS, grant_time};
pub(crate) use id::{GrantId, TokenId, TokenIds};
pub use inspect::{Inspection, inspect};
pub(crate) use key::SigningFailed;
pub use key::{KeyError, SigningKey};
pub(crate) use verify::{TokenError, VerifiedClaims, read_jti};
