//! Values that people write in fixtures, calls and options: durations and time zones.

mod host;
mod human_duration;
mod signed_duration;
mod time_zone;

pub(crate) use host::is_host_name;
pub use human_duration::{HumanDuration, HumanDurationError};
pub use signed_duration::SignedDuration;
pub use time_zone::TimeZoneName;
