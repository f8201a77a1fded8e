#!/usr/bin/env bash
# Arrow for JavaScript writes wrong half floats: 1.9999 is stored as 1, 0.49999 as 0.25, 70000 as 2.13 and 0.00000001 as -Infinity.
#
# The Arrow columnar format says that a half is a binary16 of IEEE 754, which rounds to the nearest: 2, 0.5, Infinity and 0. The converter
# (`util.float64ToUint16`, behind `vectorFromArray`, builders and `Vector.set` of the type Float16) rounds the fraction up without carrying
# into the exponent, so that whatever lies just below 2, 0.5, 8 … loses a factor of two; it makes a small number of every whole number from
# 65536 on; and it shifts by negative amounts what is below the halves. 3.9999 is right, as is what most tests try.
# A weight, a gradient norm or a loss that a browser stores as a half is silently another number, in the file too: pyarrow reads 1 as well.
# No thread was found that tells of it.
#
# Installs: apache-arrow 21.2.0 from npm, pyarrow 26.0.1 from PyPI, into a temporary folder.
# Ends with an error when a number is stored otherwise than is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --ignore-scripts --no-fund --no-audit --loglevel=error apache-arrow@21.2.0 >/dev/null
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pyarrow==26.0.1
cat >halves.mjs <<'JS'
import { readFileSync, writeFileSync } from 'node:fs'
import { Float16, Table, tableToIPC, vectorFromArray } from 'apache-arrow'

console.log('apache-arrow', JSON.parse(readFileSync('node_modules/apache-arrow/package.json')).version, 'on Node', process.version)
const rows = [ // number, nearest half, what is stored
  [1.9999, 2, 1], [-1.9999, -2, -1], [0.49999, 0.5, 0.25], [7.999, 8, 4], [3.9999, 4, 4],
  [65520, Infinity, Infinity], [70000, Infinity, 2.134765625], [1000000, Infinity, 3.814453125],
  [1e-8, 0, -Infinity], [0.00006103, 0.00006103515625, -Infinity], [0.1, 0.0999755859375, 0.0999755859375]
]
const vector = vectorFromArray(rows.map(([number]) => number), new Float16())
let asFound = true
rows.forEach(([number, nearest, stored], at) => {
  const found = vector.get(at)
  console.log(`${number}: ${found}${found === nearest ? '' : `, and the nearest half is ${nearest}`}`)
  asFound &&= found === stored
})
writeFileSync('halves.arrow', tableToIPC(new Table({ x: vector }), 'file'))
writeFileSync('stored.json', JSON.stringify(rows.map(([, , stored]) => String(stored))))
process.exit(asFound ? 0 : 1)
JS
node halves.mjs || { echo 'Arrow for JavaScript rounds otherwise now'; exit 1; }
venv/bin/python - <<'PY'
import json, sys
import pyarrow as pa

read = pa.ipc.open_file("halves.arrow").read_all()["x"].to_pylist()
print("pyarrow", pa.__version__, "reads", read)
same = read == [float(x) for x in json.load(open("stored.json"))]
print("as found: the wrong halves are in the file" if same else "pyarrow reads the file otherwise now")
sys.exit(0 if same else 1)
PY
