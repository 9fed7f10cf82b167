//! `/_mock/codes`, `/_mock/tokens` and `/_mock/grants`: what merchants have granted, without a flow.

use axum::extract::Path;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::problem::Problem;
use super::routes::{DELETE, GET, POST, Routes};
use crate::flow::issue_directly;
use crate::http::context::RequestContext;
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, GrantInfo, IssueError, IssuedCode, TokensRequest};
use crate::store::Unavailable;

/// The grants of the realm.
#[derive(Serialize, JsonSchema)]
struct GrantList {
    /// The grants, including revoked ones.
    grants: Vec<GrantInfo>,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(POST, "/codes", issue_code)
        .doc("issueCode", "Issues an authorization code without a browser")
        .takes::<CodeRequest>()
        .returns::<IssuedCode>(201, "The code.");

    routes
        .add(POST, "/tokens", issue_tokens)
        .doc("issueTokens", "Issues tokens without an authorization flow")
        .takes::<TokensRequest>()
        .returns::<TokenResponse>(201, "A response like that of the token endpoint.");

    routes
        .add(GET, "/grants", list)
        .doc("listGrants", "Lists the grants that merchants have consented to")
        .returns::<GrantList>(200, "All grants.");

    routes
        .add(DELETE, "/grants/{id}", revoke)
        .doc(
            "revokeGrant",
            "Revokes a grant as its merchant; its access tokens become invalid at once",
        )
        .returns_nothing("The grant is revoked.");
}

async fn issue_code(
    context: RequestContext,
    Json(request): Json<CodeRequest>,
) -> Result<(StatusCode, Json<IssuedCode>), Problem> {
    Ok((StatusCode::CREATED, Json(context.realm.issue_code(request).await?)))
}

async fn issue_tokens(
    context: RequestContext,
    Json(request): Json<TokensRequest>,
) -> Result<(StatusCode, Json<TokenResponse>), Problem> {
    let tokens = issue_directly(&context.realm, &context.app.key, &request).await?;
    Ok((StatusCode::CREATED, Json(tokens)))
}

async fn list(context: RequestContext) -> Result<Json<GrantList>, Problem> {
    Ok(Json(GrantList { grants: context.realm.grants().await? }))
}

async fn revoke(context: RequestContext, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if !context.realm.revoke_grant(&id).await? {
        return Err(Problem::not_found("There is no grant with this ID."));
    }
    Ok(StatusCode::NO_CONTENT)
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
