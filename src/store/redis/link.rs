//! What the store and its realms share.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::connection::Connection;
use super::notices::Notice;
use super::time::StoreTime;

/// What the store and its realms share. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) connection: Connection,
    /// The prefix of all keys.
    pub(super) prefix: Arc<str>,
    pub(crate) time: Arc<StoreTime>,
    /// The channel of notices to the replicas.
    pub(super) channel: Arc<str>,
    /// Gives the notices of all replicas to those who wait for them.
    pub(crate) notices: broadcast::Sender<Notice>,
}
