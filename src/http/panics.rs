//! Row 21: the response when a handler panics.

use std::any::Any;

use axum::response::Response;

use super::response;
use crate::oauth::{ErrorCode, Row};

/// Makes a `server_error`. The panic hook logs the place of the panic; the client is not told.
pub(super) fn server_error(_: Box<dyn Any + Send + 'static>) -> Response {
    let code = ErrorCode::ServerError;
    tracing::error!("a handler panicked; the response is server_error");

    let text = "The server failed; its log has the details.";
    let mut response = response::error(&code, code.default_status(), text);
    response::tag_error(&mut response, &code, Some(Row::Server), text);
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::Value;

    use crate::server::MockAuthServer;

    const EXCHANGE: &str = "client_id=v6TJH1IqhM&client_secret=v6TJH1IqhM-secret\
                            &grant_type=authorization_code&code=";

    /// A request that panics at an operation of the grant store has changed nothing there: the next
    /// one finds everything as before.
    #[tokio::test]
    async fn a_panic_is_a_server_error_that_says_nothing_and_changes_nothing() {
        let server = MockAuthServer::start().await;
        let exchange = async |code: &str| {
            let request = Request::post("/oauth2/v3/token")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(format!("{EXCHANGE}{code}"));
            let response = server.handle(request.unwrap()).await;
            (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
        };
        let code = server.issue_code("v6TJH1IqhM", "rahulrama").await.unwrap();
        let grants = server.grants().await.len();
        let mut panics = 0;
        loop {
            server.memory_grants().panic_in(panics + 1);
            let (status, body) = exchange(&code).await;
            if status == 200 {
                break;
            }
            panics += 1;
            assert_eq!(status, 500);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"], "server_error");
            assert_eq!(body["error_description"], "The server failed; its log has the details.");
            server.memory_grants().panic_in(0);
            assert_eq!(server.grants().await.len(), grants, "nothing was granted");
        }
        assert!(panics >= 3, "the code, a number for its grant, the exchange: {panics}");
        server.memory_grants().panic_in(0);
        assert_eq!(exchange(&code).await.0, 400, "it is redeemed now");
        assert_eq!(server.grants().await.len(), grants + 1);
        let entries = server.requests().await;
        let failed: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.outcome.as_ref())
            .filter(|outcome| outcome.row == Some(21))
            .collect();
        assert_eq!((failed.len(), entries.len()), (panics, panics + 2));
        assert_eq!(failed[0].error.as_deref(), Some("server_error"));
    }
}
