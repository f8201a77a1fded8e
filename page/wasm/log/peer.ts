// One log between a page and others: answers what they ask, and brings both logs together.

import { areEqual } from "../cid";
import { Misdeed, Refused } from "../door";
import { BYTES_MAX, decodeRequest, decodeResponse, encodeRequest, encodeResponse, IDS_MAX, type Request, type Response } from "./exchange";
import { type GroupLog, idBytes } from "./group";

/** Sends a request to a peer and gives its response. */
export type Ask = (request: Uint8Array) => Promise<Uint8Array>;

/** Where messages are kept from one visit to the next. */
export interface Shelf {
  put(id: string, envelope: Uint8Array): Promise<void>;
  remove(ids: string[]): Promise<void>;
}

/** Messages that are brought or taken in one turn at most. */
const TURN_MAX = 4_096;
/** The part of a pulse that tells two logs apart: number of messages and fingerprint. */
const SUMMARY = 24;

/** What a turn with a peer did. */
export interface Turn {
  got: number;
  put: number;
  /** Both logs are the same now, as far as each keeps what the other has. */
  areEqual: boolean;
}

export class Peer {
  constructor(
    readonly log: GroupLog,
    readonly group: bigint,
    private readonly shelf?: Shelf,
  ) {}

  /** Takes messages; how many are new and kept. One that is a misdeed ends it, one without room does not. */
  async take(envelopes: readonly Uint8Array[]): Promise<number> {
    let fresh = 0;
    for (const envelope of envelopes) {
      try {
        const changed = this.log.take(envelope);
        await this.keep(changed.fresh ? envelope : undefined, changed.id, changed.dropped);
        fresh += Number(changed.fresh);
      } catch (error) {
        if (!(error instanceof Refused) || error instanceof Misdeed) throw error;
      }
    }
    return fresh;
  }

  /** Writes a message of the visitor's own; it goes out with the next turn. */
  async write(body: Record<string, unknown> | string): Promise<void> {
    const envelope = this.log.write(body);
    const { id, dropped } = this.log.take(envelope);
    await this.keep(envelope, id, dropped);
  }

  private async keep(envelope: Uint8Array | undefined, id: string | undefined, dropped: string[]): Promise<void> {
    if (envelope !== undefined && id !== undefined) await this.shelf?.put(id, envelope);
    if (dropped.length > 0) await this.shelf?.remove(dropped);
  }

  /** The response to a peer's request. */
  async serve(bytes: Uint8Array): Promise<Uint8Array> {
    const request = decodeRequest(bytes);
    if (request.group !== this.group) return encodeResponse({ is: "absent" });
    return encodeResponse(await this.answer(request));
  }

  private async answer(request: Request): Promise<Response> {
    switch (request.ask) {
      case "tell":
        return { is: "tell", pulse: this.log.pulse() };
      case "compare":
        return { is: "compare", ranges: this.log.answer(request.ranges) };
      case "get":
        return { is: "get", envelopes: this.held(request.ids) };
      case "put":
        return { is: "put", kept: await this.take(request.envelopes) };
    }
  }

  /** As many of these messages as one response holds, in their order. */
  private held(ids: readonly Uint8Array[]): Uint8Array[] {
    const envelopes: Uint8Array[] = [];
    let left = BYTES_MAX;
    for (const id of ids) {
      const envelope = this.log.message(id);
      if (envelope === undefined) continue;
      left -= envelope.length;
      if (left < 0) break;
      envelopes.push(envelope);
    }
    return envelopes;
  }

  /** Brings both logs together: gets what is there and not here, and puts what is here and not there. */
  async turn(ask: Ask): Promise<Turn> {
    const say = async (request: Request) => decodeResponse(await ask(encodeRequest(request)));
    const { group } = this;
    const told = await say({ ask: "tell", group, pulse: this.log.pulse() });
    if (told.is !== "tell") throw absent(told);
    const isSame = (pulse: Uint8Array) => areEqual(pulse.subarray(0, SUMMARY), this.log.pulse().subarray(0, SUMMARY));
    const turn: Turn = { got: 0, put: 0, areEqual: isSame(told.pulse) };
    if (turn.areEqual) return turn;
    const lacking = await this.difference(async (ranges) => {
      const compared = await say({ ask: "compare", group, ranges });
      if (compared.is !== "compare") throw absent(compared);
      return compared.ranges;
    });
    turn.got = await this.get(lacking.there.slice(0, TURN_MAX), say);
    turn.put = await this.put(lacking.here.slice(0, TURN_MAX), say);
    const after = await say({ ask: "tell", group, pulse: this.log.pulse() });
    return { ...turn, areEqual: after.is === "tell" && isSame(after.pulse) };
  }

  private async difference(compare: (ranges: Uint8Array) => Promise<Uint8Array>): Promise<{ here: Uint8Array[]; there: Uint8Array[] }> {
    const [here, there]: [string[], string[]] = [[], []];
    this.log.compare();
    for (let ranges = this.log.question(); ranges !== undefined; ranges = this.log.question()) {
      const found = this.log.hear(await compare(ranges));
      here.push(...found.here);
      there.push(...found.there);
    }
    return { here: here.map(idBytes), there: there.map(idBytes) };
  }

  /** What did not fit into a response is asked for again; a peer that names messages and gives none is left. */
  private async get(ids: readonly Uint8Array[], say: (request: Request) => Promise<Response>): Promise<number> {
    let [fresh, next] = [0, 0];
    while (next < ids.length) {
      const response = await say({ ask: "get", group: this.group, ids: ids.slice(next, next + IDS_MAX) });
      if (response.is !== "get") throw absent(response);
      if (response.envelopes.length === 0) break;
      fresh += await this.take(response.envelopes);
      next += response.envelopes.length;
    }
    return fresh;
  }

  private async put(ids: readonly Uint8Array[], say: (request: Request) => Promise<Response>): Promise<number> {
    let kept = 0;
    for (let next = 0; next < ids.length; ) {
      const envelopes = this.held(ids.slice(next, next + IDS_MAX));
      next += Math.max(envelopes.length, 1);
      const response = await say({ ask: "put", group: this.group, envelopes });
      if (response.is !== "put") throw absent(response);
      kept += response.kept;
    }
    return kept;
  }
}

const absent = (response: Response): Error =>
  response.is === "absent" ? new Refused("that peer does not keep the log of this group: ask another one") : new Misdeed("a peer answered something else than it was asked: leave it alone for a while");
