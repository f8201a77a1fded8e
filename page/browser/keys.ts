// A devnet's encrypted keys (Web3 Secret Storage, version 3), opened with their password.

import { createDecipheriv, pbkdf2Sync, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Hex, keccak256, toHex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

interface Stored {
  crypto: {
    cipher: string;
    ciphertext: string;
    cipherparams: { iv: string };
    kdf: string;
    kdfparams: { salt: string; dklen: number; n?: number; r?: number; p?: number; c?: number };
    mac: string;
  };
}

const bytes = (hex: string) => Buffer.from(hex.replace(/^0x/, ""), "hex");

export function keyOf(file: string, password: string): Hex {
  const { crypto } = JSON.parse(readFileSync(file, "utf8")) as Stored;
  const { salt, dklen, n = 0, r = 0, p = 0, c = 0 } = crypto.kdfparams;
  const derived =
    crypto.kdf === "scrypt"
      ? scryptSync(password, bytes(salt), dklen, { N: n, r, p, maxmem: 512 * 1024 * 1024 })
      : pbkdf2Sync(password, bytes(salt), c, dklen, "sha256");
  const text = bytes(crypto.ciphertext);
  if (keccak256(Buffer.concat([derived.subarray(16, 32), text])).slice(2) !== crypto.mac.replace(/^0x/, ""))
    throw new Error(`${file}: another password`);
  const opened = createDecipheriv("aes-128-ctr", derived.subarray(0, 16), bytes(crypto.cipherparams.iv));
  return toHex(Buffer.concat([opened.update(text), opened.final()]));
}

export const accountOf = (folder: string, name: string): PrivateKeyAccount =>
  privateKeyToAccount(keyOf(`${folder}/keys/${name}.json`, readFileSync(`${folder}/keys/password`, "utf8").trim()));
