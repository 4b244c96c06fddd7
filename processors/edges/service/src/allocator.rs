//! The memory of every process: jemalloc, for Rust, RocksDB and librdkafka alike.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
