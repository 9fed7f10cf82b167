//! Making a realm.

use std::path::Path;
use std::sync::{Arc, Weak};

use super::RealmHandle;
use crate::fixture::{FixtureErrors, Fixtures, Source, load_paths, load_sources};
use crate::realm::{Realm, RealmError};

/// A realm that is about to be made.
///
/// ```
/// use smartpay_oauth_mock::MockAuthServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = MockAuthServer::start().await;
/// let blue = server.new_realm("blue").create()?;
/// assert_eq!(blue.base_url(), server.base_url() + "/realms/blue");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RealmBuilder<'s> {
    pub(super) server: &'s RealmHandle,
    pub(super) name: String,
    pub(super) fixtures: Option<Arc<Fixtures>>,
    pub(super) hosts: Vec<String>,
    pub(super) own_port: bool,
}

impl RealmBuilder<'_> {
    /// Starts it from these fixtures, YAML or JSON, in place of the server's own.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, FixtureErrors> {
        let source = Source { name: "fixtures".to_owned(), text: text.to_owned() };
        self.fixtures = Some(Arc::new(load_sources(&[source])?));
        Ok(self)
    }

    /// Starts it from the fixtures of a file or folder.
    ///
    /// # Errors
    ///
    /// Every mistake in them, with its place.
    pub fn fixtures_file(mut self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        self.fixtures = Some(load_paths(&[path])?);
        Ok(self)
    }

    /// Requests with this `Host` belong to it.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Gives it a port of its own, for clients that can be told a host and port only.
    pub fn own_port(mut self) -> Self {
        self.own_port = true;
        self
    }

    /// Makes the realm, fresh, also in place of one of the same name.
    ///
    /// # Errors
    ///
    /// If the name or a host cannot be one, or belongs to another.
    pub fn create(self) -> Result<RealmHandle, RealmError> {
        let app = Arc::clone(&self.server.app);
        let port = |realm: &Weak<Realm>| app.open_port(self.own_port, realm);
        let realm = app.realms.create(&self.name, self.fixtures, self.hosts, port)?;
        Ok(RealmHandle::of(self.server, realm))
    }
}
