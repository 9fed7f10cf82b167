//! The console in headless Chromium: what each view shows and does.

use serde_json::{Value, json};
use smartpay_oauth_mock::MockAuthServer;

use crate::support::browser::Browser;
use crate::support::tools::skip;
use crate::support::{
    CLIENT, HttpResponse, MERCHANT, call, code, exchange, exchange_form, exchange_new_code,
    form_post, post, post_sample, refresh, server_with,
};

/// Reads from the control API.
async fn control(server: &MockAuthServer, path: &str) -> HttpResponse {
    call("GET", format!("{}/_mock/{path}", server.base_url()), None).await
}

const ARROW_DOWN: &str = "\u{e015}";
const ARROW_RIGHT: &str = "\u{e014}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// The widths and color schemes of the screens that every view must fit.
const SCREENS: [(u32, &str); 2] = [(1280, "light"), (390, "dark")];
const TABS: [&str; 7] = ["Journal", "Scenarios", "Grants", "Clients", "Clock", "Tokens", "Report"];

async fn console(server: &MockAuthServer, view: &str) -> Option<Browser> {
    let browser = Browser::open().await?;
    browser.visit(&format!("{}/#/{view}", server.base_url())).await;
    browser.wait_until("document.querySelector('.connection.live')").await;
    Some(browser)
}

/// Returns what a user reads on the page.
async fn page_text(browser: &Browser) -> String {
    browser.run("return document.body.innerText").await.as_str().unwrap_or_default().to_owned()
}

/// Waits until the page shows a text.
async fn wait_for_text(browser: &Browser, text: &str) {
    browser.wait_until(&format!("document.body.innerText.includes({text:?})")).await;
}

#[tokio::test]
async fn a_client_fails_twice_on_one_click_and_the_journal_shows_why() {
    let server = MockAuthServer::start().await;
    let token = exchange_new_code(&server).await.member("refresh_token");
    let Some(browser) = console(&server, "scenarios").await else { return };

    browser.run("const times = document.querySelector('input[type=number]'); times.value = 2; times.dispatchEvent(new Event('input'))").await;
    browser.run("const type = document.querySelectorAll('.fields select')[1]; type.value = 'refresh_token'; type.dispatchEvent(new Event('change'))").await;
    browser.click_named("button", "server_error").await;
    wait_for_text(&browser, "The next 2 refreshes get server_error.").await;

    assert_eq!(refresh(&server, &token).await.error(), "server_error");
    assert_eq!(refresh(&server, &token).await.error(), "server_error");
    refresh(&server, &token).await.ok();

    browser.click_named("tab", "Journal").await;
    browser.wait_until("document.querySelectorAll('.grid-row.server').length === 2").await;
    browser.click(".grid-row.server").await;
    browser.wait_until("location.hash === '#/journal/3'").await;
    wait_for_text(&browser, "matched this request").await;
    browser.close().await;
}

#[tokio::test]
async fn the_journal_shows_requests_as_they_come_and_explains_them() {
    let server = MockAuthServer::start().await;
    let Some(browser) = console(&server, "journal").await else { return };
    wait_for_text(&browser, "No requests yet").await;

    // A wrong secret, and what the row means.
    post(&server.token_url(), exchange_form("unknown").replace(CLIENT.1, "wr0ng")).await;
    browser.wait_until("document.querySelectorAll('.grid-body .grid-row').length === 1").await;
    browser.click(".grid-body .grid-row").await;
    wait_for_text(&browser, "Row 13 of the decision table decided").await;
    wait_for_text(&browser, "client_secret is wrong").await;
    wait_for_text(&browser, "The real server accepts HTTPS only.").await;
    let text = page_text(&browser).await;
    assert!(!text.contains("wr0ng"), "the secret that was sent is not shown: {text}");

    // Issued tokens, with their times, and the way to the requests that used them.
    let token = exchange_new_code(&server).await.member("refresh_token");
    refresh(&server, &token).await.ok();
    browser.visit(&format!("{}/#/journal/2", server.base_url())).await;
    wait_for_text(&browser, "expires").await;
    browser.run("document.querySelectorAll('.panel td a')[1].click()").await;
    browser.wait_until("location.hash.startsWith('#/journal?q=')").await;
    wait_for_text(&browser, "2 of 3 requests").await;

    // The address keeps the search; back returns to the request.
    browser.post("back", json!({})).await;
    browser.wait_until("location.hash === '#/journal/2'").await;
    browser.close().await;
}

#[tokio::test]
async fn the_journal_can_be_searched_paused_cleared_and_walked_by_keyboard() {
    let server = MockAuthServer::start().await;
    for _ in 0..3 {
        post_sample(&server).await.ok();
    }
    exchange(&server, "unknown").await;
    let Some(browser) = console(&server, "journal").await else { return };
    wait_for_text(&browser, "4 requests").await;

    browser.press("/").await;
    browser.wait_until("document.activeElement.id === 'search'").await;
    browser.press("invalid_request 400").await;
    wait_for_text(&browser, "1 of 4 requests").await;
    browser.press(ESCAPE).await;
    browser.wait_until("document.querySelector('#search').value === ''").await;

    browser.press(ARROW_DOWN).await;
    browser.wait_until("document.activeElement.id === 'grid'").await;
    browser.press(&ARROW_DOWN.repeat(2)).await;
    browser.press(ENTER).await;
    browser.wait_until("location.hash === '#/journal/3'").await;
    browser.press(ESCAPE).await;
    browser.wait_until("location.hash === '#/journal'").await;

    browser.click_named("button", "Pause").await;
    post_sample(&server).await.ok();
    wait_for_text(&browser, "4 requests, paused, 1 new").await;
    browser.click_named("button", "Resume").await;
    wait_for_text(&browser, "5 requests").await;

    browser.click_named("button", "Clear").await;
    wait_for_text(&browser, "No requests yet").await;
    assert!(server.requests().await.is_empty());

    browser.run("document.querySelector('[role=tab]').focus()").await;
    browser.press(ARROW_RIGHT).await;
    browser.wait_until("location.hash === '#/scenarios'").await;
    browser.close().await;
}

#[tokio::test]
async fn a_request_is_copied_as_a_command_and_as_a_scenario() {
    let server = MockAuthServer::start().await;
    exchange(&server, "unknown").await;
    let Some(browser) = console(&server, "journal/1").await else { return };
    let copied = "window.copied = null; Object.defineProperty(navigator, 'clipboard', { value: \
                  { writeText: async (text) => { window.copied = text; } } });";
    browser.run(copied).await;

    browser.click_named("button", "Copy as curl").await;
    browser.wait_until("window.copied !== null").await;
    browser.click_named("button", "Copied").await;
    let command = browser.run("return window.copied").await.as_str().unwrap().to_owned();
    assert!(command.starts_with("curl -i"), "{command}");
    assert!(command.contains("client_secret=\"$CLIENT_SECRET\""), "{command}");
    assert!(command.contains(&format!("client_id={}", CLIENT.0)), "{command}");

    browser.click_named("button", "Copy as scenario").await;
    browser.wait_until("window.copied.startsWith('scenarios:')").await;
    let scenario = browser.run("return window.copied").await.as_str().unwrap().to_owned();
    let again = server_with(&scenario).await;
    let response = exchange(&again, "other").await;
    assert_eq!((response.status, response.error().as_str()), (400, "invalid_request"));
    browser.close().await;
}

#[tokio::test]
async fn scenarios_are_released_disabled_explained_and_deleted() {
    let server = server_with(
        "scenarios:
           - { name: busy, when: { client_id: 'nobody*' }, respond: { error: server_error } }
           - { name: gate, when: { client_id: v6TJH1IqhM }, respond: { hold: { until: 9 } } }",
    )
    .await;
    let held = {
        let request = form_post(server.token_url()).body(exchange_form(&code(&server).await));
        tokio::spawn(request.send())
    };
    let Some(browser) = console(&server, "scenarios").await else { return };

    browser.click_named("button", "Release").await;
    assert_eq!(held.await.unwrap().unwrap().status(), 200);

    let why = "[...document.querySelectorAll('tr')].find(r => r.innerText.startsWith('busy'))\
               .querySelector('button')";
    browser.run(&format!("{why}.click()")).await;
    wait_for_text(&browser, "client_id is v6TJH1IqhM, not nobody*").await;

    browser.click_named("switch", "gate is enabled").await;
    browser
        .wait_until(
            "document.querySelector('[aria-label=\"gate is enabled\"]').ariaChecked === 'false'",
        )
        .await;
    let gate = control(&server, "scenarios/gate").await.ok().json();
    assert_eq!((&gate["enabled"], &gate["matched"]), (&json!(false), &json!(1)));

    browser.click_named("button", "Delete busy").await;
    browser.wait_until("!document.body.innerText.includes('nobody')").await;
    assert_eq!(control(&server, "scenarios/busy").await.status, 404);

    browser.click_named("button", "connection_reset").await;
    wait_for_text(&browser, "The next token request gets connection_reset.").await;
    let request = form_post(server.token_url()).body(exchange_form("unknown"));
    assert!(request.send().await.is_err());
    browser.close().await;
}

#[tokio::test]
async fn grants_are_made_and_revoked_and_tokens_are_inspected() {
    let server = MockAuthServer::start().await;
    let Some(browser) = console(&server, "grants").await else { return };

    browser.click_named("button", "Issue tokens").await;
    wait_for_text(&browser, "Access token").await;
    browser
        .run("[...document.querySelectorAll('a')].find(a => a.textContent === 'Inspect').click()")
        .await;
    wait_for_text(&browser, "Valid access token").await;
    let text = page_text(&browser).await;
    assert!(text.contains("merchant_id") && text.contains(MERCHANT), "{text}");
    let hash = browser.run("return location.hash").await;
    assert_eq!(hash, "#/tokens", "a token does not stay in the address");

    browser.click_named("tab", "Grants").await;
    let grant = control(&server, "grants").await.json()["grants"]
        .as_array()
        .and_then(|grants| grants.last().cloned())
        .unwrap();
    browser.click_named("button", &format!("Revoke {}", grant["id"].as_str().unwrap())).await;
    wait_for_text(&browser, "its access tokens no longer work").await;
    browser.click_named("tab", "Tokens").await;
    browser.click_named("button", "Inspect").await;
    wait_for_text(&browser, "Not valid").await;

    // A code, too.
    browser.click_named("tab", "Grants").await;
    browser.click_named("button", "Issue a code").await;
    browser.click_named("button", "Copy code").await;
    browser
        .run("[...document.querySelectorAll('a')].find(a => a.textContent === 'Inspect').click()")
        .await;
    wait_for_text(&browser, "Valid authorization code").await;

    // The consent page opens at this server.
    browser.click_named("tab", "Grants").await;
    browser.wait_until("document.querySelector('a[target=_blank]')").await;
    let consent = browser.run("return document.querySelector('a[target=_blank]').href").await;
    browser.visit(consent.as_str().unwrap()).await;
    assert!(browser.text("h1").await.contains("asks to connect"));
    browser.close().await;
}

#[tokio::test]
async fn clients_and_merchants_are_switched_and_secrets_are_shown_on_demand() {
    let server = MockAuthServer::start().await;
    let Some(browser) = console(&server, "clients").await else { return };

    wait_for_text(&browser, "Sample partner").await;
    assert!(!page_text(&browser).await.contains(CLIENT.1));
    browser.click_named("button", &format!("Show the secret of {}", CLIENT.0)).await;
    wait_for_text(&browser, CLIENT.1).await;

    browser.click_named("switch", &format!("{} is active", CLIENT.0)).await;
    wait_for_text(&browser, "is inactive now").await;
    let code = code(&server).await;
    assert_eq!(exchange(&server, &code).await.error(), "client_not_active");
    browser.click_named("switch", &format!("{} is active", CLIENT.0)).await;
    wait_for_text(&browser, "is active now").await;
    browser.click_named("switch", &format!("{MERCHANT} is active")).await;
    wait_for_text(&browser, &format!("{MERCHANT} is inactive now")).await;
    assert_eq!(exchange(&server, &code).await.error(), "merchant_not_active");

    browser.click_named("button", &format!("Edit the certificate name of {}", CLIENT.0)).await;
    browser.wait_until("document.querySelector('input[name=name]')").await;
    browser.run("document.querySelector('input[name=name]').value = 'partner-cert'").await;
    browser.click_named("button", "Save").await;
    wait_for_text(&browser, "partner-cert").await;
    let client = control(&server, &format!("clients/{}", CLIENT.0)).await.json();
    assert_eq!(client["certificate_cn"], "partner-cert");
    browser.close().await;
}

#[tokio::test]
async fn the_clock_is_advanced_set_frozen_and_reset() {
    let server = MockAuthServer::start().await;
    let Some(browser) = console(&server, "clock").await else { return };

    browser.click_named("button", "16m").await;
    wait_for_text(&browser, "It is 16m ahead of the real time.").await;
    browser.click_named("button", "1y").await;
    wait_for_text(&browser, "It is 365d 16m ahead of the real time.").await;
    browser.click_named("button", "Back to real").await;
    wait_for_text(&browser, "It shows the real time.").await;

    browser.run("document.querySelector('[name=now]').value = '2021-04-27T10:18:56'; document.querySelector('[name=now]').form.requestSubmit()").await;
    wait_for_text(&browser, "2021-04-27 10:18").await;
    browser.click_named("button", "Freeze").await;
    wait_for_text(&browser, "Frozen.").await;
    assert!(server.clock().is_frozen());

    // A mistake is explained, and changes nothing.
    browser.run("document.querySelector('[name=by]').value = '16'; document.querySelector('[name=by]').form.requestSubmit()").await;
    wait_for_text(&browser, "is not a duration").await;
    browser.close().await;
}

#[tokio::test]
async fn the_report_shows_what_the_client_met_and_did_wrong() {
    let server = MockAuthServer::start().await;
    let code = code(&server).await;
    exchange(&server, &code).await.ok();
    exchange(&server, &code).await;
    let Some(browser) = console(&server, "report").await else { return };

    wait_for_text(&browser, "Documented errors met: 1 of 11.").await;
    wait_for_text(&browser, "error: code-reused").await;
    let request = "[...document.querySelectorAll('article a')].find(a => a.textContent === '#2')";
    browser.run(&format!("{request}.click()")).await;
    browser.wait_until("location.hash === '#/journal/2'").await;
    browser.close().await;
}

#[tokio::test]
async fn realms_are_made_and_switched() {
    let server = MockAuthServer::start().await;
    let Some(browser) = console(&server, "journal").await else { return };
    post_sample(&server).await.ok();
    wait_for_text(&browser, "1 requests").await;

    browser.wait_until("document.querySelector('header select').options.length === 2").await;
    browser.run("const s = document.querySelector('header select'); s.selectedIndex = 1; s.dispatchEvent(new Event('change'))").await;
    browser.wait_until("document.querySelector('#realm-dialog')?.open").await;
    browser.run("document.querySelector('#realm-dialog [name=name]').value = 'blue'").await;
    browser.click_named("button", "Create").await;
    browser.wait_for_url(&format!("{}/realms/blue/#/journal", server.base_url())).await;
    wait_for_text(&browser, "No requests yet").await;
    assert!(server.realm("blue").is_some());
    browser.close().await;
}

#[tokio::test]
async fn a_control_token_is_asked_for_and_kept_for_the_session() {
    let server = MockAuthServer::builder().control_token("s3cr3t-control").start().await.unwrap();
    let Some(browser) = Browser::open().await else { return };
    browser.visit(&server.base_url()).await;

    for (token, is_right) in [("wrong", false), ("s3cr3t-control", true)] {
        browser.wait_until("document.querySelector('#token-dialog')?.open").await;
        if is_right {
            wait_for_text(&browser, "The token that was given before is wrong.").await;
        }
        let type_token = format!("document.querySelector('[name=token]').value = {token:?}");
        browser.run(&type_token).await;
        browser.click_named("button", "Continue").await;
    }
    browser.wait_until("document.querySelector('.connection.live')").await;

    browser.post("refresh", json!({})).await;
    browser.wait_until("document.querySelector('.connection.live')").await;
    assert_eq!(browser.run("return localStorage.length").await, 0);
    browser.close().await;
}

#[tokio::test]
async fn nothing_that_a_client_sent_is_markup() {
    let hostile = "<img src=x onerror=\"window.attacked=1\"><script>window.attacked=1</script>";
    let server = server_with(&format!(
        "clients: [{{ id: evil, secret: s, name: {hostile:?} }}]
merchants: [{{ id: evil, name: {hostile:?} }}]
scenarios: [{{ name: odd, when: {{ param: {{ state: {hostile:?} }} }}, respond: {{ body: {hostile:?} }} }}]"
    ))
    .await;
    let request = reqwest::Client::new()
        .post(server.token_url())
        .header("x-hostile", hostile)
        .header("v-c-client-correlation-id", hostile)
        .form(&[
            ("grant_type", hostile),
            ("client_id", hostile),
            ("client_secret", "x"),
            ("code", "x"),
        ]);
    request.send().await.unwrap();
    let Some(browser) = console(&server, "journal/1").await else { return };

    wait_for_text(&browser, "window.attacked=1").await;
    for tab in TABS {
        browser.click_named("tab", tab).await;
        browser.wait_until("!document.body.innerText.includes('Loading')").await;
        assert_eq!(browser.run("return window.attacked ?? null").await, Value::Null, "{tab}");
        assert_eq!(
            browser.run("return document.querySelectorAll('img, script:not([src])').length").await,
            0
        );
    }
    browser.close().await;
}

#[tokio::test]
async fn every_view_fits_the_screen_and_is_accessible() {
    let server = MockAuthServer::start().await;
    exchange_new_code(&server).await.ok();
    post_sample(&server).await.ok();
    let Some(browser) = console(&server, "journal").await else { return };

    let axe = std::fs::read_to_string("target/ci-node/node_modules/axe-core/axe.min.js");
    if axe.is_err() {
        skip("a part: axe-core is not installed (.ci/run installs it)");
    }
    for (width, scheme) in SCREENS {
        browser.emulate(width, scheme).await;
        for view in TABS.map(str::to_lowercase).iter().map(String::as_str).chain(["journal/1"]) {
            browser.visit(&format!("{}/#/{view}", server.base_url())).await;
            browser.wait_until("!document.body.innerText.includes('Loading')").await;
            let fits = "return document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(browser.run(fits).await, true, "{view} at {width}");

            if let Ok(axe) = &axe {
                let script = format!(
                    "{axe}; const done = arguments[0];
                     axe.run().then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' '))))"
                );
                let script = json!({ "script": script, "args": [] });
                let violations = browser.post("execute/async", script).await;
                assert_eq!(violations, json!([]), "{view} at {width}, {scheme}");
            }
        }
    }
    browser.close().await;
}

#[tokio::test]
async fn ten_thousand_requests_are_searched_at_once() {
    let server = MockAuthServer::start().await;
    let client = reqwest::Client::new();
    for i in 0..10_000 {
        let url = format!("{}/nowhere/{i}", server.base_url());
        client.get(url).send().await.unwrap();
    }
    let Some(browser) = console(&server, "journal").await else { return };
    wait_for_text(&browser, "10000 requests").await;

    browser.visit(&format!("{}/#/journal?q=nowhere/77", server.base_url())).await;
    wait_for_text(&browser, "111 of 10000 requests").await;
    let rows = browser.run("return document.querySelectorAll('.grid-body .grid-row').length").await;
    assert!(
        rows.as_u64().unwrap() < 100,
        "only the rows that can be seen are in the document: {rows}"
    );
    browser.close().await;
}

#[tokio::test]
async fn the_page_reconnects_when_the_server_is_back() {
    let server = MockAuthServer::start().await;
    post_sample(&server).await.ok();
    let address = server.address();
    let Some(browser) = console(&server, "journal").await else { return };
    wait_for_text(&browser, "1 requests").await;

    drop(server);
    wait_for_text(&browser, "Connection lost. Reconnecting").await;
    let server = MockAuthServer::builder().listen(address).start().await.unwrap();
    browser.wait_until("document.querySelector('.connection.live')").await;
    wait_for_text(&browser, "No requests yet").await;
    post_sample(&server).await.ok();
    wait_for_text(&browser, "1 requests").await;
    browser.close().await;
}
