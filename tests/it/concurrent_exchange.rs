//! A code can be exchanged once, however many requests present it at the same time.

use crate::support::{code, exchange};
use smartpay_oauth_mock::MockAuthServer;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn of_200_simultaneous_exchanges_of_a_code_exactly_one_succeeds() {
    let server = std::sync::Arc::new(MockAuthServer::start().await);
    let code = code(&server).await;
    let mut clients = JoinSet::new();

    for _ in 0..200 {
        let (server, code) = (std::sync::Arc::clone(&server), code.clone());
        clients.spawn(async move { exchange(&server, &code).await });
    }

    let responses = clients.join_all().await;
    assert_eq!(responses.iter().filter(|response| response.status == 200).count(), 1);

    let failed: Vec<_> = responses.iter().filter(|response| response.status != 200).collect();
    assert_eq!(failed.len(), 199);

    for response in failed {
        assert_eq!(response.error(), "invalid_request");
        assert!(response.description().contains("already used"), "{}", response.text);
    }
}
