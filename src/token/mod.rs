//! Tokens: their claims and identifiers, the key that signs them, and their verification.

mod claims;
mod id;
mod inspect;
mod key;
mod verified_tokens;
mod verify;
pub(crate) mod warm_up;

pub(crate) use claims::{Claims, REFRESH_TOKEN_TYPE, RESERVED as RESERVED_CLAIMS, grant_time};
pub(crate) use id::{GrantId, TokenId, TokenIds};
pub use inspect::{Inspection, inspect};
pub(crate) use inspect::{check_lifetime, readable_times};
pub(crate) use key::SigningFailed;
pub use key::{KeyError, SigningKey};
pub(crate) use verify::{ReadClaims, TokenError, VerifiedClaims, read_claims};
