//! Values that people write in fixtures, calls and options: durations and time zones.

mod human_duration;
pub(crate) mod rfc3339;
mod signed_duration;
mod time_zone;

pub use human_duration::{HumanDuration, HumanDurationError};
pub use signed_duration::SignedDuration;
pub use time_zone::TimeZoneName;
