// A Helia node that does what its standard input says, a line of JSON each, and answers each with a line of JSON.
//
// {"add": PATH} gives {"cid"}; {"cat": CID, "to": PATH} gives {"length"}; {"dial": ADDRESS} gives {"dialled"}; {"wait": ms} gives {"waited"}.
// Without arguments it speaks bitswap on a free port of the loopback interface and first tells {"address"}; with one it asks that gateway.
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { withBitswap } from '@helia/bitswap'
import { withHTTP } from '@helia/http'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createHeliaLight } from 'helia'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'

const FETCH_MS = 90_000
// The one profile of the network.
const PROFILE = {
  cidVersion: 1,
  rawLeaves: true,
  chunker: fixedSize({ chunkSize: 262_144 }),
  layout: balanced({ maxChildrenPerNode: 174 }),
  reduceSingleLeafToSelf: true
}
const tell = (answer) => console.log(JSON.stringify(answer))

const overBitswap = () => withBitswap(withLibp2pLight(createHeliaLight(), {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify(), ping: ping() }
}))
// Where nobody is asked who provides a file, Helia 7.1.15 waits for ever before it turns to gateways.
const fromGateway = (gateway) => withHTTP(createHeliaLight(), {
  delegatedRouters: [gateway], recursiveGateways: [gateway], allowInsecure: true, allowLocal: true
})

const gateway = process.argv[2]
const helia = await (gateway == null ? overBitswap() : fromGateway(gateway)).start()
const files = unixfs(helia)
tell({ address: gateway ?? helia.libp2p.getMultiaddrs()[0].toString() })

async function add (path) {
  const cid = await files.addByteStream(createReadStream(path), PROFILE)
  return { cid: cid.toString() }
}

async function cat (cid, path) {
  const out = createWriteStream(path)
  let length = 0
  for await (const chunk of files.cat(CID.parse(cid), { signal: AbortSignal.timeout(FETCH_MS) })) {
    length += chunk.length
    if (!out.write(chunk)) await new Promise((resolve) => out.once('drain', resolve))
  }
  await new Promise((resolve) => out.end(resolve))
  return { length }
}

async function obey (order) {
  if (order.add != null) return await add(order.add)
  if (order.cat != null) return await cat(order.cat, order.to)
  if (order.dial != null) return { dialled: (await helia.libp2p.dial(multiaddr(order.dial))).remotePeer.toString() }
  await new Promise((resolve) => setTimeout(resolve, order.wait))
  return { waited: order.wait }
}

for await (const line of createInterface({ input: process.stdin })) {
  tell(await obey(JSON.parse(line)).catch((error) => ({ error: String(error?.stack ?? error) })))
}
process.exit(0)
