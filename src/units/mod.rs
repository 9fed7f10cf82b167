//! Values with a text form of their own, in fixtures, requests and options: durations and time
//! zones.

mod host;
mod human_duration;
mod printable;
pub(crate) mod rfc3339;
mod signed_duration;
mod text;
mod time_zone;

pub(crate) use host::{canonical_host, ip_address, is_host_name, is_this_machine};
pub use human_duration::{HumanDuration, HumanDurationError};
pub(crate) use printable::printable;
pub use signed_duration::SignedDuration;
pub(crate) use text::deserialize_text;
pub use time_zone::{TimeZoneName, TimeZoneNameError};
