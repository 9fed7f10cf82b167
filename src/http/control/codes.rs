//! POST `/_mock/codes`: an authorization code without a browser.

use axum::Extension;
use axum::http::StatusCode;

use super::problem::Problem;
use super::{Answer, json, json_body::JsonBody};
use crate::http::context::RequestContext;
use crate::realm::{CodeRequest, IssueError};

pub(super) async fn issue(Extension(context): Extension<RequestContext>, sent: JsonBody) -> Answer {
    let request: CodeRequest = sent.json().await?;
    let issued = context.realm.issue_code(request).await.map_err(problem)?;
    Ok(json(StatusCode::CREATED, &issued))
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
