//! The library's interface: [`MockAuthServer`], its builder, and the handles of its realms.

mod accept;
pub mod blocking;
mod builder;
mod connection;
mod connections;
mod file_watcher;
mod fixtures;
mod handshake;
mod header_case;
mod interfaces;
mod listener;
mod listeners;
mod local_url;
mod mock_auth_server;
mod port;
mod realm_builder;
mod realm_handle;
#[cfg(feature = "redis")]
mod replication;
mod requests;
mod runtime;
mod scenarios;
mod start;
mod tracked_body;
mod waiting_responses;

pub use builder::Builder;
#[cfg(feature = "cli")]
pub(crate) use interfaces::Interfaces;
pub use mock_auth_server::MockAuthServer;
pub use realm_builder::RealmBuilder;
pub use realm_handle::{RealmHandle, TokenIdError};
pub use requests::Follower;
#[cfg(feature = "cli")]
pub(crate) use runtime::runtime;
pub use scenarios::ScenarioGuard;
pub use start::StartError;
