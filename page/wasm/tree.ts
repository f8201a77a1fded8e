// Files by their digest, block by block: every block is hashed, and held to its place in the one shape that a length has.

import { areEqual, binaryCid, cidOf, type Codec, hexOf, NODE, RAW, sha256 } from "./cid";
import { joined } from "./door";

/** Gives the bytes of a block, or nothing where it is not held. It is not trusted. */
export type GetBlock = (cid: string) => Promise<Uint8Array | undefined>;

export const CHUNK = 262_144;
export const LINKS = 174;
const LENGTH_MAX = 2 ** 48;

/** Bytes that a full tree of this height holds. */
const holds = (height: number): number => CHUNK * LINKS ** height;

const heightOf = (length: number): number => {
  let height = 0;
  while (holds(height) < length) height += 1;
  return height;
};

/** Lengths of the children of a node of this height over so many bytes: all but the last are full. */
const partsOf = (length: number, height: number): number[] => {
  const full = holds(height - 1);
  return Array.from({ length: Math.ceil(length / full) }, (_, place) => Math.min(full, length - place * full));
};

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
};

/** A field of bytes. */
const field = (number: number, bytes: Uint8Array): Uint8Array => joined(Uint8Array.of((number << 3) | 2, ...varint(bytes.length)), bytes);
const numberField = (number: number, value: number): Uint8Array => Uint8Array.of(number << 3, ...varint(value));

/** Bytes of all blocks of a part, its own included: what a link says of it. Digests do not matter to lengths. */
const weights = new Map<string, number>();
const weightOf = (length: number, height: number): number => {
  const key = `${length}/${height}`;
  const known = weights.get(key);
  if (known !== undefined) return known;
  const parts = height === 0 ? [] : partsOf(length, height);
  const below = parts.reduce((sum, part) => sum + weightOf(part, height - 1), 0);
  const weight = height === 0 ? length : below + nodeOf(length, height, parts.map(() => new Uint8Array(32))).length;
  weights.set(key, weight);
  return weight;
};

/** The bytes of a node of this height over so many bytes, with these children. */
export const nodeOf = (length: number, height: number, digests: readonly Uint8Array[]): Uint8Array => {
  const parts = partsOf(length, height);
  const codec: Codec = height === 1 ? RAW : NODE;
  const links = parts.map((part, place) => {
    const cid = field(1, binaryCid(codec, digests[place] ?? new Uint8Array(32)));
    return field(2, joined(cid, field(2, new Uint8Array()), numberField(3, weightOf(part, height - 1))));
  });
  const sizes = parts.map((part) => numberField(4, part));
  return joined(...links, field(1, joined(numberField(1, 2), numberField(3, length), ...sizes)));
};

/** Where the digest of each child stands in a node, from the lengths alone. */
const digestsIn = (bytes: Uint8Array, length: number, height: number): Uint8Array[] | undefined => {
  const blank = nodeOf(length, height, []);
  if (blank.length !== bytes.length) return undefined;
  const digests: Uint8Array[] = [];
  let start = 0;
  for (const part of partsOf(length, height)) {
    const weight = varint(weightOf(part, height - 1)).length;
    const link = 2 + 36 + 2 + 1 + weight;
    const head = 1 + varint(link).length;
    digests.push(bytes.slice(start + head + 2 + 4, start + head + 2 + 36));
    start += head + link;
  }
  return areEqual(nodeOf(length, height, digests), bytes) ? digests : undefined;
};

/** The length of the file whose root block this is, byte for byte; nothing where it is none of more than one chunk. */
const lengthIn = (bytes: Uint8Array): number | undefined => {
  let at = 0;
  const next = () => {
    for (let [value, scale] = [0, 1]; ; scale *= 128) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 || scale > 2 ** 48) return value;
    }
  };
  while (bytes[at] === 0x12) {
    at += 1;
    const length = next();
    at += length;
  }
  if (bytes[at] !== 0x0a) return undefined;
  at += 1;
  next();
  if (bytes[at] !== 0x08 || bytes[at + 1] !== 2 || bytes[at + 2] !== 0x18) return undefined;
  at += 3;
  const length = next();
  return length > CHUNK && length <= LENGTH_MAX && digestsIn(bytes, length, heightOf(length)) ? length : undefined;
};

/** The digest that names a file of any length: that of its root block. */
export const digestOf = async (bytes: Uint8Array): Promise<Uint8Array> => {
  const part = async (start: number, length: number, height: number): Promise<Uint8Array> => {
    if (height === 0) return sha256(bytes.subarray(start, start + length));
    const digests: Uint8Array[] = [];
    let at = start;
    for (const child of partsOf(length, height)) {
      digests.push(await part(at, child, height - 1));
      at += child;
    }
    return sha256(nodeOf(length, height, digests));
  };
  return part(0, bytes.length, heightOf(bytes.length));
};

export class NotFound extends Error {
  override name = "NotFound";
}

/** A block is not of the shape that its file must have: no file of this length has this digest. */
export class Misfit extends Error {
  override name = "Misfit";
}

/** Reads files from wherever blocks come from. */
export class Files {
  constructor(private readonly get: GetBlock) {}

  /** A file of a known length: the length says what every block is. */
  async ofLength(digest: Uint8Array, length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    await this.part(digest, length, heightOf(length), (bytes, start) => whole.set(bytes, start), 0);
    return whole;
  }

  /** A file of an unknown length, of at most so many bytes. */
  async upTo(digest: Uint8Array, most: number): Promise<Uint8Array> {
    const root = (await this.block(RAW, digest)) ?? (await this.block(NODE, digest));
    if (root === undefined) throw missing(digest);
    const length = lengthIn(root) ?? root.length;
    if (length > most) throw new Error(`the file ${hexOf(digest)} has ${length} bytes, at most ${most} are allowed: it is none of this kind`);
    return length === root.length ? root : this.ofLength(digest, length);
  }

  private async part(digest: Uint8Array, length: number, height: number, put: (bytes: Uint8Array, start: number) => void, start: number): Promise<void> {
    const bytes = await this.block(height === 0 ? RAW : NODE, digest);
    if (bytes === undefined) throw missing(digest);
    if (height === 0) {
      if (bytes.length !== length) throw misfit(digest);
      return put(bytes, start);
    }
    const digests = digestsIn(bytes, length, height);
    if (digests === undefined) throw misfit(digest);
    const parts = partsOf(length, height);
    for (const [place, child] of digests.entries()) {
      await this.part(child, parts[place] ?? 0, height - 1, put, start);
      start += parts[place] ?? 0;
    }
  }

  /** A block that was hashed. */
  private async block(codec: Codec, digest: Uint8Array): Promise<Uint8Array | undefined> {
    const bytes = await this.get(cidOf(codec, digest));
    if (bytes === undefined) return undefined;
    if (!areEqual(await sha256(bytes), digest)) throw new Error(`somebody sent other bytes for the block ${hexOf(digest)}: choose another gateway`);
    return bytes;
  }
}

const missing = (digest: Uint8Array) => new NotFound(`nobody that was asked has the block ${hexOf(digest)}: try again later, or choose another gateway`);
const misfit = (digest: Uint8Array) => new Misfit(`the block ${hexOf(digest)} does not fit into its file: the digest stands for a file of another length`);

/** Blocks from a trustless gateway: a node's HTTP room, or a public one. */
export const gateway =
  (url: string): GetBlock =>
  async (cid) => {
    const answer = await fetch(`${url.replace(/\/+$/, "")}/ipfs/${cid}?format=raw`, { headers: { accept: "application/vnd.ipld.raw" }, referrerPolicy: "no-referrer" });
    if (answer.status === 404 || answer.status === 410 || answer.status === 412) return undefined;
    if (!answer.ok) throw new Error(`the gateway ${url} answered ${answer.status}: try again later, or choose another one`);
    return new Uint8Array(await answer.arrayBuffer());
  };
