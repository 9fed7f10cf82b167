//! The error codes of failed requests, and the HTTP status of each.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use strsim::damerau_levenshtein;

/// The code in the `error` member of an error response.
///
/// The vendor documents the first eleven. The next three appear only under `dialect: rfc6749`.
/// [`Other`](ErrorCode::Other) is any other code that a scenario injects.
///
/// ```
/// use smartpay_oauth_mock::ErrorCode;
///
/// assert_eq!(ErrorCode::MerchantNotActive.as_str(), "merchant_not_active");
/// assert_eq!(ErrorCode::ClientNotFound.default_status(), 404);
/// assert_eq!(ErrorCode::from("access_denied"), ErrorCode::AccessDenied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The merchant or the server denied the request: 403.
    AccessDenied,
    /// The server failed: 500.
    ServerError,
    /// The scope is malformed, unknown, or exceeds the granted scopes: 400.
    InvalidScope,
    /// The client ID is malformed, or the secret or certificate is wrong: 401.
    InvalidClient,
    /// A parameter is missing, repeated or invalid: 400.
    InvalidRequest,
    /// The client may not make this kind of request: 401.
    UnauthorizedClient,
    /// The redirect URL is not the expected one: 400.
    InvalidRedirectUri,
    /// The client is not registered: 404.
    ClientNotFound,
    /// The client is not confidential: 400.
    InvalidClientType,
    /// The merchant's account is inactive: 403.
    MerchantNotActive,
    /// The partner's account is inactive: 403.
    ClientNotActive,
    /// RFC 6749 only: the grant type is unknown: 400.
    UnsupportedGrantType,
    /// RFC 6749 only: the code or refresh token is invalid: 400.
    InvalidGrant,
    /// RFC 6749 only: the response type is not `code`: 400.
    UnsupportedResponseType,
    /// A code that the vendor does not document, for scenarios: 400 unless they set a status.
    Other(Arc<str>),
}

impl ErrorCode {
    /// The eleven documented codes, in the order of the vendor's documentation.
    pub const DOCUMENTED: [ErrorCode; 11] = [
        ErrorCode::AccessDenied,
        ErrorCode::ServerError,
        ErrorCode::InvalidScope,
        ErrorCode::InvalidClient,
        ErrorCode::InvalidRequest,
        ErrorCode::UnauthorizedClient,
        ErrorCode::InvalidRedirectUri,
        ErrorCode::ClientNotFound,
        ErrorCode::InvalidClientType,
        ErrorCode::MerchantNotActive,
        ErrorCode::ClientNotActive,
    ];

    /// The codes that only `dialect: rfc6749` uses.
    pub const RFC6749_ONLY: [ErrorCode; 3] = [
        ErrorCode::UnsupportedGrantType,
        ErrorCode::InvalidGrant,
        ErrorCode::UnsupportedResponseType,
    ];

    /// Returns the code as it is sent.
    pub fn as_str(&self) -> &str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ServerError => "server_error",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::ClientNotFound => "client_not_found",
            Self::InvalidClientType => "invalid_client_type",
            Self::MerchantNotActive => "merchant_not_active",
            Self::ClientNotActive => "client_not_active",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::Other(code) => code,
        }
    }

    /// Returns the HTTP status of the code. The vendor's documentation gives none. These are
    /// assumptions (the vendor's SDKs model 400, 401 and 404), which `errors:` in a fixture can
    /// change.
    pub fn default_status(&self) -> u16 {
        match self {
            Self::InvalidClient | Self::UnauthorizedClient => 401,
            Self::AccessDenied | Self::MerchantNotActive | Self::ClientNotActive => 403,
            Self::ClientNotFound => 404,
            Self::ServerError => 500,
            _ => 400,
        }
    }

    /// Returns the description of an injected error, unless the scenario sets one.
    pub(crate) fn default_description(&self) -> &'static str {
        match self {
            Self::AccessDenied => "The merchant or the authorization server denied the request.",
            Self::ServerError => "The authorization server encountered an unexpected condition.",
            Self::InvalidScope => "The scope is malformed, unknown, or exceeds the granted scopes.",
            Self::InvalidClient => "The client could not be authenticated.",
            Self::InvalidRequest => "A parameter is missing, repeated, or has an invalid value.",
            Self::UnauthorizedClient => "The client may not make this kind of request.",
            Self::InvalidRedirectUri => {
                "The redirect URL is malformed, or is not the registered one."
            }
            Self::ClientNotFound => "No client with this client_id is registered.",
            Self::InvalidClientType => "Only confidential clients are supported.",
            Self::MerchantNotActive => "The merchant's account is inactive.",
            Self::ClientNotActive => "The partner's account is inactive.",
            Self::UnsupportedGrantType => "The grant type is not supported.",
            Self::InvalidGrant => "The code or refresh token is invalid.",
            Self::UnsupportedResponseType => "The only supported response type is code.",
            Self::Other(_) => "A scenario injected this error.",
        }
    }

    fn known() -> impl Iterator<Item = ErrorCode> {
        Self::DOCUMENTED.into_iter().chain(Self::RFC6749_ONLY)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for ErrorCode {
    fn from(code: &str) -> Self {
        Self::known()
            .find(|known| known.as_str() == code)
            .unwrap_or_else(|| Self::Other(code.into()))
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// Accepts any code but one that is probably a misspelling of a known one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let code = Self::from(written.as_str());
        if !matches!(code, Self::Other(_)) {
            return Ok(code);
        }

        if !is_error_code(&written) {
            return Err(de::Error::custom(
                "an error code must be 1 to 64 printable ASCII characters without \" and \\",
            ));
        }

        let mut known = Self::known();
        if let Some(near) = known.find(|k| damerau_levenshtein(k.as_str(), &written) <= 2) {
            return Err(de::Error::custom(format!(
                "unknown error code \"{written}\", did you mean \"{near}\"? (To send \
                 this code anyway, use a literal response with status and json.)"
            )));
        }

        Ok(code)
    }
}

/// RFC 6749, section 5.2: the characters of an error code.
fn is_error_code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.chars().all(|c| matches!(c, ' '..='!' | '#'..='[' | ']'..='~'))
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known: Vec<String> = Self::known().map(|code| code.to_string()).collect();
        json_schema!({
            "description": "An error code: one that the vendor documents, or any other.",
            "anyOf": [
                { "title": "KnownErrorCode", "type": "string", "enum": known },
                { "title": "OtherErrorCode", "type": "string", "minLength": 1, "maxLength": 64 },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_are_those_of_section_3() {
        let table = [
            ("invalid_request", 400),
            ("invalid_scope", 400),
            ("invalid_redirect_uri", 400),
            ("invalid_client_type", 400),
            ("invalid_client", 401),
            ("unauthorized_client", 401),
            ("client_not_found", 404),
            ("access_denied", 403),
            ("merchant_not_active", 403),
            ("client_not_active", 403),
            ("server_error", 500),
        ];
        assert_eq!(table.len(), ErrorCode::DOCUMENTED.len());
        for (name, status) in table {
            let code = ErrorCode::from(name);
            assert!(ErrorCode::DOCUMENTED.contains(&code), "{name}");
            assert_eq!(code.default_status(), status, "{name}");
        }
    }

    #[test]
    fn a_misspelled_code_is_refused_with_a_suggestion() {
        let error = serde_json::from_str::<ErrorCode>("\"acces_denied\"").unwrap_err();
        assert!(error.to_string().contains("did you mean \"access_denied\""), "{error}");
        assert!(serde_json::from_str::<ErrorCode>("\"teapot\"").is_ok());
        assert!(serde_json::from_str::<ErrorCode>("\"a\\\"b\"").is_err());
    }
}
