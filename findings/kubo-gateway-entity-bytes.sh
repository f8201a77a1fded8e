#!/usr/bin/env bash
# Kubo's gateway sends a whole file where `entity-bytes` asks for eleven bytes of it, unless `dag-scope=entity` is said too.
#
# The specification of trustless gateways (`entity-bytes`): the parameter "implies `dag-scope=entity`", and of a UnixFS file a gateway "MUST return
# only the minimal set of blocks necessary to verify the specified byte range". A client that leaves out what is implied gets the
# right bytes and all the others: 1,000,461 instead of 262,488 here, and a whole checkpoint instead of a chunk elsewhere.
#
# Installs: Kubo, from its Go module, into a temporary folder. Runs: its daemon on the loopback interface, without peers, and curl.
# Ends with an error when Kubo answers otherwise than is written here.
set -euo pipefail

version=v0.42.0
work=$(mktemp -d)
daemon=
trap 'if [ -n "$daemon" ]; then kill "$daemon" 2>/dev/null || true; wait "$daemon" 2>/dev/null || true; fi; chmod -R u+w "$work"; rm -rf "$work"' EXIT

source=$(cd "$work" && go mod download -json "github.com/ipfs/kubo@$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
(cd "$source" && go build -o "$work/ipfs" ./cmd/ipfs)
"$work/ipfs" --version

export IPFS_PATH="$work/repository" IPFS_TELEMETRY=off
"$work/ipfs" init --profile=test >/dev/null
set_to() { "$work/ipfs" config --json "$1" "$2"; }
set_to AutoConf.Enabled false
set_to Bootstrap '[]'
set_to Routing.Type '"none"'
set_to DNS.Resolvers '{}'
set_to Routing.DelegatedRouters '[]'
set_to Ipns.DelegatedPublishers '[]'
set_to Addresses.Swarm '[]'
set_to Addresses.API '"/ip4/127.0.0.1/tcp/0"'
set_to Addresses.Gateway '"/ip4/127.0.0.1/tcp/0"'
"$work/ipfs" daemon >"$work/daemon.log" 2>&1 &
daemon=$!
for _ in $(seq 150); do [ -s "$IPFS_PATH/gateway" ] && break; sleep 0.2; done
gateway=$(cat "$IPFS_PATH/gateway")

# A million bytes in four chunks, none like another.
seq 1 200000 >"$work/file"
truncate -s 1000000 "$work/file"
cid=$("$work/ipfs" add -Q --cid-version=1 --raw-leaves --chunker=size-262144 "$work/file")

bytes() { curl -sS -o "$work/car" -w '%{size_download}' "$gateway/ipfs/$cid?format=car&$1"; }
expected() { # query, bytes
    local found
    found=$(bytes "$1")
    echo "?format=car&$1  $found bytes"
    if [ "$found" != "$2" ]; then
        echo "Kubo answers otherwise now: $2 bytes were expected"
        exit 1
    fi
}
expected 'dag-scope=entity&entity-bytes=0:10' 262488   # the root and the first chunk, as it should be
expected 'entity-bytes=0:10' 1000461                   # should be the same 262488
expected 'dag-scope=all' 1000461
echo "as found: entity-bytes alone is ignored"
