//! The token endpoint's decision, from row 7 of the table on. (Rows 1 to 6 are about bytes:
//! see `http/form_request.rs`.)

use super::client::{
    check_active, check_client_id, check_client_type, check_grant_type, check_secret, find_client,
};
use super::grant::{
    GrantSource, check_grant, check_merchant, check_pkce, check_redirect_url, find_grant,
    granted_scopes,
};
use super::issue::issue;
use super::request::{TokenRequest, credential, credentials, grant_type};
use super::token_issuer::IssuedTokens;
use crate::oauth::{Refusal, Scopes};
use crate::realm::ClientEntry;

/// What a request that passes the table is approved for.
pub(crate) struct Approved<'r, 'a> {
    client: &'r ClientEntry,
    source: GrantSource<'a>,
    scopes: Scopes,
}

/// Decides a token request: checks it, then issues tokens.
pub(crate) async fn decide(request: &TokenRequest<'_>) -> Result<IssuedTokens, Refusal> {
    let Approved { client, source, scopes } = check_rows(request).await?; //    rows 7 to 20

    issue(request, client, source, scopes).await //                              row 21
}

/// Checks the rows of the table, top to bottom. Nothing changes here, unless a replay revokes a
/// grant.
pub(crate) async fn check_rows<'r, 'a>(
    request: &'r TokenRequest<'a>,
) -> Result<Approved<'r, 'a>, Refusal> {
    let required = ["grant_type", "client_id", "client_secret"];
    let credentials = credentials(request, &required)?; //                       row 7
    let grant_type = grant_type(request)?; //                                    row 8
    let credential = credential(request, grant_type)?; //                        row 9

    check_client_id(&credentials)?; //                                           row 10
    let client = find_client(request.registry, &credentials)?; //                row 11
    check_client_type(client)?; //                                               row 12
    check_secret(request, client, &credentials)?; //                             row 13
    check_active(client)?; //                                                    row 14
    check_grant_type(client, grant_type)?; //                                    row 15

    let source = find_grant(request, client, credential).await?; //              row 16
    request.recorder.merchant(&source.grant.merchant_id);
    request.recorder.grant(source.grant.id);
    check_redirect_url(request, client, &source)?; //                            row 17
    check_pkce(request, &source)?; //                                            row 17
    let scopes = granted_scopes(request, &source)?; //                           row 18
    check_grant(request, &source).await?; //                                     row 19
    check_merchant(request, &source)?; //                                        row 20

    Ok(Approved { client, source, scopes })
}
