//! The current fixtures, read and changed in process while the server runs.

use std::sync::Arc;

use super::RealmHandle;
use crate::fixture::{Client, FixtureErrors, Fixtures, Merchant, Source};

impl RealmHandle {
    /// Returns the current fixtures.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.realm.registry().fixtures)
    }

    /// Replaces the fixtures, YAML or JSON, including codes and scenarios. Existing grants are
    /// kept.
    ///
    /// # Errors
    ///
    /// Every error in the text. In that case nothing changes.
    pub async fn replace_fixtures(&self, text: &str) -> Result<(), FixtureErrors> {
        self.realm.replace_fixtures(Source::new("fixtures", text)).map(drop)
    }

    /// Resets fixtures, grants, scenarios, journal and clock to their initial state.
    pub async fn reset(&self) {
        self.realm.reset();
    }

    /// Adds a client, or replaces the one with the same ID.
    ///
    /// # Errors
    ///
    /// Every error in the client. In that case nothing changes.
    ///
    /// ```
    /// use smartpay_oauth_mock::{MockAuthServer, fixture::Client};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockAuthServer::start().await;
    /// server.put_client(Client::new("my-app", "my-secret")).await?;
    /// let code = server.issue_code("my-app", "rahulrama").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn put_client(&self, client: Client) -> Result<(), FixtureErrors> {
        self.realm.put_entry(client).map(drop)
    }

    /// Changes a client. Returns `false` if there is no client with this ID.
    ///
    /// Other edits of the realm wait while `change` runs, so `change` must not edit the realm
    /// itself.
    ///
    /// # Errors
    ///
    /// Every error in the changed client. In that case nothing changes.
    ///
    /// ```
    /// use smartpay_oauth_mock::{MockAuthServer, fixture::AccountStatus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = MockAuthServer::start().await;
    /// server.update_client("v6TJH1IqhM", |client| client.status = AccountStatus::Inactive).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_client(
        &self,
        id: &str,
        change: impl FnOnce(&mut Client),
    ) -> Result<bool, FixtureErrors> {
        self.realm.update_entry(id, |client| {
            change(client);
            Ok(())
        })
    }

    /// Removes a client, and the codes and refresh tokens of the fixtures that refer to it. Returns
    /// `false` if there is no client with this ID.
    ///
    /// # Errors
    ///
    /// If a scenario of the fixtures refers to it. In that case nothing changes.
    pub async fn remove_client(&self, id: &str) -> Result<bool, FixtureErrors> {
        self.realm.remove_entry::<Client>(id)
    }

    /// Adds a merchant, or replaces the one with the same ID.
    ///
    /// # Errors
    ///
    /// Every error in the merchant. In that case nothing changes.
    pub async fn put_merchant(&self, merchant: Merchant) -> Result<(), FixtureErrors> {
        self.realm.put_entry(merchant).map(drop)
    }

    /// Changes a merchant. Returns `false` if there is no merchant with this ID.
    ///
    /// Other edits of the realm wait while `change` runs, so `change` must not edit the realm
    /// itself.
    ///
    /// # Errors
    ///
    /// Every error in the changed merchant. In that case nothing changes.
    pub async fn update_merchant(
        &self,
        id: &str,
        change: impl FnOnce(&mut Merchant),
    ) -> Result<bool, FixtureErrors> {
        self.realm.update_entry(id, |merchant| {
            change(merchant);
            Ok(())
        })
    }

    /// Removes a merchant, and the codes and refresh tokens of the fixtures that refer to it.
    /// Returns `false` if there is no merchant with this ID.
    ///
    /// # Errors
    ///
    /// If a scenario of the fixtures refers to it. In that case nothing changes.
    pub async fn remove_merchant(&self, id: &str) -> Result<bool, FixtureErrors> {
        self.realm.remove_entry::<Merchant>(id)
    }
}
