# shellcheck shell=bash
# Finds the Rust toolchain and what the C++ dependencies are compiled with; to be sourced after install.sh.

RUST_VERSION_MIN=1.95.0

# prepare_build: after it, cargo can build the workspace, in a target directory outside the checkout that a new clone finds full.
prepare_build() {
    require_tools g++ make pkg-config libclang openssl-headers zlib-headers
    if ! command -v cargo >/dev/null && [[ -x "$HOME/.cargo/bin/cargo" ]]; then
        PATH="$HOME/.cargo/bin:$PATH"
    fi
    local how="curl -sSf https://sh.rustup.rs | sh -s -- -y --profile default --default-toolchain stable"
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        die "Rust is missing; install it with: $how"
    fi
    local version
    version="$(rustc --version | cut -d ' ' -f 2 | cut -d - -f 1)"
    if [[ "$(printf '%s\n' "$RUST_VERSION_MIN" "$version" | sort -V | head -n 1)" != "$RUST_VERSION_MIN" ]]; then
        command -v rustup >/dev/null && how="rustup update stable"
        die "rustc is $version, and $RUST_VERSION_MIN or newer is needed; get it with: $how"
    fi
    # RocksDB takes a while to compile: demo, tests and benchmarks share one directory and one profile.
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$AEROLOG_CACHE/target}"
    announce_first_build
}

# announce_first_build: says once how long the first build takes, where that one is still to come.
announce_first_build() {
    if [[ -z "${first_build_announced:-}" && ! -d "${CARGO_TARGET_DIR:-$AEROLOG_CACHE/target}/release/deps" ]]; then
        say "the first build compiles RocksDB and librdkafka: allow 20 to 40 minutes on two cores; every later one takes seconds"
        first_build_announced=yes
    fi
}

# build_programs PACKAGE...: builds the programs of these packages and nothing else, and shows how many crates of how many it has come to.
build_programs() {
    local package packages=() total
    for package; do
        packages+=(-p "$package")
    done
    if [[ -t 2 ]]; then
        # On a terminal cargo shows that itself.
        cargo build --release --locked --bins "${packages[@]}"
        return
    fi
    total="$(cargo tree --locked --edges normal,build --prefix none --format '{p}' "${packages[@]}" | sed 's/ (\*)$//' | sort -u | wc -l)"
    cargo build --release --locked --bins "${packages[@]}" 2>&1 \
        | awk -v total="$total" '/^ *Compiling/ { printf "[%d of about %d] ", ++count, total } { print; fflush() }' >&2
}
