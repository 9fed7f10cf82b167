//! A store that replicas share.

use std::fmt;
use std::sync::Arc;

use super::connection::Connection;
use super::journal::JournalWriter;
use super::keys::DirectoryKeys;
use super::link::Link;
use super::notices;
use super::realm::SharedRealm;
use crate::store::options::{StoreError, StoreOptions};

/// A store that replicas share.
pub(crate) struct SharedStore {
    pub(crate) link: Link,
    /// What tells this replica from the others.
    pub(crate) replica: Arc<str>,
    pub(super) directory: DirectoryKeys,
    pub(crate) writer: JournalWriter,
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedStore").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl SharedStore {
    /// Connects to a store.
    ///
    /// # Errors
    ///
    /// If the URL is malformed, or the store is away.
    pub(crate) async fn connect(
        options: &StoreOptions,
        default_realm: &str,
        journal_size: usize,
    ) -> Result<Self, StoreError> {
        let (connection, client) = Connection::open(options).await?;
        let database = client.get_connection_info().redis_settings().db();
        // Notices do not know databases.
        let channel: Arc<str> = format!("{}:notices:{database}", options.prefix).into();

        let link = Link {
            connection,
            prefix: options.prefix.as_str().into(),
            time: Arc::default(),
            notices: notices::start(client, Arc::clone(&channel)),
            channel,
        };
        Ok(Self {
            link,
            replica: format!("{:016x}", rand::random::<u64>()).into(),
            directory: DirectoryKeys::new(&options.prefix, default_realm),
            writer: JournalWriter::start(journal_size),
        })
    }

    /// Returns the host and port of the store.
    pub(crate) fn address(&self) -> &str {
        self.link.connection.availability().address()
    }

    /// Returns why the store is away, or `None` if it is there.
    pub(crate) fn reason_away(&self) -> Option<String> {
        self.link.connection.availability().reason()
    }

    /// Returns a realm of the store, of which nothing is known yet.
    pub(crate) fn realm(&self, name: &str) -> SharedRealm {
        SharedRealm::new(name, &self.link)
    }
}
