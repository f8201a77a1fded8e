// Bundles the tests named on the command line, or all of a folder, and runs them with node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../", import.meta.url));
const [folder, ...options] = process.argv.slice(2);
const names = readdirSync(page + folder).filter((name) => name.endsWith(".test.ts"));
const out = mkdtempSync(`${tmpdir()}/neuron-page-`);
await build({
  absWorkingDir: page,
  entryPoints: names.map((name) => `${folder}/${name}`),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: ["node20"],
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".json": "json" },
  external: ["playwright-core", "axe-core"],
  packages: "bundle",
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  logLevel: "warning",
});
const files = names.map((name) => `${out}/${name.replace(/\.ts$/, ".mjs")}`);
const ran = spawnSync(process.execPath, ["--test", ...options, ...files], { stdio: "inherit", cwd: page, env: { ...process.env, NODE_PATH: `${page}node_modules` } });
rmSync(out, { recursive: true, force: true });
process.exit(ran.status ?? 1);
