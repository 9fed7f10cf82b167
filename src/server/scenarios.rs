//! Scenarios that are injected in process, and the guards that remove them.

use std::fmt::Write;
use std::sync::Arc;

use super::RealmHandle;
use crate::fixture::FixtureErrors;
use crate::journal::{Filter, Times};
use crate::realm::Realm;
use crate::scenario::{ActiveScenario, Scenario, ScenarioState};

/// The maximum number of requests in the message of an expectation that is not met.
const MAX_SHOWN: usize = 20;

impl RealmHandle {
    /// Injects a scenario, which is tried before all others. It replaces a scenario with the same
    /// name. Dropping the returned guard removes it.
    ///
    /// ```
    /// use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let denied = Scenario::respond(Outcome::error(ErrorCode::AccessDenied)).times(1);
    /// let guard = server.inject(denied).await;
    /// // The next token request gets access_denied.
    /// assert_eq!(guard.matched(), 0);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the scenario is invalid: it refers to an unknown client, or has parts that are mutually
    /// exclusive. [`RealmHandle::try_inject`] returns the errors instead.
    pub async fn inject(&self, scenario: Scenario) -> ScenarioGuard {
        match self.try_inject(scenario).await {
            Ok(guard) => guard,
            Err(errors) => panic!("this scenario cannot be injected:\n{errors}"),
        }
    }

    /// Injects a scenario like [`RealmHandle::inject`], and returns the errors if it is invalid.
    ///
    /// # Errors
    ///
    /// Every error in the scenario. Each names the invalid member in place of a file.
    pub async fn try_inject(&self, scenario: Scenario) -> Result<ScenarioGuard, FixtureErrors> {
        // Read back from JSON, it passes the same checks as a scenario of the control API.
        let json = serde_json::to_string(&scenario).unwrap_or_default();
        let since = self.realm.journal.last_id();
        let (active, _) = self
            .realm
            .put_scenario(&json, None)
            .map_err(|errors| FixtureErrors::of_scenario(errors.0))?;

        Ok(ScenarioGuard {
            realm: Arc::clone(&self.realm),
            active,
            since,
            expected: None,
            detached: false,
        })
    }

    /// Returns the scenarios, in the order in which they are tried.
    pub async fn scenarios(&self) -> Vec<ScenarioState> {
        self.realm.scenario_states()
    }

    /// Enables or disables a scenario, injected or from the fixtures. It keeps its place and its
    /// progress. Returns `false` if there is no scenario with this name.
    pub async fn set_scenario_enabled(&self, name: &str, enabled: bool) -> bool {
        self.realm.set_scenario_enabled(name, enabled).is_some()
    }

    /// Removes a scenario, injected or from the fixtures, and releases the requests that it holds.
    /// Returns `false` if there is no scenario with this name.
    pub async fn remove_scenario(&self, name: &str) -> bool {
        self.realm.remove_scenario(name)
    }

    /// Removes all scenarios, including those of the fixtures, and releases the requests that they
    /// hold.
    pub async fn clear_scenarios(&self) {
        self.realm.clear_scenarios();
    }
}

/// Keeps an injected scenario active. Dropping the guard removes the scenario.
#[derive(Debug)]
#[must_use = "dropping the guard removes the scenario: bind it to a variable, or call `detach`"]
pub struct ScenarioGuard {
    realm: Arc<Realm>,
    active: Arc<ActiveScenario>,
    /// The ID of the newest journal entry at the time of the injection.
    since: u64,
    expected: Option<Times>,
    detached: bool,
}

impl ScenarioGuard {
    /// Returns the scenario's name.
    pub fn name(&self) -> &str {
        self.active.name()
    }

    /// Returns the number of requests that the scenario has matched.
    pub fn matched(&self) -> u64 {
        self.active.matched()
    }

    /// Returns the number of requests that the scenario holds now.
    pub fn held(&self) -> usize {
        self.active.barrier().held()
    }

    /// Releases the requests that the scenario holds. Returns their number.
    pub fn release(&self) -> usize {
        self.active.barrier().release()
    }

    /// Expects the scenario to match this number of requests: a number or a range.
    ///
    /// If it has not when the guard is dropped, the test fails with a panic. The message shows the
    /// requests that were received instead.
    ///
    /// ```should_panic
    /// use smartpay_oauth_mock::{ErrorCode, MockAuthServer, Outcome, Scenario};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let server = MockAuthServer::start().await;
    /// let busy = Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(2);
    /// let _retried = server.inject(busy).await.expect(2);
    /// // The code under test should have retried. It sent no request, so this test fails.
    /// # }
    /// ```
    pub fn expect(mut self, count: impl Into<Times>) -> Self {
        self.expected = Some(count.into());
        self
    }

    /// Keeps the scenario active without the guard, and drops the expectation if there is one.
    /// Returns the scenario's name.
    pub fn detach(mut self) -> String {
        self.detached = true;
        self.active.name().to_owned()
    }

    /// Returns the message of an expectation that is not met.
    fn failure(&self) -> Option<String> {
        let matched = self.matched();
        let expected = self.expected.filter(|expected| !expected.contains(matched))?;
        let mut text = format!(
            "the scenario \"{}\" was expected to match {} request{}, but matched {matched}.\n",
            self.name(),
            expected,
            if expected == Times::exactly(1) { "" } else { "s" },
        );

        let received = self.realm.journal.read(&Filter::new(), Some(self.since), usize::MAX);
        if received.requests.is_empty() {
            text.push_str("No request was received since it was injected.");
            return Some(text);
        }

        let _ = write!(text, "Requests received since it was injected ({}):", received.total);
        let skipped = received.requests.len().saturating_sub(MAX_SHOWN);
        if skipped > 0 {
            let _ = write!(text, "\n  ... {skipped} earlier requests");
        }
        for entry in &received.requests[skipped..] {
            let _ = write!(text, "\n  {entry}");
        }
        Some(text)
    }
}

impl Drop for ScenarioGuard {
    fn drop(&mut self) {
        if self.detached {
            return;
        }

        let failure = self.failure();
        self.realm.scenarios.remove_this(&self.active);

        // A test that is failing already keeps its own message.
        if let Some(text) = failure
            && !std::thread::panicking()
        {
            panic!("{text}");
        }
    }
}
