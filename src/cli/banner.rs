//! What `serve` prints on a terminal.

use crate::fixture::{AccountStatus, Client, ClientType, Fixtures};
use crate::server::MockAuthServer;

/// More clients than this are only counted.
const MOST_CLIENTS: usize = 8;

/// Where the server listens, the clients that it knows, and a line to paste.
pub(super) fn banner(server: &MockAuthServer, fixtures: &Fixtures) -> String {
    let urls: Vec<String> = [server.http_url(), server.https_url()].into_iter().flatten().collect();
    let note = match (server.http_url(), server.ca_pem()) {
        (None, Some(_)) => "  the CA      curl -k BASE/_mock/ca.pem\n",
        (Some(_), Some(_)) => "  the CA      curl BASE/_mock/ca.pem\n",
        _ => "",
    };
    let base_url = urls.first().map_or("", String::as_str);
    words(&urls.join(", "), base_url, &note.replace("BASE", base_url), fixtures)
}

fn words(listens_on: &str, base_url: &str, note: &str, fixtures: &Fixtures) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut names: Vec<&str> =
        fixtures.clients.iter().take(MOST_CLIENTS).map(|client| client.id.as_str()).collect();
    let more = format!("and {} more", fixtures.clients.len().saturating_sub(MOST_CLIENTS));
    if fixtures.clients.len() > MOST_CLIENTS {
        names.push(&more);
    }
    if names.is_empty() {
        names.push("none: every token request gets client_not_found");
    }
    format!(
        "smartpay-oauth-mock {version}, a mock for tests\n  \
         listens on  {listens_on}\n{note}  \
         clients     {}\n  \
         try         {}\n",
        names.join(", "),
        example(base_url, fixtures),
    )
}

/// A curl line that works when pasted.
fn example(base_url: &str, fixtures: &Fixtures) -> String {
    let usable = |id: &str| {
        fixtures.clients.iter().find(|client| {
            client.id == id
                && client.client_type == ClientType::Confidential
                && client.status == AccountStatus::Active
                && client.certificate_cn.is_none()
        })
    };
    let form = |client: &Client, grant_type: &str, name: &str, value: &str| {
        let secret = client.secret.expose();
        serde_urlencoded::to_string([
            ("grant_type", grant_type),
            ("client_id", &client.id),
            ("client_secret", secret),
            (name, value),
        ])
        .ok()
    };
    let code = fixtures.codes.iter().find_map(|code| {
        form(usable(&code.client)?, "authorization_code", "code", code.code.expose())
    });
    let token = || {
        fixtures.refresh_tokens.iter().filter(|token| !token.revoked).find_map(|token| {
            form(usable(&token.client)?, "refresh_token", "refresh_token", token.token.expose())
        })
    };
    match code.or_else(token) {
        Some(body) => format!("curl -d '{body}' {base_url}/oauth2/v3/token"),
        None => format!("curl {base_url}/_mock/health"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::builtin;

    #[test]
    fn the_line_to_paste_uses_a_code_of_the_fixtures() {
        let text = words("http://127.0.0.1:8080", "http://127.0.0.1:8080", "", &builtin());
        assert!(text.contains("curl -d 'grant_type=authorization_code&client_id=8l57hYffFb&client_secret=yourClientSecret&code=eyJraK' http://127.0.0.1:8080/oauth2/v3/token"), "{text}");
        assert!(text.contains("v6TJH1IqhM"));
    }

    #[test]
    fn without_clients_it_says_so() {
        let text = words("http://h", "http://h", "", &Fixtures::default());
        assert!(text.contains("client_not_found") && text.contains("curl http://h/_mock/health"));
    }
}
