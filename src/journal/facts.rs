//! What is known of a request beyond its journal entry, for the report.

use serde::{Deserialize, Serialize};

use crate::token::GrantId;

/// What is known of a request beyond its journal entry. Rules of the report decide by these facts,
/// not by the texts of notes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RequestFacts {
    /// Whether the URL of a form request has parameters.
    pub(crate) has_url_params: bool,
    /// Whether the URL has a client secret or another secret parameter.
    pub(crate) has_url_secret: bool,
    /// Whether a parameter is not documented for the endpoint.
    pub(crate) has_unknown_param: bool,
    /// Whether an `Authorization` header has Basic credentials.
    pub(crate) has_basic: bool,
    /// Whether there is a parameter `state`; `None` until the parameters are read.
    pub(crate) has_state: Option<bool>,
    /// Whether it is a click on the consent page.
    pub(crate) is_click: bool,
    /// Whether the merchant denied consent.
    pub(crate) is_denied: bool,
    /// The grant of the code or token that it presents.
    pub(crate) grant: Option<GrantId>,
    /// What is special about the code or token that it presents.
    pub(crate) credential: Option<CredentialState>,
    /// Whether that is a reusable code or a literal refresh token of the fixtures.
    pub(crate) is_reusable: bool,
    /// When the access token that it presents was issued, in milliseconds since 1970.
    pub(crate) presented_iat_ms: Option<i64>,
    /// When the access token that it presents expires, in milliseconds since 1970.
    pub(crate) presented_expiry_ms: Option<i64>,
    /// The lifetime of the access token that was issued, in seconds.
    pub(crate) issued_lifetime_s: i64,
    /// Whether it took effect although a scenario replaced its response.
    pub(crate) is_replaced: bool,
    /// Whether a scenario changed the tokens in its response.
    pub(crate) hides_tokens: bool,
    /// The request that had the same correlation ID first.
    pub(crate) repeats: Option<u64>,
}

/// What is special about a code or token that a request presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CredentialState {
    /// The code was exchanged before.
    CodeReplayed,
    CodeExpired,
    /// Another token has replaced the refresh token.
    Replaced,
    /// The refresh token has expired, and its grace period has not.
    InGrace,
    /// The refresh token and its grace period have expired.
    AfterGrace,
    /// The grant was revoked.
    Revoked,
    /// The access token has expired.
    Expired,
}
