//! Bodies of the control API that are large, long lists of mistakes, or meant to do harm: each gets
//! a response, soon, and other requests do not wait for it.

use std::fmt::Write;
use std::time::Duration;

use crate::support::folder::Folder;
use crate::support::program::{Running, resident};
use crate::support::{HttpResponse, call, fetch, post_sample};
use serde_json::{Value, json};
use smartpay_oauth_mock::{MockAuthServer, Outcome, Scenario};

/// The number of mistakes that are listed; one more says that there are others.
const LISTED: usize = 20;

async fn send(server: &MockAuthServer, method: &str, path: &str, body: String) -> (u16, Value) {
    let response = send_json(server, method, path, body).await;
    (response.status, serde_json::from_str(&response.text).unwrap_or_default())
}

async fn send_json(
    server: &MockAuthServer,
    method: &str,
    path: &str,
    body: String,
) -> HttpResponse {
    let url = format!("{}/_mock/{path}", server.base_url());
    let request = reqwest::Client::new().request(method.parse().unwrap(), url);
    fetch(request.header("content-type", "application/json").body(body)).await
}

fn list(length: usize, item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..length).map(item).collect();
    format!("[{}]", items.join(","))
}

/// Each of these once took minutes, or gigabytes.
#[tokio::test(flavor = "multi_thread")]
async fn very_many_mistakes_are_refused_soon_and_the_first_ones_are_listed() {
    let server = MockAuthServer::start().await;
    let client = |i| format!(r#"{{"id":"c{i}","secret":"s","colour":1}}"#);
    let unknown_client = |i| format!(r#"{{"code":"c{i}","client":"nobody","merchant":"m"}}"#);
    let same_client = |_| r#"{"id":"same","secret":"s"}"#.to_owned();
    let scenario = |_| r#"{"when":{"client_id":"nobody"},"respond":"pass"}"#.to_owned();

    let bodies = [
        ("mistakes", "PUT", "fixtures", format!(r#"{{"clients":{}}}"#, list(20_000, client))),
        (
            "references",
            "PUT",
            "fixtures",
            format!(r#"{{"codes":{}}}"#, list(20_000, unknown_client)),
        ),
        (
            "duplicates",
            "PUT",
            "fixtures",
            format!(r#"{{"clients":{}}}"#, list(20_000, same_client)),
        ),
        ("scenarios", "PUT", "fixtures", format!(r#"{{"scenarios":{}}}"#, list(20_000, scenario))),
        ("members", "POST", "scenarios", {
            let mut body = String::from("{");
            (0..100_000).for_each(|i| write!(body, "\"m{i}\":{i},").unwrap());
            body + "\"respond\":\"pass\"}"
        }),
        ("repeated members", "POST", "codes", {
            format!("{{{}\"client_id\":\"x\"}}", "\"client_id\":\"x\",".repeat(100_000))
        }),
        ("wrong scopes", "POST", "codes", {
            format!(
                r#"{{"client_id":"x","merchant_id":"y","scopes":{}}}"#,
                list(20_000, |i| i.to_string())
            )
        }),
    ];
    for (name, method, path, body) in bodies {
        let (status, problem) = send(&server, method, path, body).await;
        assert_eq!(status, 422, "{name}: {problem}");

        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), LISTED + 1, "{name}");
        let last = errors[LISTED]["detail"].as_str().unwrap();
        assert!(last.contains("too many errors"), "{name}: {last}");
    }
}

/// Such a body would take a hundred times its size.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_very_many_values_is_refused() {
    let server = MockAuthServer::start().await;
    for (path, body) in [
        ("fixtures", format!("[{}[]]", "[],".repeat(1_000_000))),
        (
            "fixtures",
            format!(r#"{{"settings":{{"extra_claims":{{"a":[{}0]}}}}}}"#, "0,".repeat(1_000_000)),
        ),
        ("clients/x", format!(r#"{{"secret":"s","scopes":[{}{{}}]}}"#, "{},".repeat(1_000_000))),
    ] {
        let (status, problem) = send(&server, "PUT", path, body).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("too many values"), "{problem}");
    }
}

/// More bodies than the server has worker threads are read at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_wait_for_a_large_body_that_is_read() {
    let server = MockAuthServer::start().await;
    let blue = server.new_realm("blue").create().unwrap();
    let client = |i| format!(r#"{{"id":"c{i}","secret":"s"}}"#);
    let large = format!(r#"{{"clients":{}}}"#, list(20_000, client));

    let put = async || send_json(&server, "PUT", "fixtures", large.clone()).await.status;
    let puts = async { tokio::join!(put(), put(), put(), put()) };
    tokio::pin!(puts);
    let mut requests = 0;
    let puts = loop {
        tokio::select! {
            puts = &mut puts => break puts,
            response = post_sample(&blue) => {
                response.ok();
                requests += 1;
            }
        }
    };

    assert_eq!(puts, (200, 200, 200, 200));
    assert!(requests > 4, "{requests} requests were served meanwhile");
}

/// Most clients of a large fixture have the same scopes: all of them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn fifty_thousand_clients_take_less_than_a_hundred_megabytes() {
    let folder = Folder::new("many-clients");
    let server = Running::start(&folder, &[]);
    let clients = list(50_000, |i| format!(r#"{{"id":"c{i}","secret":"s"}}"#));
    let request = reqwest::Client::new().put(format!("{}/_mock/fixtures", server.url()));
    let body = format!(r#"{{"clients":{clients}}}"#);
    fetch(request.header("content-type", "application/json").body(body)).await.ok();

    let pid = server.ready()["pid"].as_u64().unwrap();
    let megabytes = resident(u32::try_from(pid).unwrap());
    assert!(megabytes < 100.0, "{megabytes} MB");
}

/// The time for each does not depend on how many there are. If it did, these would take many minutes.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_scenarios_are_added_one_by_one() {
    let server = MockAuthServer::start().await;
    let before = server.scenarios().await.len();

    let add = async {
        for i in 0..10_000 {
            let scenario = Scenario::respond(Outcome::pass()).name(format!("s{i}"));
            server.inject(scenario).await.detach();
        }
        for _ in 0..10 {
            server.inject(Scenario::respond(Outcome::pass())).await.detach();
        }
    };
    tokio::time::timeout(Duration::from_secs(120), add).await.expect("to end soon");

    assert_eq!(server.scenarios().await.len(), before + 10_010);
}

/// Tabs are white space in JSON, also where they are none in YAML.
#[tokio::test]
async fn any_valid_json_is_accepted() {
    let server = MockAuthServer::start().await;
    for body in [
        "{\"client_id\":\t\"v6TJH1IqhM\",\t\"merchant_id\":\t\"rahulrama\",\t\"scopes\":\tnull}",
        "\t{\r\n\t\"client_id\"\t:\n\"v6TJH1IqhM\",\"merchant_id\":\"rahul\\u0072ama\"\n}\t",
        "{\"client_id\": \"v6TJH1IqhM\",\n\t\t\"merchant_id\":\n\"rahulrama\",\"code\":\t\"c: #\"}",
    ] {
        let (status, issued) = send(&server, "POST", "codes", body.to_owned()).await;
        assert_eq!(status, 201, "{body:?}: {issued}");
    }
    let (status, problem) =
        send(&server, "PUT", "clock", "{\"offset_ms\":\t3600000,\t\"frozen\":\ttrue}".to_owned())
            .await;
    assert_eq!(status, 200, "{problem}");
}

/// A literal response is sent as it was written, or the number is refused.
#[tokio::test]
async fn numbers_are_kept_exactly_or_refused() {
    let server = MockAuthServer::start().await;
    let put = async |number: &str| {
        let body = format!(r#"{{"respond":{{"json":{{"amount":{number}}}}}}}"#);
        send(&server, "PUT", "scenarios/number", body).await
    };
    for number in ["18446744073709551615", "-9223372036854775808", "1.25", "0.1"] {
        assert_eq!(put(number).await.0, 201 - u16::from(number != "18446744073709551615"));
        let response = post_sample(&server).await;
        assert_eq!(response.text, format!(r#"{{"amount":{number}}}"#));
    }
    for number in
        ["18446744073709551616", "-9223372036854775809", "12345678901234567890.5", "1e400"]
    {
        let (status, problem) = put(number).await;
        assert_eq!(status, 422, "{number}");
        assert_eq!(problem["errors"][0]["pointer"], "/respond/json/amount");
        assert!(problem["detail"].as_str().unwrap().contains("64 bits"), "{problem}");
    }
    let health = call("GET", format!("{}/_mock/health", server.base_url()), None).await;
    assert_eq!(health.json()["status"], json!("ok"));
}
