// A line to one other peer: requests and responses of any length over a wire that carries small pieces, in both directions at once.

import { joined, Misdeed } from "../door";

/** What carries pieces, in order and without loss. */
export interface Wire {
  send(piece: Uint8Array<ArrayBuffer>): void;
  /** Bytes that were sent and have not left yet; waits until they are few. */
  drained(): Promise<void>;
  onpiece: ((piece: Uint8Array) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

/** What is asked: a message about a log (`exchange.ts`), or the name of a block. */
export const LOG = 1;
export const BLOCK = 2;
export type Kind = typeof LOG | typeof BLOCK;

export type Handlers = Record<Kind, (request: Uint8Array) => Promise<Uint8Array>>;

/** Bytes of one piece, of one message, messages that wait for an answer, and how long. */
const PIECE = 16 * 1024;
const MESSAGE_MAX = 4 * 1024 * 1024;
const WAITING_MAX = 64;
const PATIENCE_MS = 20_000;

/** A piece: u32 number of the request ‖ flags ‖ bytes. */
const HEAD = 5;
const IS_RESPONSE = 1;
const IS_LAST = 2;
const HAS_FAILED = 4;

export class Line {
  private last = 0;
  private readonly waiting = new Map<number, { done: (bytes: Uint8Array) => void; failed: (error: Error) => void; timer: ReturnType<typeof setTimeout> }>();
  private readonly coming = new Map<string, { pieces: Uint8Array[]; bytes: number }>();
  private isClosed = false;
  /** Called once when the line is gone. */
  onclose: (() => void) | null = null;

  constructor(
    private readonly wire: Wire,
    private readonly handlers: Handlers,
  ) {
    wire.onpiece = (piece) => {
      try {
        this.hear(piece);
      } catch {
        // Who sends such pieces is nobody to talk to.
        this.close();
      }
    };
    wire.onclose = () => this.gone();
  }

  /** Asks the other side. */
  ask(kind: Kind, request: Uint8Array): Promise<Uint8Array> {
    if (this.isClosed) return Promise.reject(new Error("the line to that peer is closed: connect again"));
    if (this.waiting.size >= WAITING_MAX) return Promise.reject(new Error("too much is asked of that peer at once: try again"));
    this.last += 1;
    const number = this.last;
    return new Promise((done, failed) => {
      const timer = setTimeout(() => this.answered(number)?.failed(new Error("that peer does not answer: connect again")), PATIENCE_MS);
      this.waiting.set(number, { done, failed, timer });
      void this.say(number, 0, joined(Uint8Array.of(kind), request));
    });
  }

  close(): void {
    this.wire.close();
    this.gone();
  }

  private gone(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const { failed, timer } of this.waiting.values()) {
      clearTimeout(timer);
      failed(new Error("the line to that peer was cut: connect again"));
    }
    this.waiting.clear();
    this.coming.clear();
    this.onclose?.();
  }

  private async say(number: number, flags: number, bytes: Uint8Array): Promise<void> {
    for (let start = 0; start === 0 || start < bytes.length; start += PIECE) {
      const part = bytes.subarray(start, start + PIECE);
      const head = new Uint8Array(HEAD);
      new DataView(head.buffer).setUint32(0, number);
      head[4] = flags | (start + PIECE >= bytes.length ? IS_LAST : 0);
      await this.wire.drained();
      if (this.isClosed) return;
      this.wire.send(joined(head, part));
    }
  }

  private hear(piece: Uint8Array): void {
    if (piece.length < HEAD || piece.length > HEAD + PIECE) throw new Misdeed("a piece of another size");
    const number = new DataView(piece.buffer, piece.byteOffset).getUint32(0);
    const flags = piece[4] ?? 0;
    const key = `${flags & IS_RESPONSE}/${number}`;
    const message = this.coming.get(key) ?? { pieces: [], bytes: 0 };
    message.pieces.push(piece.slice(HEAD));
    message.bytes += piece.length - HEAD;
    if (message.bytes > MESSAGE_MAX || this.coming.size > WAITING_MAX) throw new Misdeed("a message above the limit");
    if ((flags & IS_LAST) === 0) return void this.coming.set(key, message);
    this.coming.delete(key);
    const bytes = joined(...message.pieces);
    if ((flags & IS_RESPONSE) === 0) return void this.serve(number, bytes);
    const asked = this.answered(number);
    if ((flags & HAS_FAILED) === 0) asked?.done(bytes);
    else asked?.failed(new Error("that peer could not answer: ask another one"));
  }

  private answered(number: number) {
    const asked = this.waiting.get(number);
    clearTimeout(asked?.timer);
    this.waiting.delete(number);
    return asked;
  }

  private async serve(number: number, bytes: Uint8Array): Promise<void> {
    const kind = bytes[0];
    if (kind !== LOG && kind !== BLOCK) return this.say(number, IS_RESPONSE | HAS_FAILED, new Uint8Array());
    try {
      await this.say(number, IS_RESPONSE, await this.handlers[kind](bytes.subarray(1)));
    } catch (error) {
      await this.say(number, IS_RESPONSE | HAS_FAILED, new Uint8Array());
      if (error instanceof Misdeed) this.close();
    }
  }
}
