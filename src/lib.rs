//! placeholder
#![forbid(unsafe_code)]

mod authority;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod clock;
pub mod fixture;
mod http;
mod oauth;
mod realm;
mod scenario;
mod server;
mod token;

pub use clock::Clock;
pub use fixture::{Mistake, Mistakes, PathPattern, Period, PeriodError};
pub use oauth::{ErrorCode, Secret, TokenResponse};
pub use realm::IssueError;
pub use scenario::{Delay, Endpoint, Outcome, Pattern, Respond, Scenario, Then, When, WhenAny};
pub use server::{Builder, MockAuthServer, StartError};
pub use token::{Inspection, KeyError, SigningKey, inspect};
