//! POST `/_mock/codes`: an authorization code without a browser.

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;
use super::{Answer, input, times};
use crate::http::here::Here;
use crate::realm::{CodeWish, IssueError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    client_id: String,
    merchant_id: String,
    scopes: Option<Vec<String>>,
    redirect_url: Option<String>,
    code: Option<String>,
}

pub(super) async fn issue(
    Extension(here): Extension<Here>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let wanted: Wanted = input::read(&headers, body).await?;
    let scopes: Option<Vec<&str>> =
        wanted.scopes.as_ref().map(|scopes| scopes.iter().map(String::as_str).collect());
    let issued = here
        .realm
        .issue_code(CodeWish {
            client_id: &wanted.client_id,
            merchant_id: &wanted.merchant_id,
            scopes: scopes.as_deref(),
            redirect_url: wanted.redirect_url.as_deref(),
            code: wanted.code.as_deref(),
        })
        .await
        .map_err(problem)?;
    let body = json!({ "code": issued.code, "expires_at": times::written(issued.expires_at_ms) });
    Ok(super::json(StatusCode::CREATED, &body))
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
