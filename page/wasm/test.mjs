// Runs the tests beside this file, or those whose names begin as said: each is bundled, and given to node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const [wanted = ""] = process.argv.slice(2);
const names = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts") && name.startsWith(wanted));
// Beside the packages, so that those which are not bundled are found.
const cache = join(here, "../node_modules/.cache");
mkdirSync(cache, { recursive: true });
const outdir = mkdtempSync(join(cache, "page-wasm-"));
try {
  await build({
    entryPoints: names.map((name) => join(here, "test", name)),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    jsx: "automatic",
    jsxImportSource: "preact",
    external: ["playwright-core", "axe-core", "esbuild"],
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
