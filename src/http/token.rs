//! POST `/oauth2/v3/token` and `/oauth/v3/token`.

use axum::response::Response;

use super::answer;
use super::form_endpoint::FormEndpoint;
use crate::authority::{TokenRequest, token::decide};
use crate::journal::IssuedKind;
use crate::oauth::Refusal;
use crate::scenario::Endpoint;

pub(super) struct Token;

impl FormEndpoint for Token {
    const ENDPOINT: Endpoint = Endpoint::Token;

    async fn answer(request: &TokenRequest<'_>, _: &str) -> Result<Response, Refusal> {
        let response = decide(request).await?;
        request.record.issued(IssuedKind::AccessToken, &response.access_token);
        request.record.issued(IssuedKind::RefreshToken, &response.refresh_token);
        Ok(answer::json(200, &response))
    }
}
