// The devnet that the page is tried against: one that is kept already, or one that is started for this and ends with it.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import type { Address } from "viem";

const REPOSITORY = `${process.cwd()}/..`;
const READY = "The network goes on";
const PATIENCE_MS = 400_000;

export interface Devnet {
  folder: string;
  rpc: string;
  chainId: number;
  network: Address;
  /** The program `neuron`, which stands beside the devnet's. */
  neuron: string;
  close: () => Promise<void>;
}

/** Where cargo puts what it builds. */
function target(): string {
  if (process.env.CARGO_TARGET_DIR) return process.env.CARGO_TARGET_DIR;
  const metadata = execFileSync("cargo", ["metadata", "--format-version", "1", "--no-deps"], { cwd: REPOSITORY, maxBuffer: 64 * 1024 * 1024 });
  return (JSON.parse(metadata.toString()) as { target_directory: string }).target_directory;
}

const programs = (): string => process.env.NEURON_PROGRAMS ?? `${target()}/debug`;

const field = (text: string, name: string): string => {
  const found = new RegExp(`^${name} = "?([^"\\n]+)"?$`, "m").exec(text)?.[1];
  if (!found) throw new Error(`the devnet's network file has no ${name}`);
  return found;
};

function open(folder: string, neuron: string, close: () => Promise<void>): Devnet {
  const file = readFileSync(`${folder}/network.toml`, "utf8");
  return { folder, rpc: field(file, "rpc"), chainId: Number(field(file, "chain_id")), network: field(file, "contract") as Address, neuron, close };
}

/** `NEURON_DEVNET` names the folder of a devnet that runs (`cargo xtask devnet --keep --dir FOLDER`). */
export async function devnet(): Promise<Devnet> {
  const [folder, at] = [process.env.NEURON_DEVNET, programs()];
  const neuron = `${at}/neuron`;
  if (folder) return open(folder, neuron, async () => {});
  if (!existsSync(`${at}/devnet`))
    throw new Error(`${at}/devnet is missing: run \`cargo build --workspace\` first, or set NEURON_DEVNET to the folder of a kept devnet`);
  const place = mkdtempSync(`${tmpdir()}/neuron-page-devnet-`);
  const child = spawn(`${at}/devnet`, ["--keep", "--rounds", "1", "--trainers", "1", "--validators", "2", "--dir", place], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await heard(child, READY);
  return open(place, neuron, () => ended(child, place));
}

/** Waits until a program has said these words. */
function heard(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error(`never said “${words}”:\n${said}`)), PATIENCE_MS);
    const hear = (part: Buffer) => {
      said += part.toString();
      if (!said.includes(words)) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", (code) => {
      clearTimeout(late);
      reject(new Error(`ended with ${code}:\n${said}`));
    });
  });
}

async function ended(child: ChildProcess, place?: string): Promise<void> {
  child.removeAllListeners("exit");
  if (child.exitCode === null && child.signalCode === null) {
    const over = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await over;
  }
  if (place) rmSync(place, { recursive: true, force: true });
}

export interface Program {
  url: string;
  close: () => Promise<void>;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** A node that serves the files of group 1 in its HTTP room, as any member's does. */
export async function gateway(net: Devnet): Promise<Program> {
  const [port, data] = [await freePort(), mkdtempSync(`${tmpdir()}/neuron-page-served-`)];
  const options = [
    "--network",
    `${net.folder}/network.toml`,
    "serve",
    "--group",
    "1",
    "--data",
    data,
    "--listen",
    "/ip4/127.0.0.1/tcp/0",
    "--http",
    `127.0.0.1:${port}`,
  ];
  const child = spawn(net.neuron, options, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] });
  await heard(child, "held and served");
  return { url: `http://127.0.0.1:${port}`, close: () => ended(child, data) };
}

/** What a command of the program that reads has found. */
export function told<T>(net: Devnet, ...command: string[]): T {
  const options = ["--network", `${net.folder}/network.toml`, ...command, "--json"];
  return JSON.parse(
    execFileSync(net.neuron, options, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "ignore"], maxBuffer: 64 * 1024 * 1024 }).toString(),
  ) as T;
}

/** What the program says to a patch. */
export function checked(net: Devnet, file: string): string {
  const options = ["--network", `${net.folder}/network.toml`, "delta", "check", file];
  return execFileSync(net.neuron, options, { cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

/** A hidden set of rows that are in no group, as the program seals it; and one of rows that everybody knows. */
export function sealed(net: Devnet): { root: string; file: Buffer; known: Buffer } {
  const folder = mkdtempSync(`${tmpdir()}/neuron-page-sealed-`);
  const options = ["--network", `${net.folder}/network.toml`, "bounty", "seal", "--group", "1"];
  const rows = ["--examples", "data/digits/heldout.csv", "--out", `${folder}/hidden`];
  const said = execFileSync(net.neuron, [...options, ...rows], { cwd: REPOSITORY, stdio: ["ignore", "pipe", "pipe"] }).toString();
  const file = readFileSync(`${folder}/hidden`);
  rmSync(folder, { recursive: true });
  const [header, genesis] = [file.toString().split("\n")[0], readFileSync(`${REPOSITORY}/data/digits/genesis.csv`, "utf8")];
  const known = Buffer.from(`${header}\n${genesis.split("\n").slice(0, 32).join("\n")}\n`);
  return { root: /root (0x[0-9a-f]{64})/.exec(said)?.[1] ?? "", file, known };
}

/** The page from `neuron dashboard`. */
export async function dashboard(net: Devnet): Promise<Program> {
  const port = await freePort();
  const child = spawn(net.neuron, ["--network", `${net.folder}/network.toml`, "dashboard", "--listen", `127.0.0.1:${port}`], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await heard(child, "the page is at");
  return { url: `http://127.0.0.1:${port}/`, close: () => ended(child) };
}

/** Deploys a network of its own on the devnet's chain, whose sale runs for some seconds. */
export function deploy(net: Devnet, saleS: number): Address {
  const file = `${net.folder}/second-${process.pid}.toml`;
  const text = `name = "second"\nrpc = "${net.rpc}"\nchain_id = ${net.chainId}\nconfirmations = 1\npoll_ms = 250\n\n[deploy]\nprice = "0.000001"\nsale_s = ${saleS}\n`;
  writeFileSync(file, text);
  execFileSync(
    net.neuron,
    ["--network", file, "--key", `${net.folder}/keys/founder.json`, "--password-file", `${net.folder}/keys/password`, "deploy"],
    { cwd: REPOSITORY, stdio: "pipe" },
  );
  return field(readFileSync(file, "utf8"), "contract") as Address;
}
