//! The consent page in headless Chromium, controlled by ChromeDriver (the Debian packages chromium
//! and chromium-driver): Allow, Deny, a disabled Allow, the error page, and a narrow screen.

use crate::support::browser::Browser;
use crate::support::{CLIENT, MERCHANT, exchange};
use serde_json::json;
use smartpay_oauth_mock::MockAuthServer;

/// Chooses a merchant, as a person does.
async fn choose(browser: &Browser, merchant: &str) {
    browser.click(&format!("#merchant option[value='{merchant}']")).await;
}

/// A server whose sample partner has its redirect URL on another origin.
async fn with_partner() -> (MockAuthServer, MockAuthServer, String) {
    let partner = MockAuthServer::start().await;
    let callback = format!("{}/?from=mock", partner.base_url());
    let server = crate::support::server_with(&format!(
        "clients: [{{ id: {}, redirect_urls: [\"{callback}\"] }}]",
        CLIENT.0
    ))
    .await;
    (server, partner, callback)
}

fn authorize_request(server: &MockAuthServer, callback: &str, more: &str) -> String {
    let callback = serde_urlencoded::to_string([("redirect_url", callback)]).unwrap();
    format!("{}?sub=oauth&client_id={}&{callback}{more}", server.authorize_url(), CLIENT.0)
}

#[tokio::test]
async fn a_merchant_can_allow_deny_and_switch_and_sees_errors() {
    let Some(browser) = Browser::open().await else { return };
    let (server, _partner, callback) = with_partner().await;

    // Allow. The Content-Security-Policy of the page must permit the redirect to the partner.
    browser.visit(&authorize_request(&server, &callback, "&state=a%26b%3Dc")).await;
    assert!(browser.text("h1").await.contains("Sample partner"));
    assert!(browser.text(".mock").await.contains("This is a mock"));
    browser.click("#allow").await;
    let url = browser.wait_for_url(&callback).await;
    let query = url.split_once("?from=mock&").unwrap().1;
    let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    assert_eq!(parameters[1], ("state".to_owned(), "a&b=c".to_owned()));
    exchange(&server, &parameters[0].1).await.ok();

    // Deny adds no parameters.
    browser.visit(&authorize_request(&server, &callback, "&state=x")).await;
    browser.click("#deny").await;
    assert_eq!(browser.wait_for_url(&callback).await, callback);

    // Switch to a merchant who may not grant access.
    browser.visit(&authorize_request(&server, &callback, "")).await;
    choose(&browser, "limited-merchant").await;
    browser.click("#switch").await;
    browser.wait_for_url(&server.authorize_url()).await;
    assert!(browser.text("#obstacle").await.contains("does not have the privilege"));
    assert_eq!(browser.run("return document.querySelector('#allow').disabled").await, true);
    browser.click("#allow").await;
    assert!(browser.find("#deny").await.is_some(), "a click on a disabled Allow has no effect");

    // The choice of a merchant shows at once whether Allow is possible, without Switch.
    browser.visit(&authorize_request(&server, &callback, "")).await;
    let is_disabled = "return document.querySelector('#allow').disabled";
    assert_eq!(browser.text("#obstacle").await, "");
    choose(&browser, "limited-merchant").await;
    assert_eq!(browser.run(is_disabled).await, true);
    assert!(browser.text("#obstacle").await.contains("does not have the privilege"));
    choose(&browser, "inactive-merchant").await;
    assert!(browser.text("#obstacle").await.contains("inactive"));
    choose(&browser, MERCHANT).await;
    assert_eq!(browser.run(is_disabled).await, false);
    assert_eq!(browser.text("#obstacle").await, "");

    // The selected merchant counts, also without a click on Switch. Without the privilege, Allow
    // redirects as Deny does.
    browser.visit(&authorize_request(&server, &callback, "")).await;
    browser.run("document.querySelector('#merchant').value = 'limited-merchant'").await;
    browser.click("#allow").await;
    assert_eq!(browser.wait_for_url(&callback).await, callback);

    // An error page, without any script from the request.
    let invalid = authorize_request(
        &server,
        "https://evil.example",
        "&state=%3Cscript%3Edocument.title%3D1%3C/script%3E",
    );
    browser.visit(&invalid).await;
    assert_eq!(browser.text("#code").await, "invalid_redirect_uri");
    assert_eq!(browser.text("#sent").await, "https://evil.example");
    assert_eq!(browser.text("#registered").await, callback);
    assert_eq!(browser.run("return document.scripts.length").await, 0);
    browser.close().await;
}

#[tokio::test]
async fn the_page_works_with_a_keyboard_a_screen_reader_and_a_narrow_screen() {
    let Some(browser) = Browser::open().await else { return };
    let (server, _partner, callback) = with_partner().await;
    browser.post("window/rect", json!({ "width": 360, "height": 740 })).await;
    browser.visit(&authorize_request(&server, &callback, "")).await;
    let fits = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(browser.run(fits).await, true, "the page is wider than a phone");
    let unnamed = "return [...document.querySelectorAll('button, select')].filter(e => \
                   !e.textContent.trim() || (e.labels && e.tagName == 'SELECT' && !e.labels.length)).length";
    assert_eq!(browser.run(unnamed).await, 0);
    assert_eq!(browser.run("return document.documentElement.lang").await, "en");
    let outside = "return document.querySelectorAll('body > :not(header, main, script)').length";
    assert_eq!(browser.run(outside).await, 0, "everything is in a landmark");
    let icon = "return document.querySelector('link[rel=icon]').href";
    assert!(browser.run(icon).await.as_str().unwrap().starts_with("data:"));
    // Tab reaches each control in reading order; Enter activates Allow.
    let mut order = Vec::new();
    for _ in 0..4 {
        browser.press("\u{e004}").await;
        order.push(browser.run("return document.activeElement.id").await);
    }
    assert_eq!(order, ["merchant", "switch", "allow", "deny"]);
    browser.run("document.querySelector('#allow').focus()").await;
    browser.press("\u{e007}").await;
    assert!(browser.wait_for_url(&callback).await.contains("code="));
    browser.close().await;
}

/// Browsers apply `form-action` to all redirects, and a partner's callback usually redirects again.
#[tokio::test]
async fn the_partner_may_redirect_the_merchant_to_another_origin() {
    let Some(browser) = Browser::open().await else { return };
    let target = MockAuthServer::start().await;
    let home = format!("http://localhost:{}/", target.address().port());
    // The callback redirects again: it is an authorize request that is denied automatically.
    let partner = crate::support::server_with(&format!(
        "clients: [{{ id: hop, secret: s, redirect_urls: [\"{home}\"] }}]"
    ))
    .await;
    let callback = format!(
        "{}?sub=oauth&client_id=hop&mock_consent=deny&redirect_url={home}",
        partner.authorize_url()
    );
    let server = crate::support::server_with(&format!(
        "clients: [{{ id: {}, redirect_urls: [\"{callback}\"] }}]",
        CLIENT.0
    ))
    .await;
    browser.visit(&authorize_request(&server, &callback, "")).await;
    browser.click("#allow").await;
    assert_eq!(browser.wait_for_url(&home).await, home);
    // With another host name for the same server.
    let named = server.authorize_url().replace("127.0.0.1", "localhost");
    let url = authorize_request(&server, &callback, "").replace(&server.authorize_url(), &named);
    browser.visit(&url).await;
    browser.click("#deny").await;
    assert_eq!(browser.wait_for_url(&home).await, home);
    browser.close().await;
}

/// A page on another origin can neither read nor change the state of the server.
#[tokio::test]
async fn a_page_on_another_origin_cannot_use_the_control_api() {
    let Some(browser) = Browser::open().await else { return };
    let server = MockAuthServer::start().await;
    // A page without a policy of its own, which can stand for a malicious one.
    let other = crate::support::server_with(
        "scenarios:
           - when: { endpoint: any, path: /page }
             respond: { status: 200, headers: { content-type: text/html }, body: <h1>Hello</h1> }",
    )
    .await;
    browser.visit(&format!("{}/page", other.base_url())).await;
    let script = format!(
        "const done = arguments[0]; const results = [];
         const tries = [
           ['{0}/_mock/clock', {{}}],
           ['{0}/_mock/clock', {{ method: 'DELETE' }}],
           ['{0}/_mock/codes', {{ method: 'POST', mode: 'no-cors', body: '{{}}' }}],
           ['{0}/_mock/clock/advance', {{ method: 'POST', mode: 'no-cors', body: '{{\"by\":\"1h\"}}' }}],
         ];
         (async () => {{
           for (const [url, options] of tries) {{
             try {{ const r = await fetch(url, options); results.push(r.type); }}
             catch (e) {{ results.push('failed'); }}
           }}
           done(results);
         }})();",
        server.base_url()
    );
    let results = browser.post("execute/async", json!({ "script": script, "args": [] })).await;
    assert_eq!(results, json!(["failed", "failed", "opaque", "opaque"]));
    assert_eq!(server.clock().offset().as_ms(), 0);
    browser.close().await;
}
