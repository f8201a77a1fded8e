// Records what test/fixtures/devnet.json holds: the logs of a real devnet, and what its contracts answer at that block.
// Usage: node scripts/record.mjs RPC ADDRESS
import { build } from "esbuild";
import { fileURLToPath, pathToFileURL } from "node:url";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

const page = fileURLToPath(new URL("../", import.meta.url));
const out = mkdtempSync(`${tmpdir()}/neuron-page-`);
await build({
  absWorkingDir: page,
  entryPoints: ["test/record.ts"],
  outfile: `${out}/record.mjs`,
  bundle: true,
  platform: "node",
  format: "esm",
  logLevel: "warning",
});
const { record } = await import(pathToFileURL(`${out}/record.mjs`));
await record(process.argv[2], process.argv[3], `${page}test/fixtures/devnet.json`);
rmSync(out, { recursive: true, force: true });
