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

impl Row {
    /// All rows, in their order.
    pub const ALL: [Self; 25] = [
        Self::Transport,
        Self::Method,
        Self::Query,
        Self::ContentType,
        Self::BodySize,
        Self::BodyTime,
        Self::WellFormed,
        Self::Duplicate,
        Self::Required,
        Self::Credentials,
        Self::GrantType,
        Self::Presented,
        Self::ClientIdForm,
        Self::ClientKnown,
        Self::ClientType,
        Self::ClientSecret,
        Self::ClientActive,
        Self::ClientGrantType,
        Self::CodeOrToken,
        Self::Redirect,
        Self::Pkce,
        Self::Scope,
        Self::Grant,
        Self::MerchantActive,
        Self::Server,
    ];

    /// Returns the condition under which a request fails at this row, as a sentence.
    pub fn condition(self) -> &'static str {
        match self {
            Self::Transport => "The connection is plain HTTP, and the fixtures require HTTPS.",
            Self::Method => "The method is not POST.",
            Self::Query => "The URL has a query parameter.",
            Self::ContentType => {
                "The Content-Type is not application/x-www-form-urlencoded, or there is a \
                 Content-Encoding."
            }
            Self::BodySize => "The body is larger than 64 KiB.",
            Self::BodyTime => "The body does not arrive in time.",
            Self::WellFormed => "The body is not a well-formed form.",
            Self::Duplicate => "A parameter occurs twice.",

            Self::Required => "grant_type or client_id is missing or empty.",
            Self::Credentials => "client_secret is missing or empty.",
            Self::GrantType => "grant_type is neither authorization_code nor refresh_token.",
            Self::Presented => {
                "The code or refresh token is missing, or there are two different ones."
            }

            Self::ClientIdForm => "client_id is malformed.",
            Self::ClientKnown => "The client is not registered.",
            Self::ClientType => "The client is not confidential.",
            Self::ClientSecret => {
                "client_secret is wrong, or the client certificate is not the client's."
            }
            Self::ClientActive => "The client is not active.",
            Self::ClientGrantType => "The client may not use this grant type.",

            Self::CodeOrToken => {
                "The code is unknown, expired, used already or another client's, or the refresh \
                 token is invalid or another client's."
            }
            Self::Redirect => "The redirect URL is not the one that the code was issued for.",
            Self::Pkce => "The PKCE verifier is missing, wrong, or not expected.",

            Self::Scope => "The scope is malformed, unknown, or more than was granted.",
            Self::Grant => {
                "The grant was revoked, or the refresh token was replaced or is past its grace \
                 period."
            }
            Self::MerchantActive => "The merchant is not active.",
            Self::Server => "The server itself fails.",
        }
    }

    /// Returns the row's number in the table, 1 to 21; 0 before it.
    pub fn number(self) -> u8 {
        match self {
            Self::Transport => 0,
            Self::Method => 1,
            Self::Query => 2,
            Self::ContentType => 3,
            Self::BodySize => 4,
            Self::BodyTime | Self::WellFormed => 5,
            Self::Duplicate => 6,
            Self::Required | Self::Credentials => 7,
            Self::GrantType => 8,
            Self::Presented => 9,
            Self::ClientIdForm => 10,
            Self::ClientKnown => 11,
            Self::ClientType => 12,
            Self::ClientSecret => 13,
            Self::ClientActive => 14,
            Self::ClientGrantType => 15,
            Self::CodeOrToken => 16,
            Self::Redirect | Self::Pkce => 17,
            Self::Scope => 18,
            Self::Grant => 19,
            Self::MerchantActive => 20,
            Self::Server => 21,
        }
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
            Self::Transport
            | Self::Method
            | Self::Query
            | Self::ContentType
            | Self::BodySize
            | Self::BodyTime
            | Self::WellFormed
            | Self::Duplicate
            | Self::Required
            | Self::Credentials
            | Self::GrantType
            | Self::Presented => ErrorCode::InvalidRequest,

            Self::ClientIdForm | Self::ClientSecret => ErrorCode::InvalidClient,
            Self::ClientKnown => ErrorCode::ClientNotFound,
            Self::ClientType => ErrorCode::InvalidClientType,
            Self::ClientActive => ErrorCode::ClientNotActive,
            Self::ClientGrantType => ErrorCode::UnauthorizedClient,

            Self::CodeOrToken | Self::Pkce => ErrorCode::InvalidRequest,
            Self::Redirect => ErrorCode::InvalidRedirectUri,
            Self::Scope => ErrorCode::InvalidScope,
            Self::Grant => ErrorCode::AccessDenied,
            Self::MerchantActive => ErrorCode::MerchantNotActive,
            Self::Server => ErrorCode::ServerError,
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
