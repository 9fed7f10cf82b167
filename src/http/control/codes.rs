//! POST `/_mock/codes`: an authorization code without a browser.

use axum::Extension;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody, rfc3339};
use crate::http::context::RequestContext;
use crate::realm::{CodeRequest, IssueError};

/// A code that is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCode {
    /// The client, by id.
    client_id: String,
    /// The merchant who consents, by id.
    merchant_id: String,
    /// What is granted; all of the client's scopes unless given.
    scopes: Option<Vec<String>>,
    /// The redirect URL that the code is for.
    redirect_url: Option<String>,
    /// The code itself; a random one unless given.
    code: Option<String>,
}

/// A code that was issued.
#[derive(Serialize, JsonSchema)]
pub(super) struct CodeView {
    code: String,
    /// In RFC 3339.
    expires_at: String,
}

pub(super) async fn issue(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let wanted: NewCode = sent.json().await?;
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let issued = context
        .realm
        .issue_code(CodeRequest {
            client_id: &wanted.client_id,
            merchant_id: &wanted.merchant_id,
            scopes: scopes.as_deref(),
            redirect_url: wanted.redirect_url.as_deref(),
            code: wanted.code.as_deref(),
        })
        .await
        .map_err(problem)?;
    let expires_at = rfc3339::format(issued.expires_at_ms);
    Ok(json(StatusCode::CREATED, &CodeView { code: issued.code, expires_at }))
}

/// Which member an [`IssueError`] is about.
pub(super) fn problem(error: IssueError) -> Problem {
    let pointer = match &error {
        IssueError::UnknownClient(_) => "/client_id",
        IssueError::UnknownMerchant(_) => "/merchant_id",
        IssueError::UnknownScope { .. } => "/scopes",
        IssueError::UnknownRedirectUrl(_) => "/redirect_url",
        IssueError::MalformedCode => "/code",
        IssueError::CodeTaken => return Problem::of_conflict("/code", error),
        IssueError::Refused(text) => {
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, text.clone());
        }
    };
    Problem::of_member(pointer, error)
}
