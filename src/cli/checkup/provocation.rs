//! The provocations: what each does to a client, and what a client should do.

use serde_json::{Value, json};

use crate::fixture::{Fixtures, RefreshPolicy};
use crate::scenario::Scenario;

/// What a client has to do to survive a provocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survival {
    /// It succeeds, and sends a request at all.
    Works,
    /// It ends by itself, without one of the findings of this rule.
    EndsWithout(&'static str),
    /// It succeeds.
    Succeeds,
    /// It succeeds, without one of the findings of this rule.
    SucceedsWithout(&'static str),
}

/// A failure that is provoked.
#[derive(Debug)]
pub(super) struct Provocation {
    pub(super) name: &'static str,
    pub(super) survival: Survival,
    /// What a client should do, and why.
    pub(super) advice: &'static str,
}

const GIVE_UP: Survival = Survival::EndsWithout("retried-permanent-error");
const STOP: &str = "Stop and tell somebody: waiting does not mend this error, and retries may have your \
    client blocked.";
const RETRY: &str =
    "Retry after a pause: the error may pass, and the merchant should not notice it.";
const RETRY_LATER: &str =
    "Wait as long as Retry-After says, then retry: earlier requests are refused again.";
const RETRY_NETWORK: &str = "Treat a broken response like an error of the server: retry after a pause. \
    Networks fail now and then.";
const REFRESH: &str = "Refresh after this 401 and repeat the call: access tokens live for minutes.";
const STORE: &str = "Store the refresh token of each response and use it for the next refresh: the one \
    before may be dead.";

/// All provocations, in their order.
pub(super) const PROVOCATIONS: [Provocation; 25] = [
    new(
        "none",
        Survival::Works,
        "Without any failure, the command must exit with 0 and use the server.",
    ),
    new("invalid_request", GIVE_UP, STOP),
    new("invalid_scope", GIVE_UP, STOP),
    new("invalid_redirect_uri", GIVE_UP, STOP),
    new("invalid_client_type", GIVE_UP, STOP),
    new("invalid_client", GIVE_UP, STOP),
    new("unauthorized_client", GIVE_UP, STOP),
    new("client_not_found", GIVE_UP, STOP),
    new("access_denied", GIVE_UP, "Ask the merchant to grant access again: only that mends it."),
    new("merchant_not_active", GIVE_UP, STOP),
    new("client_not_active", GIVE_UP, STOP),
    new(
        "merchant-revokes",
        GIVE_UP,
        "Ask the merchant to grant access again: nothing else brings a revoked grant back.",
    ),
    new("server_error", Survival::Succeeds, RETRY),
    new("server-error-twice", Survival::Succeeds, RETRY),
    new("rate-limited", Survival::Succeeds, RETRY_LATER),
    new(
        "slow",
        Survival::Succeeds,
        "Wait for a slow response: a timeout below 3 s gives up too early.",
    ),
    new("connection-reset", Survival::Succeeds, RETRY_NETWORK),
    new(
        "lost-response",
        Survival::Succeeds,
        "Start again if a response is lost: the code may have been exchanged, so get a new one.",
    ),
    new("truncated-body", Survival::Succeeds, RETRY_NETWORK),
    new("garbage", Survival::Succeeds, RETRY_NETWORK),
    new(
        "hang",
        Survival::Succeeds,
        "Set a timeout for each request, and retry: a server that hangs must not hang your application.",
    ),
    new("refresh-rotates", Survival::SucceedsWithout("stale-refresh-token"), STORE),
    new("refresh-reissues", Survival::SucceedsWithout("stale-refresh-token"), STORE),
    new("access-token-expired", Survival::Succeeds, REFRESH),
    new("api-401-string", Survival::Succeeds, REFRESH),
];

const fn new(name: &'static str, survival: Survival, advice: &'static str) -> Provocation {
    Provocation { name, survival, advice }
}

impl Provocation {
    /// Adds the provocation to the fixtures of a server: its scenarios come before all others.
    pub(super) fn apply(&self, fixtures: &mut Fixtures) -> Result<(), serde_json::Error> {
        match self.name {
            "refresh-rotates" => fixtures.settings.refresh_policy = RefreshPolicy::Rotate,
            "refresh-reissues" => fixtures.settings.refresh_policy = RefreshPolicy::Reissue,
            _ => {}
        }

        for scenario in self.scenarios().into_iter().rev() {
            let scenario: Scenario = serde_json::from_value(scenario)?;
            fixtures.scenarios.insert(0, scenario.into());
        }
        Ok(())
    }

    /// Returns its scenarios as a fixture has them.
    fn scenarios(&self) -> Vec<Value> {
        let once = |respond: Value| vec![json!({ "respond": respond, "times": 1 })];

        match self.name {
            "none" | "refresh-rotates" | "refresh-reissues" => Vec::new(),
            "merchant-revokes" => vec![
                json!({ "respond": ["pass", { "error": "access_denied" }], "then": "last" }),
                json!({
                    "when": { "endpoint": "resource" },
                    "respond": unauthorized(json!(rmsg("UNAUTHORIZED_PARTNER"))),
                }),
            ],
            "server_error" => once(json!({ "error": "server_error" })),
            "server-error-twice" => {
                vec![json!({ "respond": { "error": "server_error" }, "times": 2 })]
            }
            "rate-limited" => once(json!({
                "error": "too_many_requests", "status": 429, "headers": { "Retry-After": "1" },
            })),
            "slow" => once(json!({ "delay": "3s" })),
            "connection-reset" => once(json!({ "fault": "connection_reset" })),
            "lost-response" => once(json!({ "fault": "connection_reset", "phase": "after" })),
            "truncated-body" => once(json!({ "fault": "truncated_body" })),
            "garbage" => once(json!({ "fault": "garbage" })),
            "hang" => once(json!({ "fault": "hang" })),
            "access-token-expired" => vec![json!({
                "when": { "endpoint": "resource" }, "times": 1,
                "respond": unauthorized(rmsg("ACCESS_TOKEN_EXPIRED")),
            })],
            "api-401-string" => vec![json!({
                "when": { "endpoint": "resource" }, "times": 1,
                "respond": unauthorized(json!(rmsg("ACCESS_TOKEN_EXPIRED").to_string())),
            })],
            error => vec![json!({ "respond": { "error": error } })],
        }
    }
}

fn rmsg(error: &str) -> Value {
    json!({ "error": error, "error_description": error })
}

/// Returns the outcome that is the API's 401 with this `rmsg`.
fn unauthorized(rmsg: Value) -> Value {
    json!({
        "status": 401,
        "json": { "response": { "rmsg": rmsg } },
        "headers": { "WWW-Authenticate": "Bearer realm=\"smartpay-oauth-mock\", error=\"invalid_token\"" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Source, builtin, load_sources};
    use crate::oauth::ErrorCode;

    #[test]
    fn each_provocation_is_a_valid_fixture() {
        for provocation in &PROVOCATIONS {
            let mut fixtures = (*builtin()).clone();
            provocation.apply(&mut fixtures).unwrap();
            let text = serde_json::to_string(&fixtures).unwrap();
            load_sources(&[Source::new(provocation.name, text)])
                .unwrap_or_else(|errors| panic!("{}: {errors}", provocation.name));
        }
    }

    #[test]
    fn each_documented_error_is_provoked() {
        for code in ErrorCode::DOCUMENTED {
            assert!(PROVOCATIONS.iter().any(|it| it.name == code.as_str()), "{code}");
        }
    }
}
