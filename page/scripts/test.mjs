// Bundles the tests named on the command line, or all of a folder, and runs them with node's own test runner.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../", import.meta.url));
const [folder, ...options] = process.argv.slice(2);
const names = readdirSync(page + folder).filter((name) => name.endsWith(".test.ts"));
// Beside the packages, so that those that are not bundled are found.
const out = mkdtempSync(`${page}node_modules/.neuron-tests-`);
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
  banner: { js: 'import { createRequire as requirer } from "node:module"; const require = requirer(import.meta.url);' },
  logLevel: "warning",
});
const files = names.map((name) => `${out}/${name.replace(/\.ts$/, ".mjs")}`);
const ran = spawnSync(process.execPath, ["--test", ...options, ...files], { stdio: "inherit", cwd: page });
rmSync(out, { recursive: true, force: true });
process.exit(ran.status ?? 1);
