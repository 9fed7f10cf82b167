//! POST `/oauth2/v3/token` and `/oauth/v3/token`.

use axum::response::Response;

use super::form_endpoint::FormEndpoint;
use super::response;
use crate::flow::{TokenRequest, token::decide};
use crate::journal::IssuedKind;
use crate::oauth::Refusal;
use crate::scenario::Endpoint;

pub(super) struct Token;

impl FormEndpoint for Token {
    const ENDPOINT: Endpoint = Endpoint::Token;

    async fn answer(request: &TokenRequest<'_>, _: &str) -> Result<Response, Refusal> {
        let response = decide(request).await?;
        request.recorder.issued(IssuedKind::AccessToken, &response.access_token);
        request.recorder.issued(IssuedKind::RefreshToken, &response.refresh_token);
        Ok(response::json(200, &response))
    }
}
