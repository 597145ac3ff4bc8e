//! An allocator that counts, for the programs that measure how much is held. It counts for the
//! whole process, and a test harness has a thread that allocates when it likes: so each of them is
//! a program of its own (`harness = false`), which fails by panicking.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What was allocated since now.
pub(crate) fn region() -> Region<'static, System> {
    Region::new(ALLOCATOR)
}
