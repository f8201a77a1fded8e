// What two peers say to each other about a log, and its bytes (PROTOCOL 14, Copying).

import { Misdeed, joined } from "../door";

const VERSION = 2;
export const IDS_MAX = 512;
export const BYTES_MAX = 512 * 1024;
const HEADS_MAX = 16;
const ID = 32;

export type Request =
  | { ask: "tell"; group: bigint; pulse: Uint8Array }
  | { ask: "compare"; group: bigint; ranges: Uint8Array }
  | { ask: "get"; group: bigint; ids: Uint8Array[] }
  | { ask: "put"; group: bigint; envelopes: Uint8Array[] };

export type Response =
  | { is: "tell"; pulse: Uint8Array }
  | { is: "compare"; ranges: Uint8Array }
  | { is: "get"; envelopes: Uint8Array[] }
  | { is: "put"; kept: number }
  | { is: "absent" };

const KINDS = ["absent", "tell", "compare", "get", "put"] as const;

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const head = (kind: (typeof KINDS)[number], group?: bigint): Uint8Array => {
  const bytes = Uint8Array.of(VERSION, KINDS.indexOf(kind));
  if (group === undefined) return bytes;
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, group);
  return joined(bytes, number);
};

const framed = (envelopes: readonly Uint8Array[]) => envelopes.flatMap((envelope) => [u32(envelope.length), envelope]);

export const encodeRequest = (request: Request): Uint8Array<ArrayBuffer> => {
  const start = head(request.ask, request.group);
  switch (request.ask) {
    case "tell":
      return joined(start, request.pulse);
    case "compare":
      return joined(start, request.ranges);
    case "get":
      return joined(start, ...request.ids);
    case "put":
      return joined(start, ...framed(request.envelopes));
  }
};

export const encodeResponse = (response: Response): Uint8Array<ArrayBuffer> => {
  const start = head(response.is);
  switch (response.is) {
    case "tell":
      return joined(start, response.pulse);
    case "compare":
      return joined(start, response.ranges);
    case "get":
      return joined(start, ...framed(response.envelopes));
    case "put":
      return joined(start, u32(response.kept));
    case "absent":
      return joined(start);
  }
};

const malformed = (): Misdeed => new Misdeed("a peer's message about a log cannot be read: leave it alone for a while");

/** The kind of a message, and what follows its head. */
const opened = (bytes: Uint8Array): [(typeof KINDS)[number], Uint8Array] => {
  const kind = bytes[0] === VERSION ? KINDS[bytes[1] ?? KINDS.length] : undefined;
  if (kind === undefined) throw malformed();
  return [kind, bytes.subarray(2)];
};

const pulseIn = (bytes: Uint8Array): Uint8Array => {
  const heads = (bytes.length - 24) / ID;
  if (!Number.isInteger(heads) || heads < 0 || heads > HEADS_MAX) throw malformed();
  return bytes;
};

const rangesIn = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > BYTES_MAX) throw malformed();
  return bytes;
};

const idsIn = (bytes: Uint8Array): Uint8Array[] => {
  const count = bytes.length / ID;
  if (!Number.isInteger(count) || count > IDS_MAX) throw malformed();
  return Array.from({ length: count }, (_, place) => bytes.slice(place * ID, (place + 1) * ID));
};

const envelopesIn = (bytes: Uint8Array): Uint8Array[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const envelopes: Uint8Array[] = [];
  let [start, sum] = [0, 0];
  while (start < bytes.length) {
    if (start + 4 > bytes.length) throw malformed();
    const end = start + 4 + view.getUint32(start);
    sum += end - start - 4;
    if (end > bytes.length || envelopes.length === IDS_MAX || sum > BYTES_MAX) throw malformed();
    envelopes.push(bytes.slice(start + 4, end));
    start = end;
  }
  return envelopes;
};

export const decodeRequest = (bytes: Uint8Array): Request => {
  const [ask, rest] = opened(bytes);
  if (ask === "absent" || rest.length < 8) throw malformed();
  const group = new DataView(rest.buffer, rest.byteOffset, 8).getBigUint64(0);
  const body = rest.subarray(8);
  switch (ask) {
    case "tell":
      return { ask, group, pulse: pulseIn(body) };
    case "compare":
      return { ask, group, ranges: rangesIn(body) };
    case "get":
      return { ask, group, ids: idsIn(body) };
    case "put":
      return { ask, group, envelopes: envelopesIn(body) };
  }
};

export const decodeResponse = (bytes: Uint8Array): Response => {
  const [is, body] = opened(bytes);
  switch (is) {
    case "absent":
      if (body.length > 0) throw malformed();
      return { is };
    case "tell":
      return { is, pulse: pulseIn(body) };
    case "compare":
      return { is, ranges: rangesIn(body) };
    case "get":
      return { is, envelopes: envelopesIn(body) };
    case "put":
      if (body.length !== 4) throw malformed();
      return { is, kept: new DataView(body.buffer, body.byteOffset, 4).getUint32(0) };
  }
};
