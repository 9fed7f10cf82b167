//! `/_mock/codes`: authorization codes without a browser.

use axum::http::StatusCode;

use super::json::Json;
use super::problem::Problem;
use super::routes::{POST, Routes};
use crate::http::context::RequestContext;
use crate::realm::{CodeRequest, IssueError, IssuedCode};
use crate::store::Unavailable;

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(POST, "/codes", issue)
        .doc("issueCode", "Issues an authorization code without a browser")
        .takes::<CodeRequest>()
        .returns::<IssuedCode>(201, "The code.");
}

async fn issue(
    context: RequestContext,
    Json(request): Json<CodeRequest>,
) -> Result<(StatusCode, Json<IssuedCode>), Problem> {
    Ok((StatusCode::CREATED, Json(context.realm.issue_code(request).await?)))
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
            IssueError::StoreUnavailable => return Unavailable.into(),
            IssueError::Refused(text) => {
                return Self::new(StatusCode::INTERNAL_SERVER_ERROR, text.clone());
            }
        };
        Self::of_member(pointer, error)
    }
}
