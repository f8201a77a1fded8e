// Runs the tests beside this file: each is bundled, and given to node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const names = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts") || name.endsWith(".test.tsx"));
const outdir = mkdtempSync(join(tmpdir(), "page-wasm-"));
try {
  await build({
    entryPoints: names.map((name) => join(here, "test", name)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir,
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  const files = readdirSync(outdir).map((name) => join(outdir, name));
  const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit", cwd: here });
  process.exitCode = status ?? 1;
} finally {
  rmSync(outdir, { recursive: true });
}
