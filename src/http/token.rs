//! POST `/oauth2/v3/token` and `/oauth/v3/token`: exchanges a code, or refreshes.

use axum::response::Response;

use super::context::RequestContext;
use super::form_endpoint::FormEndpoint;
use super::response;
use crate::flow::{TokenRequest, presented_by, token::decide};
use crate::journal::IssuedKind;
use crate::oauth::{Form, Refusal};
use crate::realm::Realm;
use crate::scenario::Endpoint;
use crate::store::Presented;

pub(super) struct Token;

impl FormEndpoint for Token {
    const ENDPOINT: Endpoint = Endpoint::Token;
    // Sources S and K.
    const PARAMETERS: &[&str] =
        &["client_id", "client_secret", "code", "grant_type", "refresh_token"];

    fn presented<'f>(realm: &Realm, form: &'f Form<'_>) -> Presented<'f> {
        presented_by(realm, form)
    }

    async fn handle(request: &TokenRequest<'_>, _: &RequestContext) -> Result<Response, Refusal> {
        let tokens = decide(request).await?;
        let (response, recorder) = (&tokens.response, request.recorder);

        recorder.facts(|facts| facts.issued_lifetime_s = response.expires_in);
        recorder.issued(IssuedKind::AccessToken, &response.access_token, tokens.access_claims);
        recorder.issued(IssuedKind::RefreshToken, &response.refresh_token, tokens.refresh_claims);
        Ok(response::json(200, response))
    }
}
