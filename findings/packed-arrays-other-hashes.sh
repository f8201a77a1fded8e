#!/usr/bin/env bash
# A packed array has other bytes in each of the Python tools: eth-abi packs `uint8[]` without padding, web3.py pads numbers, truth values and
# addresses but not `bytes4[]`, and Solidity, viem and ethers pad all of them. Each is silent, and a contract computes another hash.
#
# Solidity's ABI specification, "Non-standard Packed Mode": elements of an array are padded, the encoding of an array being that of its elements
# "with padding". `eth_abi.packed` is there for that mode, and the docstring of web3.py's `solidity_keccak` says that it hashes as Solidity
# does. A commitment or a Merkle leaf over `bytes4[]` that web3.py hashes is never the one that the contract computes; over other arrays it is
# right, so that a test with numbers passes.
#
# ApeWorX/eth-abi issue 149 (2021) says that encode_packed differs for arrays, and is open; no thread was found about `bytes4[]` in web3.py.
#
# Installs: web3 8.0.0 and eth-abi 6.0.0 from PyPI, viem 2.57.20 and ethers 6.17.0 from npm, into a temporary folder.
# Ends with an error when the bytes or hashes differ from what is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --ignore-scripts --no-fund --no-audit --loglevel=error viem@2.57.20 ethers@6.17.0 >/dev/null
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check web3==8.0.0 eth-abi==6.0.0
cat >packed.mjs <<'JS'
import { solidityPacked } from 'ethers'
import { encodePacked } from 'viem'
const [type, value] = [process.argv[2], JSON.parse(process.argv[3])]
console.log(encodePacked([type], [value]), solidityPacked([type], [value]))
JS
cat >packed.py <<'PY'
import json, subprocess, sys
from importlib.metadata import version
from eth_abi.packed import encode_packed
from web3 import Web3

asked = [  # type, value, whether web3.py hashes what viem packs
    ("uint8[]", [1, 2], True),
    ("bool[]", [True], True),
    ("address[]", ["0x" + "11" * 20], True),
    ("bytes4[]", ["0x01020304", "0xa0b0c0d0"], False),
]
print("web3", version("web3"), "eth-abi", version("eth-abi"), "and viem 2.57.20, ethers 6.17.0")
as_found = True
for kind, value, agrees in asked:
    run = subprocess.run(["node", "packed.mjs", kind, json.dumps(value)], check=True, capture_output=True, text=True)
    viem, ethers = run.stdout.split()
    given = [bytes.fromhex(v[2:]) for v in value] if kind == "bytes4[]" else value
    abi = "0x" + encode_packed([kind], [given]).hex()
    hashed = Web3.solidity_keccak([kind], [given])
    same = [name for name, packed in (("viem", viem), ("eth-abi", abi)) if hashed == Web3.keccak(hexstr=packed)]
    print(f"{kind} {value}\n  viem, ethers {viem}\n  eth-abi      {abi}\n  web3.py hashes the bytes of {' and '.join(same) or 'neither'}")
    as_found &= viem == ethers and len(viem) == 2 + 64 * len(value) and ("viem" in same) == agrees
    as_found &= abi != viem or kind == "address[]"
print("as found: arrays are packed in several ways" if as_found else "arrays are packed otherwise now")
sys.exit(0 if as_found else 1)
PY
venv/bin/python packed.py
