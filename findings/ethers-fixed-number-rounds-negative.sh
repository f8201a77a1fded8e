#!/usr/bin/env bash
# ethers rounds -2 to -1, -1.6 to -1 and -0.9 to 0, and the ceiling of 1.5 is 1: FixedNumber's `round` is wrong below zero, `floor` below zero,
# and `ceiling` above.
#
# What the declarations say: `round` rounds at a place, ties up; `floor` gives the largest integer that is not greater, `ceiling` the smallest that
# is not less. `floor` and `ceiling` work out what to add and then divide the number without it; `round` adds one half and cuts towards zero,
# which below -0.5 gives one too much for all but ties, whole numbers too. Nothing is raised. viem's parseUnits rounds the same texts rightly.
# Losses, changes of a price and what somebody owes are negative, and a share that is rounded up for safety with `ceiling` is rounded down.
#
# ethers-io/ethers.js pull request 5160 (open) mends `floor` and `ceiling`; no thread was found about `round`.
#
# Installs: ethers 6.17.0 and viem 2.57.20 from npm into a temporary folder.
# Ends with an error when the numbers differ from what is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --ignore-scripts --no-fund --no-audit --loglevel=error ethers@6.17.0 viem@2.57.20 >/dev/null
cat >round.mjs <<'JS'
import { FixedNumber, version } from 'ethers'
import { parseUnits } from 'viem'

console.log('ethers', version)
const rows = [ // number; what round, floor and ceiling give
  ['1.6', '2.0', '1.0', '1.0'], // ceiling should be 2
  ['1.5', '2.0', '1.0', '1.0'], // 2
  ['-2.0', '-1.0', '-2.0', '-2.0'], // round should be -2
  ['-0.9', '0.0', '0.0', '0.0'], // round and floor should be -1
  ['-1.4', '0.0', '-1.0', '-1.0'], // round should be -1, floor -2
  ['-1.6', '-1.0', '-1.0', '-1.0'], // round and floor should be -2
  ['-2.7', '-2.0', '-2.0', '-2.0'] // -3
]
let asFound = true
for (const [text, ...expected] of rows) {
  const number = FixedNumber.fromString(text)
  const found = [number.round(0), number.floor(), number.ceiling()].map(String)
  const nearest = parseUnits(text, 0)
  console.log(`${text}: round ${found[0]} (viem ${nearest}), floor ${found[1]} (${Math.floor(text)}), ceiling ${found[2]} (${Math.ceil(text)})`)
  asFound &&= found.join() === expected.join() && nearest === BigInt(Math.round(Math.abs(text)) * Math.sign(text))
}
console.log('to a place: -0.126 to two is', FixedNumber.fromString('-0.126').round(2).toString())
asFound &&= FixedNumber.fromString('-0.126').round(2).toString() === '-0.12'
console.log(asFound ? 'as found: rounded to the wrong side' : 'ethers rounds otherwise now')
process.exit(asFound ? 0 : 1)
JS
node round.mjs
