// The files of the repository that tests read; they run in page/wasm.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Evaluator } from "../evaluator";

const ROOT = join(process.cwd(), "../..");

/** A file by its path from the root. */
export const file = (path: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(join(ROOT, path)));
export const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");
export const json = <T>(path: string): T => JSON.parse(text(path)) as T;

/** The module that the page loads. */
export const evaluator = (): Promise<Evaluator> => Evaluator.load(file("page/wasm/evaluator.wasm"));

export const fromHex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
