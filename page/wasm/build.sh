#!/bin/sh
# Makes evaluator.wasm and log.wasm from crates/page-evaluator and crates/page-log, and beside each a note of which sources.
#
#   page/wasm/build.sh            with the compiler of the workspace, where `rustup target add wasm32-unknown-unknown` gave it the target
#   page/wasm/build.sh --debian   with Debian's rustc-web, and std built from its rust-web-src: the same answers from other bytes
#
# TARGET says where cargo works; what lies there is used again.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${TARGET:-$root/target/wasm}
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src

# Refusals of the module are sentences of ours, never the place of a panic: no path of this machine gets in.
flags="-Ctarget-feature=+simd128 -Cpanic=abort -Cstrip=symbols --remap-path-prefix=$root=."
for folder in "$registry"/*; do flags="$flags --remap-path-prefix=$folder=library"; done
more=

if [ "${1:-}" = --debian ]; then
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    [ -x "$RUSTC" ] && [ -d /usr/lib/rustlib/src/rust/library ] || {
        echo 'Debian has the compiler in two packages: apt-get install rustc-web rust-web-src' >&2
        exit 1
    }
    more=-Zbuild-std=std,panic_abort
    lld=$(rustup which rustc | xargs dirname)/../lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$lld"
elif [ ! -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ]; then
    echo 'the compiler lacks std for the target: rustup target add wasm32-unknown-unknown, or give --debian' >&2
    exit 1
fi

export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$flags"
# The loops of the kernels are the product; all else is small.
export CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=false
cd "$root"
for name in evaluator log; do
    cargo rustc -p "page-$name" --lib --crate-type cdylib --release --locked --target wasm32-unknown-unknown --target-dir "$target" $more
    cp "$target/wasm32-unknown-unknown/release/page_$name.wasm" "$here/$name.wasm"
    chmod 644 "$here/$name.wasm"
done
node "$here/sources.mjs" --write "$("${RUSTC:-rustc}" --version)"
