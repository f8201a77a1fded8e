#!/usr/bin/env bash
# In Python, one peer has two addresses: `/p2p/` with the peer's CID is packed as the CID and not as the multihash that JavaScript and Go
# pack. The two addresses print alike, are not equal, and one of them tells every other node of a peer that does not exist.
#
# libp2p's peer-ids specification says that a peer ID is a multihash, which may be written in base58 or as a CIDv1 of codec libp2p-key, and
# that programs must read both; only the text differs. multiaddr for Python keeps the CID's four leading bytes (01 72 00 24 before an Ed25519
# key) in the packed form. `str()` shows base58 for both, so that a log shows no difference, while sets, dicts and address books hold two
# peers; whatever is sent packed carries the wrong one, and JavaScript reads it as another name.
# `k51…` and `bafz…` are what `ipfs key list` and gateways show. No thread was found that tells of it.
#
# Installs: multiaddr 0.2.0 from PyPI and @multiformats/multiaddr 13.0.3 from npm into a temporary folder.
# Ends with an error when the bytes differ from what is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check multiaddr==0.2.0
npm install --ignore-scripts --no-fund --no-audit --loglevel=error @multiformats/multiaddr@13.0.3 >/dev/null
cat >packed.mjs <<'JS'
import { multiaddr } from '@multiformats/multiaddr'
const [what, value] = process.argv.slice(2)
if (what === 'pack') console.log(Buffer.from(multiaddr(value).bytes).toString('hex'))
else console.log(multiaddr(Uint8Array.from(Buffer.from(value, 'hex'))).toString())
JS
cat >peers.py <<'PY'
import subprocess, sys
from importlib.metadata import version
from multiaddr import Multiaddr

def javascript(what, value):
    return subprocess.run(["node", "packed.mjs", what, value], check=True, capture_output=True, text=True).stdout.strip()

base58 = "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV"
cid = "/ip4/192.0.2.1/tcp/4001/p2p/k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs"
print("multiaddr for Python", version("multiaddr"))
one, other = Multiaddr(base58), Multiaddr(cid)
print("text:  ", one, other, sep="\n  ")
print("equal: ", one == other, "of a set of both there are", len({one, other}))
print("Python:", one.to_bytes().hex(), other.to_bytes().hex(), sep="\n  ")
packed = [javascript("pack", base58), javascript("pack", cid)]
print("JavaScript:", *packed, sep="\n  ")
read = javascript("show", other.to_bytes().hex())
print("JavaScript reads Python's second as", read)
as_found = (
    str(one) == str(other) == base58 and one != other and len({one, other}) == 2
    and packed[0] == packed[1] == one.to_bytes().hex()
    and other.to_bytes().hex() == packed[0].replace("a5032600240801", "a50328017200240801")
    and read not in (base58, cid)
)
print("as found: the same peer has other bytes in Python" if as_found else "the addresses are packed otherwise now")
sys.exit(0 if as_found else 1)
PY
venv/bin/python peers.py
