//! One target of the fuzzer. libFuzzer has the arguments, so that scripts/fuzz says the rest in the environment: `FUZZ_TARGET` names the target,
//! `FUZZ_SEEDS` a folder into which its seeds are written instead of fuzzing, and `FUZZ_LIST` has the targets listed.
#![no_main]
// libFuzzer calls a function by its name in C.
#![allow(unsafe_code)]
// A list is for standard output.
#![allow(clippy::print_stdout)]

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use std::alloc::System;
use std::fs;
use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::process::{abort, exit};
use std::sync::LazyLock;

/// An allocation beyond the bound fails, and with it the process.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

static TARGET: LazyLock<&fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}, which is no target"))
});

fuzz_target!(
    init: {
        serve_script();
        // What is allocated once, such as schemas that are parsed and the database of time zones, is no input's.
        for seed in fuzz::seeds_of(TARGET.name) {
            (TARGET.run)(&seed);
        }
        tell_panics();
    },
    |input: &[u8]| {
        let before = ALLOCATOR.allocated();
        // Infallible: more than is allocated now.
        let _set = ALLOCATOR.set_limit(before + fuzz::MEMORY_BYTES_MAX);
        (TARGET.run)(input);
        let _set = ALLOCATOR.set_limit(usize::MAX);
    }
);

/// What is asked for instead of fuzzing, if anything is.
fn serve_script() {
    if std::env::var_os("FUZZ_LIST").is_some() {
        for target in fuzz::TARGETS {
            println!("{:<16} {}", target.name, target.what);
        }
        exit(0);
    }
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        let seeds = fuzz::seeds_of(TARGET.name);
        let write = |(number, seed): (usize, &Vec<u8>)| fs::write(Path::new(&folder).join(format!("seed-{number:03}")), seed);
        if let Err(error) = seeds.iter().enumerate().try_for_each(write) {
            eprintln!("error: {}: {error}", folder.display());
            exit(1);
        }
        exit(0);
    }
}

/// A panic ends the process even where the code around it would contain it: what is contained is a bug all the same. Not so inside the Avro
/// library, of whose panics `schemas` knows.
fn tell_panics() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !is_of_avro_library(panic) {
            tell(panic);
            abort();
        }
    }));
}

fn is_of_avro_library(panic: &PanicHookInfo<'_>) -> bool {
    panic.location().is_some_and(|location| location.file().contains("/apache-avro-"))
}
