//! Settings of a new realm.

use std::path::Path;
use std::sync::Arc;

use super::RealmHandle;
use crate::fixture::{FixtureErrors, Fixtures, Source, load_paths, load_sources};
use crate::realm::RealmError;

/// Settings of a new realm.
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
#[must_use = "the realm does not exist until `create` is called"]
pub struct RealmBuilder<'s> {
    default: &'s RealmHandle,
    name: String,
    fixtures: Option<Arc<Fixtures>>,
    hosts: Vec<String>,
    own_port: bool,
}

impl<'s> RealmBuilder<'s> {
    pub(super) fn new(default: &'s RealmHandle, name: String) -> Self {
        Self { default, name, fixtures: None, hosts: Vec::new(), own_port: false }
    }

    /// Sets the fixtures, YAML or JSON. The default is the fixtures that the server started with.
    ///
    /// # Errors
    ///
    /// Every error in the text, with its line and column.
    pub fn fixtures(mut self, text: &str) -> Result<Self, FixtureErrors> {
        self.fixtures = Some(Arc::new(load_sources(&[Source::new("fixtures", text)])?));
        Ok(self)
    }

    /// Sets the fixtures from a file or directory.
    ///
    /// # Errors
    ///
    /// Every error in the files, with its location.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        self.fixtures_files(&[path])
    }

    /// Sets the fixtures from several files and directories. Later ones override earlier ones.
    ///
    /// # Errors
    ///
    /// Every error in the files, with its location.
    pub fn fixtures_files<P: AsRef<Path>>(mut self, paths: &[P]) -> Result<Self, FixtureErrors> {
        self.fixtures = Some(load_paths(paths)?);
        Ok(self)
    }

    /// Adds a host name: requests with this `Host` belong to the realm.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Gives the realm its own port, for clients that accept only a host and a port.
    pub fn own_port(mut self) -> Self {
        self.own_port = true;
        self
    }

    /// Creates the realm. It replaces a realm with the same name.
    ///
    /// # Errors
    ///
    /// If the name or a host name is invalid, if a host name belongs to another realm, if there are
    /// too many realms, or if the realm's own port cannot be opened.
    pub fn create(self) -> Result<RealmHandle, RealmError> {
        let app = &self.default.app;
        let (realm, _) = app.realms.create(&self.name, self.fixtures, self.hosts, |realm| {
            app.open_port(self.own_port, realm)
        })?;

        Ok(self.default.sibling(realm))
    }
}
