//! How RocksDB is set up, and how a directory that cannot be used is set aside.

use crate::Error;
use rocksdb::{BlockBasedOptions, Cache, DB, DBCompressionType, DBRecoveryMode, Options};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How much memory a store may take, about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizing {
    /// Blocks of files. Their indexes and filters come on top.
    pub block_cache_bytes: usize,
    /// One write buffer; up to three exist at a time.
    pub write_buffer_bytes: usize,
}

impl Default for Sizing {
    fn default() -> Self {
        Self {
            block_cache_bytes: 64 << 20,
            write_buffer_bytes: 16 << 20,
        }
    }
}

const WRITE_BUFFERS_MAX: i32 = 3;
const BLOCK_BYTES: usize = 8 << 10;
const FILTER_BITS_PER_KEY: f64 = 10.0;
/// The part of a write buffer that goes into its Bloom filter: most keys that are looked for are new and in no file.
const MEMTABLE_FILTER_RATIO: f64 = 0.05;
/// Files of one store that are open at once. They keep their index and their filter in memory; that many of 16 MiB hold far more than
/// the largest state that was measured.
pub const OPEN_FILES_MAX: u16 = 512;
const BACKGROUND_JOBS_MAX: i32 = 2;
/// The level compresses at half the cost of the default one, 3: a view of a million facts spends an eighth of its CPU time on that.
const ZSTD_LEVEL: i32 = 1;
/// RocksDB's defaults for the rest.
const ZSTD_WINDOW_BITS: i32 = -14;
const ZSTD_STRATEGY: i32 = 0;
const ZSTD_DICTIONARY_BYTES: i32 = 0;
const INFO_LOGS_MAX: usize = 3;
const INFO_LOG_BYTES_MAX: usize = 1 << 20;
const SET_ASIDE_MAX: u32 = 1000;
/// RocksDB rewrites a table of the last level when the last snapshot goes that was older than it, which here is every question that follows a
/// flush: work for nothing, and a table without a name whenever the process is killed then.
const REWRITE_DELAY_SECONDS: &str = "86400";

/// Files that have not been merged with those of the lower levels, while a state is written in bulk: each merge rewrites most of what lies below
/// them. RocksDB merges at four by default: twice the work.
const UNMERGED_FILES_MAX: i32 = 8;
/// The second such file is merged together with the first, once a state is read more than it is written.
pub(crate) const MERGE_SOON: (&str, &str) = ("level0_file_num_compaction_trigger", "2");

pub(crate) fn open(path: &Path, sizing: Sizing) -> Result<DB, Error> {
    let mut options = options(sizing);
    options.create_if_missing(true);
    // Nothing may become superfluous until what was found has been compared with what is used.
    options.set_disable_auto_compactions(true);
    let found = tables(path);
    let failed = |error| Error::new(path, "opened", &error);
    let db = DB::open(&options, path).map_err(failed)?;
    let used: BTreeSet<String> = db.live_files().map_err(failed)?.into_iter().map(|file| file.name).collect();
    if let Some(unused) = found.iter().find(|name| !used.contains(*name)) {
        return Err(Error::unnamed(path, unused));
    }
    db.set_options(&[
        ("disable_auto_compactions", "false"),
        ("bottommost_file_compaction_delay", REWRITE_DELAY_SECONDS),
    ])
    .map_err(failed)?;
    Ok(db)
}

/// The whole tables in a directory, as RocksDB calls them: `/000012.sst`.
///
/// A manifest that was cut short opens without a word at what it knew before: the tables that it no longer names are deleted, and the log
/// next to them brings a newer position without the state that belongs to it. So a table that is not used means that the directory cannot
/// be relied on. A table that was still being written lacks its end. A crash within the moment between writing a table and naming it looks the
/// same as a lost name; that costs a rebuild.
fn tables(path: &Path) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(path) else {
        return BTreeSet::new();
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let tables = names.filter(|name| name.ends_with(".sst") && is_whole(&path.join(name)));
    tables.map(|name| format!("/{name}")).collect()
}

/// What the last bytes of a table are (RocksDB's `kBlockBasedTableMagicNumber`): they are written when all else is.
const END_OF_TABLE: [u8; 8] = 0x88e2_41b7_85f4_cff7_u64.to_le_bytes();

/// One that cannot be read counts as whole: RocksDB says what is wrong with it.
fn is_whole(table: &Path) -> bool {
    let end = || {
        let mut file = File::open(table)?;
        let mut end = [0; END_OF_TABLE.len()];
        let bytes = file.metadata()?.len();
        if bytes < end.len() as u64 {
            return Ok(None);
        }
        file.seek(SeekFrom::End(-(end.len() as i64)))?;
        file.read_exact(&mut end)?;
        std::io::Result::Ok(Some(end))
    };
    end().map_or(true, |end| end == Some(END_OF_TABLE))
}

pub(crate) fn options(sizing: Sizing) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(&Cache::new_lru_cache(sizing.block_cache_bytes));
    // A file that compresses well has a filter of some MiB, which no shard of the cache can hold: it would be read for every key that
    // is looked for. Outside of the cache it costs ten bits for each key of the files that are open.
    blocks.set_cache_index_and_filter_blocks(false);
    blocks.set_bloom_filter(FILTER_BITS_PER_KEY, false);
    blocks.set_block_size(BLOCK_BYTES);
    blocks.set_format_version(5);

    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(sizing.write_buffer_bytes);
    options.set_max_write_buffer_number(WRITE_BUFFERS_MAX);
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(MEMTABLE_FILTER_RATIO);
    options.set_target_file_size_base(sizing.write_buffer_bytes as u64);
    options.set_level_compaction_dynamic_level_bytes(true);
    options.set_level_zero_file_num_compaction_trigger(UNMERGED_FILES_MAX);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_bottommost_compression_type(DBCompressionType::Zstd);
    options.set_bottommost_compression_options(ZSTD_WINDOW_BITS, ZSTD_LEVEL, ZSTD_STRATEGY, ZSTD_DICTIONARY_BYTES, true);
    options.set_max_background_jobs(BACKGROUND_JOBS_MAX);
    options.set_max_open_files(OPEN_FILES_MAX.into());
    // One thread writes: the machinery for many is only in its way.
    options.set_allow_concurrent_memtable_write(false);
    // What is left of a log that was cut short ends at the last whole batch, with the cursor that belongs to it.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_keep_log_file_num(INFO_LOGS_MAX);
    options.set_max_log_file_size(INFO_LOG_BYTES_MAX);
    options
}

/// Renames a directory that cannot be used to `<path>.set-aside-<n>`, so that a new one can be built in its place and a person can
/// look into the old one. Returns the new name.
pub(crate) fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    for number in 1..=SET_ASIDE_MAX {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".set-aside-{number}"));
        let aside = PathBuf::from(name);
        if !aside.try_exists()? {
            std::fs::rename(path, &aside)?;
            return Ok(aside);
        }
    }
    Err(std::io::Error::other(format!(
        "{} directories next to {} are set aside already: delete those that are not needed",
        SET_ASIDE_MAX,
        path.display()
    )))
}

/// A file of this name in the directory asks for a rebuild at the next start: a block was found broken in mid-run.
const REBUILD: &str = "REBUILD";

/// Leaves a note in the directory: the next start sets it aside and rebuilds it.
pub fn ask_for_rebuild(path: &Path) -> std::io::Result<()> {
    std::fs::write(
        path.join(REBUILD),
        "a broken block was found; this directory is set aside at the next start\n",
    )
}

pub(crate) fn is_rebuild_asked_for(path: &Path) -> bool {
    path.join(REBUILD).exists()
}
