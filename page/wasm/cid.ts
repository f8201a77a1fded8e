// Names of blocks: CIDs of version 1 with sha2-256, in base32 as gateways take them.

export const RAW = 0x55;
export const NODE = 0x70;
export type Codec = typeof RAW | typeof NODE;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

const base32 = (bytes: Uint8Array): string => {
  let [text, value, bits] = ["", 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
};

/** Version, codec, and sha2-256 with its length, before the digest. */
export const binaryCid = (codec: Codec, digest: Uint8Array): Uint8Array => Uint8Array.of(1, codec, 0x12, 0x20, ...digest);

export const cidOf = (codec: Codec, digest: Uint8Array): string => `b${base32(binaryCid(codec, digest))}`;

export const sha256 = async (bytes: Uint8Array): Promise<Uint8Array> => new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));

export const areEqual = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, place) => byte === other[place]);

export const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
