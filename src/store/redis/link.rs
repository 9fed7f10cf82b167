//! What the store and its realms share.

use std::sync::Arc;

use super::connection::Connection;
use super::notices::Notices;
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
    pub(super) notices: Notices,
}
