// A group's log in the page: the module by which every node checks, keeps and compares messages.

import { Door, type DoorExports, Misdeed, Refused } from "../door";

/** Which log, and the visitor's own node key. */
export interface Opening {
  chainId: number;
  network: string;
  group: number;
  /** 32 bytes as `0x…`; drawn once, and kept by this browser alone. */
  secret: string;
}

/** What the chain says of a group, as far as its log needs it. */
export interface Stand {
  accounts: string[];
  round: number;
  oldest: number;
  period: number;
  timeS: number;
  bounties: Record<string, number>;
}

/** What taking a message, or a new standing, did. */
export interface Changed {
  id?: string;
  fresh: boolean;
  dropped: string[];
}

/** A message for people; text in its body was written by strangers. */
export interface Message {
  id: string;
  author: string;
  account: string | null;
  seq: number;
  arrival: number;
  body: Record<string, unknown>;
}

interface Exports extends DoorExports {
  log_open(): number;
  log_take(nowMs: number): number;
  log_write(nowMs: number): number;
  log_stand(): number;
  log_message(): number;
  log_pulse(): number;
  log_answer(): number;
  log_compare(): number;
  log_question(): number;
  log_hear(): number;
  log_since(arrival: number, most: number): number;
}

const NOTHING = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytesOf = (value: unknown) => encoder.encode(JSON.stringify(value));

export const idBytes = (id: string): Uint8Array => Uint8Array.from(id.replace(/^0x/, "").match(/../g) ?? [], (pair) => parseInt(pair, 16));

export class GroupLog {
  private constructor(
    private readonly door: Door<Exports>,
    private readonly clock: () => number,
  ) {}

  /** From the bytes of `log.wasm`; an empty log, of which nothing is known from the chain. */
  static async open(module: BufferSource, opening: Opening, clock: () => number = Date.now): Promise<GroupLog> {
    const door = await Door.open<Exports>(module);
    door.ask(bytesOf(opening), () => door.exports.log_open());
    return new GroupLog(door, clock);
  }

  /** Takes a message; refused if it is none of this group, or has no room. */
  take(envelope: Uint8Array): Changed {
    return this.json(envelope, () => this.door.exports.log_take(this.clock()));
  }

  /** Writes a message of the visitor's own; JSON as it is where numbers are above those of JavaScript. */
  write(body: Record<string, unknown> | string): Uint8Array<ArrayBuffer> {
    return this.ask(typeof body === "string" ? encoder.encode(body) : bytesOf(body), () => this.door.exports.log_write(this.clock()));
  }

  /** Gives room anew by what the chain says now. */
  stand(stand: Stand): Changed {
    return this.json(bytesOf(stand), () => this.door.exports.log_stand());
  }

  /** The bytes of a message, if it is here. */
  message(id: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
    try {
      return this.ask(id, () => this.door.exports.log_message());
    } catch (error) {
      if (error instanceof Refused && !(error instanceof Misdeed)) return undefined;
      throw error;
    }
  }

  /** The log in short: two logs with the same first 24 bytes are the same. */
  pulse(): Uint8Array<ArrayBuffer> {
    return this.ask(NOTHING, () => this.door.exports.log_pulse());
  }

  /** Messages that are here. */
  count(): number {
    const pulse = this.pulse();
    return Number(new DataView(pulse.buffer).getBigUint64(0));
  }

  answer(ranges: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.ask(ranges, () => this.door.exports.log_answer());
  }

  compare(): void {
    this.ask(NOTHING, () => this.door.exports.log_compare());
  }

  /** The next ranges to ask about; nothing at the end. */
  question(): Uint8Array<ArrayBuffer> | undefined {
    const ranges = this.ask(NOTHING, () => this.door.exports.log_question());
    return ranges.length === 0 ? undefined : ranges;
  }

  /** Ids that are here and not there, and there and not here. */
  hear(ranges: Uint8Array): { here: string[]; there: string[] } {
    return this.json(ranges, () => this.door.exports.log_hear());
  }

  /** Messages in the order of arrival. */
  since(arrival: number, most = 1_000): Message[] {
    return this.json(NOTHING, () => this.door.exports.log_since(arrival, most));
  }

  private json<T>(question: Uint8Array, call: () => number): T {
    return JSON.parse(decoder.decode(this.ask(question, call))) as T;
  }

  private ask(question: Uint8Array, call: () => number): Uint8Array<ArrayBuffer> {
    return this.door.ask(question, call);
  }
}
