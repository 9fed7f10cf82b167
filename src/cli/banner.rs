//! The banner that `serve` prints on a terminal.

use super::version::VERSION;
use crate::fixture::{AccountStatus, Client, ClientType, Fixtures};
use crate::server::MockAuthServer;

/// The maximum number of clients that are listed.
const MAX_CLIENTS: usize = 8;

/// Returns the URLs of the server, its clients, and an example request.
/// `exposed_control` says who can use the control API, if that is not only this machine.
pub(super) fn banner(
    server: &MockAuthServer,
    fixtures: &Fixtures,
    exposed_control: Option<&str>,
) -> String {
    // Without HTTP, curl cannot verify the server before it has the CA certificate.
    let curl = if server.http_url().is_some() { "curl" } else { "curl -k" };
    let fetch_ca = server.ca_pem().map(|_| curl);

    let mut notes = Vec::new();
    notes.extend(server.portal_url().map(|url| ("portal", url)));
    notes.extend(
        fetch_ca.map(|curl| ("CA", format!("{curl} {}/_mock/ca.pem", base_url(server.urls())))),
    );
    notes.extend(exposed_control.map(|text| ("control API", text.to_owned())));

    format_banner(server.urls(), notes, fixtures)
}

/// `notes` are rows that not every server has.
fn format_banner(urls: &[String], notes: Vec<(&str, String)>, fixtures: &Fixtures) -> String {
    let base_url = base_url(urls);
    let mut rows = vec![("listening on", urls.join(", "))];
    rows.extend(notes);
    rows.push(("clients", list_clients(fixtures)));
    rows.push(("try", example_command(base_url, fixtures)));

    let mut banner = format!("smartpay-oauth-mock {VERSION}, a mock server");
    for (label, value) in rows {
        banner.push_str(&format!("\n  {label:<12}  {value}"));
    }
    banner.push('\n');
    banner
}

fn base_url(urls: &[String]) -> &str {
    urls.first().map_or("", String::as_str)
}

fn list_clients(fixtures: &Fixtures) -> String {
    if fixtures.clients.is_empty() {
        return "none (every token request fails with client_not_found)".to_owned();
    }

    let ids = fixtures.clients.iter().take(MAX_CLIENTS).map(|client| client.id.as_str());
    let list = ids.collect::<Vec<_>>().join(", ");
    match fixtures.clients.len().checked_sub(MAX_CLIENTS) {
        None | Some(0) => list,
        Some(more) => format!("{list}, and {more} more"),
    }
}

/// Returns a curl command that succeeds.
fn example_command(base_url: &str, fixtures: &Fixtures) -> String {
    match exchange_code(fixtures).or_else(|| refresh(fixtures)) {
        Some(body) => format!("curl -d '{body}' {base_url}/oauth2/v3/token"),
        None => format!("curl {base_url}/_mock/health"),
    }
}

/// Returns the body of a token request for the first code that can be exchanged.
fn exchange_code(fixtures: &Fixtures) -> Option<String> {
    fixtures.codes.iter().find_map(|code| {
        let client = usable_client(fixtures, &code.client)?;
        token_request(client, "authorization_code", ("code", code.code.expose()))
    })
}

/// Returns the body of a token request for the first refresh token that can be used.
fn refresh(fixtures: &Fixtures) -> Option<String> {
    fixtures.refresh_tokens.iter().filter(|token| !token.revoked).find_map(|token| {
        let client = usable_client(fixtures, &token.client)?;
        token_request(client, "refresh_token", ("refresh_token", token.token.expose()))
    })
}

/// Returns the client if it can authenticate with its secret alone.
fn usable_client<'f>(fixtures: &'f Fixtures, id: &str) -> Option<&'f Client> {
    fixtures.clients.iter().find(|client| {
        client.id == id
            && client.client_type == ClientType::Confidential
            && client.status == AccountStatus::Active
            && client.certificate_cn.is_none()
    })
}

fn token_request(client: &Client, grant_type: &str, credential: (&str, &str)) -> Option<String> {
    serde_urlencoded::to_string([
        ("grant_type", grant_type),
        ("client_id", &client.id),
        ("client_secret", client.secret.expose()),
        credential,
    ])
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::builtin;

    #[test]
    fn the_example_uses_a_code_of_the_fixtures() {
        let banner = format_banner(&["http://127.0.0.1:8080".to_owned()], Vec::new(), &builtin());
        assert!(banner.contains("curl -d 'grant_type=authorization_code&client_id=8l57hYffFb&client_secret=yourClientSecret&code=eyJraK' http://127.0.0.1:8080/oauth2/v3/token"), "{banner}");
        assert!(banner.contains("v6TJH1IqhM"));
    }

    #[test]
    fn the_banner_says_when_there_are_no_clients() {
        let banner = format_banner(&["http://h".to_owned()], Vec::new(), &Fixtures::default());
        assert!(banner.contains("client_not_found"), "{banner}");
        assert!(banner.contains("curl http://h/_mock/health"), "{banner}");
    }
}
