//! `/_mock/codes`: authorization codes without a browser.

use axum::Extension;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::Json;
use super::problem::Problem;
use super::rfc3339;
use super::routes::{OperationDoc, Routes};
use crate::http::context::RequestContext;
use crate::realm::{CodeRequest, IssueError};

/// The authorization code to issue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IssueCodeRequest {
    /// The client's id.
    client_id: String,
    /// The id of the merchant who consents.
    merchant_id: String,
    /// The scopes to grant. Default: all scopes of the client.
    scopes: Option<Vec<String>>,
    /// The redirect URL that the code is bound to, if any.
    redirect_url: Option<String>,
    /// The code itself. Default: a random code.
    code: Option<String>,
}

/// An issued authorization code.
#[derive(Serialize, JsonSchema)]
struct CodeView {
    /// The code.
    code: String,
    /// When the code expires, in RFC 3339.
    expires_at: String,
}

pub(super) fn routes() -> Routes {
    Routes::default().post(
        "/codes",
        issue,
        OperationDoc::new("issueCode", "Issues an authorization code without a browser")
            .takes::<IssueCodeRequest>()
            .returns::<CodeView>(201, "The code."),
    )
}

async fn issue(
    Extension(context): Extension<RequestContext>,
    Json(request): Json<IssueCodeRequest>,
) -> Result<(StatusCode, Json<CodeView>), Problem> {
    let scopes: Option<Vec<&str>> =
        request.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());

    let issued = context
        .realm
        .issue_code(CodeRequest {
            client_id: &request.client_id,
            merchant_id: &request.merchant_id,
            scopes: scopes.as_deref(),
            redirect_url: request.redirect_url.as_deref(),
            code: request.code.as_deref(),
        })
        .await?;

    let expires_at = rfc3339::format(issued.expires_at_ms);
    Ok((StatusCode::CREATED, Json(CodeView { code: issued.code, expires_at })))
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        let pointer = match &error {
            IssueError::UnknownClient(_) => "/client_id",
            IssueError::UnknownMerchant(_) => "/merchant_id",
            IssueError::UnknownScope { .. } => "/scopes",
            IssueError::UnknownRedirectUrl(_) => "/redirect_url",
            IssueError::MalformedCode => "/code",
            IssueError::CodeTaken => return Self::of_conflict("/code", error),
            IssueError::Refused(text) => {
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, text.clone());
            }
        };
        Self::of_member(pointer, error)
    }
}
