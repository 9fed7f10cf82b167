//! Reading the journal: filters, verification, and the stream of events.

use std::time::Duration;

use crate::journal::{journal, notes, sha256, url, verify};
use crate::support::{CLIENT, FORM, call, exchange_new_code, fetch, form, refresh, refresh_form};
use serde_json::{Value, json};
use smartpay_oauth_mock::{MockAuthServer, Outcome, Scenario};

#[tokio::test]
async fn requests_can_be_selected_by_method_path_header_and_parameter() {
    let server = MockAuthServer::start().await;
    let client = reqwest::Client::new();
    fetch(
        client
            .post(server.token_url())
            .header("X-Test", "abc")
            .header("Content-Type", FORM)
            .body(serde_urlencoded::to_string([("code", "eyJraK"), ("scope", "users")]).unwrap()),
    )
    .await;
    fetch(client.get(server.base_url() + "/pts/v2/payments/7?page=2")).await;
    let fingerprint = sha256("eyJraK");
    let by_fingerprint = format!("param.code={fingerprint}");
    for (query, expected) in [
        ("method=GET", vec![2]),
        ("method=P*&path=/oauth2/v3/token", vec![1]),
        ("path=/pts/*", vec![2]),
        ("header.X-TEST=a*", vec![1]),
        ("header.x-test=b*", vec![]),
        ("header.accept=*", vec![1, 2]),
        ("param.page=2", vec![2]),
        ("param.scope=users&header.x-test=abc", vec![1]),
        ("param.code=eyJraK", vec![1]),
        (by_fingerprint.as_str(), vec![1]),
        ("param.code=eyJra*", vec![]),
    ] {
        let found = journal(&server, &format!("?{query}")).await;
        let ids: Vec<_> = found["requests"].as_array().unwrap().iter().map(|e| &e["id"]).collect();
        assert_eq!(ids, expected.iter().collect::<Vec<_>>(), "{query}");
        let filters: serde_json::Map<_, _> = query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let found = verify(&server, "", json!({ "match": filters })).await;
        assert_eq!(found["matched"], expected.len(), "{query}");
    }
    let found =
        verify(&server, "", json!({ "match": { "header.X-Test": "z", "param.page": "3" } })).await;
    let members: Vec<_> =
        found["closest"][0]["differs"].as_array().unwrap().iter().map(|d| &d["member"]).collect();
    assert_eq!(members, ["header.x-test", "param.page"]);
    let filter = smartpay_oauth_mock::Filter::new()
        .method("POST")
        .path("*token")
        .header("X-Test", "*")
        .param("scope", "u*");
    assert_eq!(server.requests_matching(&filter).await.len(), 1);

    let refused = fetch(client.get(url(&server, "requests?headers.x=1"))).await;
    assert_eq!(refused.status, 400);
    assert!(refused.member("detail").contains("header.NAME, param.NAME"), "{}", refused.text);
    for member in ["header", "header.", "query.x"] {
        let request = client.post(url(&server, "requests/verify"));
        let refused = fetch(request.json(&json!({ "match": { member: "x" } }))).await;
        assert_eq!(refused.status, 422, "{member}");
        assert_eq!(refused.json()["errors"][0]["pointer"], format!("/match/{member}"));
    }
}

/// A held request is in the journal at once, and is followed once it has a response.
#[tokio::test]
async fn a_request_without_a_response_is_visible_and_has_no_outcome() {
    let server = MockAuthServer::start().await;
    let refreshes = smartpay_oauth_mock::When::new().grant_type("refresh_token");
    let held = server.inject(Scenario::respond(Outcome::hold(9)).when(refreshes)).await;
    let mut follower = server.follow();
    let waiting = {
        let body =
            json!({ "match": { "grant_type": "refresh_token", "param.refresh_token": "x" } });
        let request = reqwest::Client::new().post(url(&server, "requests/verify?wait=60s"));
        tokio::spawn(fetch(request.json(&body)))
    };
    let request = {
        let url = server.token_url();
        tokio::spawn(async move {
            crate::support::post(&url, "grant_type=refresh_token&refresh_token=x&client_id=c").await
        })
    };
    assert_eq!(waiting.await.unwrap().ok().json()["satisfied"], true, "it has no response yet");
    form(&server, &[]).await;

    let all = journal(&server, "").await;
    let first = &all["requests"][0];
    assert_eq!((&first["id"], &first["outcome"]), (&json!(1), &Value::Null));
    assert_eq!((&first["client_id"], &first["endpoint"]), (&json!("c"), &json!("token")));
    assert!(notes(first).contains("plain HTTP") && !notes(first).contains("closed"), "{first}");
    for filters in [json!({ "status": 400 }), json!({ "error": "*" })] {
        assert_eq!(verify(&server, "", json!({ "match": filters })).await["matched"], 1);
    }
    assert_eq!(verify(&server, "", json!({ "match": { "scenario": "*" } })).await["matched"], 0);
    assert!(server.requests().await[0].to_string().ends_with("-> no response yet"));

    while held.release() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(request.await.unwrap().status, 400);
    let all = journal(&server, "").await;
    assert_eq!((&all["total"], &all["requests"][0]["outcome"]["status"]), (&json!(2), &json!(400)));
    let order = [follower.next().await.unwrap().id, follower.next().await.unwrap().id];
    assert_eq!(order, [2, 1], "the order of the responses");

    // Event IDs count responses; the data has the numbers of the requests. A position from before a
    // restart leads to the start.
    for (last_id, expected) in [
        ("0", vec!["id: 1\n", "\"id\":2,", "id: 2\n", "\"id\":1,"]),
        ("1", vec!["id: 2\n", "\"id\":1,"]),
        ("99", vec!["id: 1\n", "id: 2\n"]),
    ] {
        let request =
            reqwest::Client::new().get(url(&server, "events")).header("Last-Event-ID", last_id);
        let mut stream = request.send().await.unwrap();
        let mut text = String::new();
        while !expected.iter().all(|part| text.contains(part)) {
            text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
        }
        let mut rest = text.as_str();
        for part in expected {
            rest = &rest[rest.find(part).unwrap_or_else(|| panic!("{part}: {text}"))..];
        }
    }
}

#[tokio::test]
async fn an_order_is_verified_with_others_in_between() {
    let server = MockAuthServer::start().await;
    for grant_type in ["authorization_code", "refresh_token", "authorization_code"] {
        form(&server, &[("grant_type", grant_type)]).await;
    }
    let order = |steps: &[&str]| {
        let steps: Vec<_> = steps.iter().map(|step| json!({ "grant_type": step })).collect();
        json!({ "order": steps })
    };
    for (steps, satisfied, matched) in [
        (&["refresh_token"][..], true, 1),
        (&["authorization_code", "authorization_code"], true, 2),
        (&["refresh_token", "refresh_token"], false, 1),
        (&["authorization_code", "refresh_token", "a*", "*"], false, 3),
    ] {
        let found = verify(&server, "", order(steps)).await;
        assert_eq!(
            (&found["satisfied"], &found["matched"]),
            (&json!(satisfied), &json!(matched)),
            "{steps:?}"
        );
    }
    let found =
        verify(&server, "", order(&["authorization_code", "refresh_token", "refresh_token"])).await;
    assert_eq!(found["matched"], 2);
    let differs = &found["closest"][0]["differs"];
    assert_eq!(found["closest"].as_array().unwrap().len(), 3);
    assert_eq!(differs.as_array().unwrap().len(), 1, "{differs}");

    let waiting = {
        let body = order(&["refresh_token", "authorization_code", "refresh_token"]);
        let request = reqwest::Client::new().post(url(&server, "requests/verify?wait=60s"));
        tokio::spawn(fetch(request.json(&body)))
    };
    refresh(&server, "nonsense").await;
    assert_eq!(waiting.await.unwrap().ok().json()["satisfied"], true);
    let filter = |grant_type: &str| smartpay_oauth_mock::Filter::new().grant_type(grant_type);
    let filters = [filter("refresh_token"), filter("refresh_token")];
    assert!(server.verify_order(&filters).await.satisfied);
    let filters = [filter("refresh_token"), filter("password")];
    let found = server.verify_order_timeout(&filters, Duration::from_millis(1)).await;
    assert_eq!((found.satisfied, found.matched), (false, 1));

    for (body, pointer) in [
        (json!({ "order": [] }), "/order"),
        (json!({ "order": [{ "client": "x" }] }), "/order/0/client"),
        (json!({ "order": [{}], "match": {} }), "/order"),
        (json!({ "order": [{}], "count": {} }), "/order"),
    ] {
        let request = reqwest::Client::new().post(url(&server, "requests/verify"));
        let response = fetch(request.json(&body)).await;
        assert_eq!(response.status, 422, "{}", response.text);
        assert_eq!(response.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn the_journal_can_be_filtered_paged_and_cleared() {
    let server = MockAuthServer::start().await;
    for n in 0..5 {
        form(&server, &[("grant_type", "refresh_token"), ("code", &format!("error-{n}"))]).await;
    }
    form(&server, &[("code", "error-access_denied"), ("client_id", "v6TJH1IqhM")]).await;
    let ids = |response: &Value| {
        let entries = response["requests"].as_array().unwrap().iter();
        entries.map(|entry| entry["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    for (query, expected, total) in [
        ("", vec![1, 2, 3, 4, 5, 6], 6),
        ("?limit=2", vec![5, 6], 6),
        ("?after=1&limit=2", vec![2, 3], 5),
        ("?after=0&limit=1", vec![1], 6),
        ("?after=99", vec![], 0),
        ("?client_id=v6*", vec![6], 1),
        ("?grant_type=refresh_token&limit=1", vec![5], 5),
        ("?status=403&error=access_denied&scenario=error-access_denied", vec![6], 1),
        ("?endpoint=jwks", vec![], 0),
        ("?correlation_id=*", vec![], 0),
        ("?limit=0", vec![], 6),
    ] {
        let response = journal(&server, query).await;
        assert_eq!((ids(&response), &response["total"]), (expected, &json!(total)), "{query}");
        assert_eq!(response["dropped"], 0);
    }
    for (query, expected) in [
        ("?limt=1", "limt: "),
        ("?status=many", "status: "),
        ("?endpoint=nowhere", "endpoint: "),
        ("?limit=-1", "limit: "),
        ("?limit=1&limit=2", "more than once"),
        ("?client_id=%", "%"),
        ("?header=x", "header: "),
    ] {
        let response = call("GET", url(&server, &format!("requests{query}")), None).await;
        assert_eq!(response.status, 400, "{query}");
        assert!(response.member("detail").contains(expected), "{}", response.text);
    }
    let cleared = call("DELETE", url(&server, "requests"), None).await;
    assert_eq!(cleared.status, 204);
    form(&server, &[]).await;
    assert_eq!(ids(&journal(&server, "").await), [7], "the numbering continues");
}

#[tokio::test]
async fn a_full_journal_drops_the_oldest_entries_and_counts_them() {
    let server = MockAuthServer::builder().journal_size(3).start().await.unwrap();
    for _ in 0..5 {
        form(&server, &[]).await;
    }
    let response = journal(&server, "").await;
    assert_eq!((&response["total"], &response["dropped"]), (&json!(3), &json!(2)));
    assert_eq!(response["requests"][0]["id"], 3);
}

#[tokio::test]
async fn verify_counts_waits_and_lists_near_misses() {
    let server = MockAuthServer::start().await;
    refresh(&server, "nonsense").await;
    let refreshes = json!({ "client_id": CLIENT.0, "grant_type": "refresh_token" });
    for (count, satisfied) in [
        (json!({}), true),
        (json!({ "exactly": 1 }), true),
        (json!({ "exactly": 2 }), false),
        (json!({ "at_least": 2 }), false),
        (json!({ "at_most": 0 }), false),
        (json!({ "at_least": 1, "at_most": 2 }), true),
    ] {
        let found = verify(&server, "", json!({ "match": refreshes, "count": count })).await;
        assert_eq!(
            (&found["satisfied"], &found["matched"]),
            (&json!(satisfied), &json!(1)),
            "{count}"
        );
    }
    let other = json!({ "match": { "client_id": "other", "error": "invalid_request" } });
    let found = verify(&server, "", other).await;
    assert_eq!(found["closest"][0]["request"]["id"], 1);
    assert_eq!(
        found["closest"][0]["differs"],
        json!([{ "member": "client_id", "expected": "other", "actual": CLIENT.0 }])
    );
    let body = json!({ "match": refreshes, "count": { "exactly": 2 } });
    let waiting = tokio::spawn(call("POST", url(&server, "requests/verify?wait=60s"), Some(body)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    refresh(&server, "nonsense").await;
    assert_eq!(waiting.await.unwrap().ok().json()["satisfied"], true);
    for (query, body, pointer) in [
        ("", json!({ "match": { "client": "x" } }), "/match/client"),
        ("", json!({ "count": { "exactly": "x" } }), "/count/exactly"),
        ("", json!({ "count": { "exactly": 1, "at_most": 1 } }), "/count"),
        ("", json!({ "count": { "at_least": 2, "at_most": 1 } }), "/count"),
        ("?wait=soon", json!({}), ""),
        ("?wait=1d", json!({}), ""),
        ("?wiat=1s", json!({}), ""),
    ] {
        let url = url(&server, &format!("requests/verify{query}"));
        let response = call("POST", url, Some(body)).await;
        assert!((400..=422).contains(&response.status), "{}", response.text);
        if !pointer.is_empty() {
            assert_eq!(response.json()["errors"][0]["pointer"], pointer);
        }
    }
}

/// Eight refreshes are held until all eight have arrived, so they overlap.
#[tokio::test]
async fn held_requests_overlap() {
    let server = MockAuthServer::start().await;
    let tokens = exchange_new_code(&server).await;
    let token = tokens.member("refresh_token");
    let held = server
        .inject(
            Scenario::respond(Outcome::hold(8))
                .when(smartpay_oauth_mock::When::new().grant_type("refresh_token")),
        )
        .await;
    let refreshes = json!({ "match": { "grant_type": "refresh_token", "status": 200 } });
    let mut first: Vec<_> = Vec::new();
    for n in 1..=8 {
        let (url, token) = (server.token_url(), token.clone());
        first.push(tokio::spawn(async move {
            crate::support::post(&url, refresh_form(&token)).await.ok();
        }));
        // One after the other, so that only the scenario makes them overlap.
        while n < 8 && held.held() < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if n < 8 {
            assert_eq!(verify(&server, "", refreshes.clone()).await["matched"], 0);
        }
    }
    for refresh in first {
        refresh.await.unwrap();
    }
    let found = verify(&server, "", refreshes).await;
    assert_eq!((&found["matched"], &found["overlapped"]), (&json!(8), &json!(8)));
}

#[tokio::test]
async fn events_arrive_at_once_and_a_slow_reader_gets_the_number_of_missed_ones() {
    let server = MockAuthServer::builder().journal_size(3).start().await.unwrap();
    form(&server, &[]).await;
    let mut stream = reqwest::Client::new().get(url(&server, "events")).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("follows") {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    form(&server, &[("client_id", "x")]).await;
    while !text.ends_with("\n\n") || !text.contains("id: 2\nevent: request\ndata: {\"id\":2,") {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    assert!(!text.contains("id: 1\n"), "only new requests: {text}");
    drop(stream);
    for _ in 0..4 {
        form(&server, &[]).await;
    }
    // A reader that reconnects sends its position.
    let mut stream = reqwest::Client::new()
        .get(url(&server, "events?status=400"))
        .header("Last-Event-ID", "2")
        .send()
        .await
        .unwrap();
    let mut text = String::new();
    while !text.contains("id: 6\n") {
        text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
    }
    assert!(text.contains("event: dropped\ndata: {\"count\":1}\n\n"), "{text}");
    assert_eq!(text.matches("event: request").count(), 3);
}

/// A reader that never reads does not slow the server down or delay its stop.
#[tokio::test]
async fn a_reader_that_does_not_read_blocks_nothing() {
    let server = MockAuthServer::start().await;
    let stream = reqwest::Client::new().get(url(&server, "events")).send().await.unwrap();
    for _ in 0..3_000 {
        let request = axum::http::Request::post("/oauth2/v3/token").body(String::new()).unwrap();
        server.handle(request).await;
    }
    assert_eq!(journal(&server, "?limit=1").await["total"], 3_000);
    drop(stream);
    let start = std::time::Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_secs(5), "the stop is not delayed");
}
