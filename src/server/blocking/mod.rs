//! The same interface for tests that are not async: each method blocks until it is done.
//!
//! ```
//! use smartpay_oauth_mock::blocking::MockAuthServer;
//! use smartpay_oauth_mock::{ErrorCode, Outcome, Scenario};
//!
//! let server = MockAuthServer::start();
//! let code = server.issue_code("v6TJH1IqhM", "rahulrama").unwrap();
//! let busy = server.inject(Scenario::respond(Outcome::error(ErrorCode::ServerError)).times(1));
//! // Your code under test would exchange the code at server.token_url() here.
//! assert!(server.requests().is_empty());
//! ```
//!
//! Every method of the async interface has a blocking version with the same name, parameters,
//! result and errors. The types that never wait, such as [`ScenarioGuard`](crate::ScenarioGuard)
//! and [`Clock`](crate::Clock), are the same in both. Within an async runtime the blocking methods
//! panic, because they would block the runtime.

mod follower;
mod mock_auth_server;
mod realm_builder;
mod realm_handle;
mod wait;

pub use follower::Follower;
pub use mock_auth_server::MockAuthServer;
pub use realm_builder::RealmBuilder;
pub use realm_handle::RealmHandle;
