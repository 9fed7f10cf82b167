//! The state in the memory of this process.

mod expiring_map;
mod grants;
mod sync;

pub(crate) use grants::MemoryGrants;
