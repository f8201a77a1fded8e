// A group that this browser keeps: its log from the last visit, what others bring, and lines to them.

import { areEqual } from "../cid";
import type { GetBlock } from "../tree";
import { GroupLog, type Opening } from "./group";
import { BLOCK, type Handlers, Line, LOG, type Wire } from "./line";
import { Peer, type Turn } from "./peer";
import type { Store } from "./store";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOTHING = new Uint8Array();

export class Keeper {
  private readonly connected = new Set<Line>();

  private constructor(
    readonly peer: Peer,
    private readonly store: Store,
  ) {}

  /** Opens a log and takes what was kept of it; what has no room any more falls. */
  static async open(module: BufferSource, store: Store, where: Omit<Opening, "secret">): Promise<Keeper> {
    const log = await GroupLog.open(module, { ...where, secret: await store.secret() });
    const shelf = store.shelf(`${where.chainId}/${where.network.toLowerCase()}/${where.group}`);
    const peer = new Peer(log, BigInt(where.group), shelf);
    const kept = await shelf.all();
    await peer.take(kept);
    return new Keeper(peer, store);
  }

  /** Peers that are connected. */
  get lines(): number {
    return this.connected.size;
  }

  /** Talks with a peer from now on: it is answered, and can be asked. */
  connect(wire: Wire): Line {
    const handlers: Handlers = {
      [LOG]: (request) => this.peer.serve(request),
      [BLOCK]: async (request) => (await this.store.held(decoder.decode(request))) ?? NOTHING,
    };
    const line = new Line(wire, handlers);
    line.onclose = () => this.connected.delete(line);
    this.connected.add(line);
    return line;
  }

  /** Brings this log and that of every peer together. */
  async turn(): Promise<Turn[]> {
    return Promise.all([...this.connected].map((line) => this.peer.turn((request) => line.ask(LOG, request))));
  }

  /** Blocks from here, then from peers, then from elsewhere; what comes is kept. */
  blocks(elsewhere: GetBlock = async () => undefined): GetBlock {
    return this.store.kept(async (cid) => {
      for (const line of this.connected) {
        const bytes = await line.ask(BLOCK, encoder.encode(cid)).catch(() => NOTHING);
        // The empty block has no bytes either: whoever wants it needs nobody.
        if (!areEqual(bytes, NOTHING)) return bytes;
      }
      return elsewhere(cid);
    });
  }

  close(): void {
    for (const line of [...this.connected]) line.close();
  }
}
