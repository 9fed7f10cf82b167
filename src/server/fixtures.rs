//! The set in force, in the hands of a test: clients, merchants and all the rest, changed while the
//! server runs.

use std::sync::Arc;

use super::RealmHandle;
use crate::fixture::{Client, FixtureErrors, Fixtures, Merchant, Source, load_sources};

impl RealmHandle {
    /// The set in force.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.realm.registry().fixtures)
    }

    /// Takes other fixtures, YAML or JSON, with their codes and scenarios; live grants stay.
    ///
    /// # Errors
    ///
    /// Every mistake in them; then nothing has changed.
    pub async fn replace_fixtures(&self, text: &str) -> Result<(), FixtureErrors> {
        let source = Source { name: "fixtures".to_owned(), text: text.to_owned() };
        self.realm.replace(&Arc::new(load_sources(&[source])?));
        Ok(())
    }

    /// Back to the start: fixtures, grants, scenarios, journal and clock.
    pub async fn reset(&self) {
        self.realm.reset();
    }

    /// Registers a client, or registers it anew.
    ///
    /// # Errors
    ///
    /// Every mistake in it; then nothing has changed.
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
        self.change(|set| match set.clients.iter_mut().find(|known| known.id == client.id) {
            Some(known) => *known = client,
            None => set.clients.push(client),
        })
    }

    /// Changes a client. `Ok(false)`: there is none of this id.
    ///
    /// # Errors
    ///
    /// Every mistake in what it became; then nothing has changed.
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
        let mut found = false;
        self.change(|set| {
            if let Some(client) = set.clients.iter_mut().find(|client| client.id == id) {
                change(client);
                found = true;
            }
        })?;
        Ok(found)
    }

    /// Removes a client, and the fixtures' codes and tokens of it. `Ok(false)`: there is none of
    /// this id.
    ///
    /// # Errors
    ///
    /// If a scenario names it; then nothing has changed.
    pub async fn remove_client(&self, id: &str) -> Result<bool, FixtureErrors> {
        let known = self.realm.registry().client(id).is_some();
        self.change(|set| {
            set.clients.retain(|client| client.id != id);
            set.codes.retain(|code| code.client != id);
            set.refresh_tokens.retain(|token| token.client != id);
        })?;
        Ok(known)
    }

    /// Makes a merchant, or makes it anew.
    ///
    /// # Errors
    ///
    /// Every mistake in it; then nothing has changed.
    pub async fn put_merchant(&self, merchant: Merchant) -> Result<(), FixtureErrors> {
        self.change(|set| match set.merchants.iter_mut().find(|known| known.id == merchant.id) {
            Some(known) => *known = merchant,
            None => set.merchants.push(merchant),
        })
    }

    /// Changes a merchant. `Ok(false)`: there is none of this id.
    ///
    /// # Errors
    ///
    /// Every mistake in what it became; then nothing has changed.
    pub async fn update_merchant(
        &self,
        id: &str,
        change: impl FnOnce(&mut Merchant),
    ) -> Result<bool, FixtureErrors> {
        let mut found = false;
        self.change(|set| {
            if let Some(merchant) = set.merchants.iter_mut().find(|merchant| merchant.id == id) {
                change(merchant);
                found = true;
            }
        })?;
        Ok(found)
    }

    /// Removes a merchant, and the fixtures' codes and tokens of it. `Ok(false)`: there is none of
    /// this id.
    ///
    /// # Errors
    ///
    /// If a scenario names it; then nothing has changed.
    pub async fn remove_merchant(&self, id: &str) -> Result<bool, FixtureErrors> {
        let known = self.realm.registry().merchant(id).is_some();
        self.change(|set| {
            set.merchants.retain(|merchant| merchant.id != id);
            set.codes.retain(|code| code.merchant != id);
            set.refresh_tokens.retain(|token| token.merchant != id);
        })?;
        Ok(known)
    }

    /// Changes the set, if it is without mistakes then. Codes, grants and scenarios go on.
    fn change(&self, change: impl FnOnce(&mut Fixtures)) -> Result<(), FixtureErrors> {
        let mut set = (*self.realm.registry().fixtures).clone();
        change(&mut set);
        let text = serde_json::to_string(&set).unwrap_or_default();
        let source = Source { name: "fixtures".to_owned(), text };
        self.realm.set_registry(&Arc::new(load_sources(&[source])?));
        Ok(())
    }
}
