//! The rows of the decision table: the checks of a token request, in order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ErrorCode;

/// The rules that responses follow where the vendor's documentation and RFC 6749 differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dialect {
    /// The vendor's documentation.
    #[default]
    Documented,
    /// RFC 6749: its error codes and their statuses, and HTTP Basic.
    Rfc6749,
}

impl Dialect {
    /// Returns the HTTP status of an error code.
    pub(crate) fn status(self, code: &ErrorCode) -> u16 {
        match (self, code) {
            (Self::Documented, _) => code.default_status(),
            (Self::Rfc6749, ErrorCode::InvalidClient) => 401,
            (Self::Rfc6749, ErrorCode::ServerError) => 500,
            (Self::Rfc6749, _) => 400,
        }
    }
}

/// A row of the table that decides a token request. The first row that fails decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Row {
    /// 0, before the table: the connection is HTTPS, if `require_https` is set.
    Transport,
    /// 1: the method is POST.
    Method,
    /// 2: the URL has no query parameter.
    Query,
    /// 3: the content type is a form.
    ContentType,
    /// 4: the body is no larger than 64 KiB.
    BodySize,
    /// 5, too: the body arrives in time.
    BodyTime,
    /// 5: the body is a well-formed form.
    WellFormed,
    /// 6: no parameter occurs twice.
    Duplicate,
    /// 7: grant type and client ID are present.
    Required,
    /// 7, too: the client's secret is present.
    Credentials,
    /// 8: the grant type is known.
    GrantType,
    /// 9: the code or refresh token is present.
    Presented,
    /// 10: the client ID is well-formed.
    ClientIdForm,
    /// 11: the client is registered.
    ClientKnown,
    /// 12: the client is confidential.
    ClientType,
    /// 13: the secret and the certificate are the client's.
    ClientSecret,
    /// 14: the client is active.
    ClientActive,
    /// 15: the client may use this grant type.
    ClientGrantType,
    /// 16: the code or refresh token is valid, and this client's.
    CodeOrToken,
    /// 17: a redirect URL, if sent, is the one that the code was issued for.
    Redirect,
    /// 17, too: the PKCE verifier matches the challenge.
    Pkce,
    /// 18: the scope, if sent, was granted.
    Scope,
    /// 19: the grant is in force.
    Grant,
    /// 20: the merchant is active.
    MerchantActive,
    /// 21: the server works.
    Server,
}

/// The table: each row with its number, 0 before the table, and the condition under which a request fails
/// there, as a sentence. It has the order of [`Row`].
pub(crate) static DECISION_TABLE: [(Row, u8, &str); 25] = [
    (Row::Transport, 0, "The connection is plain HTTP, and the fixtures require HTTPS."),
    (Row::Method, 1, "The method is not POST."),
    (Row::Query, 2, "The URL has a query parameter."),
    (
        Row::ContentType,
        3,
        "The Content-Type is not application/x-www-form-urlencoded, or there is a \
         Content-Encoding.",
    ),
    (Row::BodySize, 4, "The body is larger than 64 KiB."),
    (Row::BodyTime, 5, "The body does not arrive in time."),
    (Row::WellFormed, 5, "The body is not a well-formed form."),
    (Row::Duplicate, 6, "A parameter occurs twice."),
    (Row::Required, 7, "grant_type or client_id is missing or empty."),
    (Row::Credentials, 7, "client_secret is missing or empty."),
    (Row::GrantType, 8, "grant_type is neither authorization_code nor refresh_token."),
    (Row::Presented, 9, "The code or refresh token is missing, or there are two different ones."),
    (Row::ClientIdForm, 10, "client_id is malformed."),
    (Row::ClientKnown, 11, "The client is not registered."),
    (Row::ClientType, 12, "The client is not confidential."),
    (
        Row::ClientSecret,
        13,
        "client_secret is wrong, or the client certificate is not the client's.",
    ),
    (Row::ClientActive, 14, "The client is not active."),
    (Row::ClientGrantType, 15, "The client may not use this grant type."),
    (
        Row::CodeOrToken,
        16,
        "The code is unknown, expired, used already or another client's, or the refresh \
         token is invalid or another client's.",
    ),
    (Row::Redirect, 17, "The redirect URL is not the one that the code was issued for."),
    (Row::Pkce, 17, "The PKCE verifier is missing, wrong, or not expected."),
    (Row::Scope, 18, "The scope is malformed, unknown, or more than was granted."),
    (
        Row::Grant,
        19,
        "The grant was revoked, or the refresh token was replaced or is past its grace \
         period.",
    ),
    (Row::MerchantActive, 20, "The merchant is not active."),
    (Row::Server, 21, "The server itself fails."),
];

impl Row {
    /// Returns the row's number in the table, 1 to 21; 0 before it.
    pub fn number(self) -> u8 {
        DECISION_TABLE[self as usize].1
    }

    /// Returns the error of a request that fails at this row.
    pub fn error(self, dialect: Dialect) -> ErrorCode {
        match dialect {
            Dialect::Documented => self.documented_error(),
            Dialect::Rfc6749 => self.rfc6749_error(),
        }
    }

    fn documented_error(self) -> ErrorCode {
        match self {
            Self::ClientIdForm | Self::ClientSecret => ErrorCode::InvalidClient,
            Self::ClientKnown => ErrorCode::ClientNotFound,
            Self::ClientType => ErrorCode::InvalidClientType,
            Self::ClientActive => ErrorCode::ClientNotActive,
            Self::ClientGrantType => ErrorCode::UnauthorizedClient,

            Self::Redirect => ErrorCode::InvalidRedirectUri,
            Self::Scope => ErrorCode::InvalidScope,
            Self::Grant => ErrorCode::AccessDenied,
            Self::MerchantActive => ErrorCode::MerchantNotActive,
            Self::Server => ErrorCode::ServerError,

            // Those about the request itself, up to row 9, and about its code or refresh token.
            _ => ErrorCode::InvalidRequest,
        }
    }

    /// RFC 6749, section 5.2.
    fn rfc6749_error(self) -> ErrorCode {
        match self {
            Self::Credentials | Self::ClientKnown | Self::ClientType | Self::ClientActive => {
                ErrorCode::InvalidClient
            }
            Self::GrantType => ErrorCode::UnsupportedGrantType,
            Self::CodeOrToken
            | Self::Redirect
            | Self::Pkce
            | Self::Grant
            | Self::MerchantActive => ErrorCode::InvalidGrant,
            other => other.documented_error(),
        }
    }

    /// Returns the status of this row, where it is not that of its error code.
    pub(crate) fn status_override(self) -> Option<u16> {
        match self {
            Self::Method => Some(405),
            Self::BodySize => Some(413),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_order_of_its_rows() {
        for (i, (row, ..)) in DECISION_TABLE.into_iter().enumerate() {
            assert_eq!(row as usize, i, "{row:?}");
        }
        assert!(DECISION_TABLE.is_sorted_by_key(|(_, number, _)| number));
        assert_eq!(Row::Server.number(), 21);
    }
}
