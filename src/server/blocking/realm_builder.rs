//! Settings of a new realm.

use std::path::Path;

use super::realm_handle::RealmHandle;
use crate::fixture::FixtureErrors;
use crate::realm::RealmError;
use crate::server::realm_builder;

/// Settings of a new realm.
///
/// This is the blocking version of [`RealmBuilder`](crate::RealmBuilder).
#[derive(Debug)]
#[must_use = "the realm does not exist until `create` is called"]
pub struct RealmBuilder<'s> {
    pub(super) inner: realm_builder::RealmBuilder<'s>,
}

impl RealmBuilder<'_> {
    /// Blocking version of [`fixtures`](crate::RealmBuilder::fixtures), with the same errors.
    pub fn fixtures(self, text: &str) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures(text)? })
    }

    /// Blocking version of [`fixtures_file`](crate::RealmBuilder::fixtures_file), with the same
    /// errors.
    pub fn fixtures_file(self, path: impl AsRef<Path>) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures_file(path)? })
    }

    /// Blocking version of [`fixtures_files`](crate::RealmBuilder::fixtures_files), with the same
    /// errors.
    pub fn fixtures_files<P: AsRef<Path>>(self, paths: &[P]) -> Result<Self, FixtureErrors> {
        Ok(Self { inner: self.inner.fixtures_files(paths)? })
    }

    /// Blocking version of [`host`](crate::RealmBuilder::host).
    pub fn host(self, host: impl Into<String>) -> Self {
        Self { inner: self.inner.host(host) }
    }

    /// Blocking version of [`own_port`](crate::RealmBuilder::own_port).
    pub fn own_port(self) -> Self {
        Self { inner: self.inner.own_port() }
    }

    /// Blocking version of [`create`](crate::RealmBuilder::create), with the same errors.
    pub fn create(self) -> Result<RealmHandle, RealmError> {
        self.inner.create().map(RealmHandle::from)
    }
}
