// Builds the page into dist/: the same bytes from the same sources. With --check it compares with what is committed there.
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const page = fileURLToPath(new URL("../", import.meta.url));
const dist = `${page}dist/`;

const made = await build({
  absWorkingDir: page,
  entryPoints: { page: "src/page.tsx", worker: "src/index/worker.ts", evaluator: "wasm/worker.ts", style: "src/style/page.css" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  write: false,
  logLevel: "warning",
});
const files = new Map(made.outputFiles.map((file) => [file.path.slice(dist.length), Buffer.from(file.contents)]));
files.set("index.html", readFileSync(`${page}src/index.html`));
for (const name of ["evaluator.wasm", "log.wasm"]) files.set(name, readFileSync(`${page}wasm/${name}`));
files.set("icon.svg", readFileSync(`${page}src/icon.svg`));

const committed = () => {
  try {
    return readdirSync(dist).sort();
  } catch {
    return [];
  }
};

if (process.argv.includes("--check")) {
  const names = [...files.keys()].sort();
  const same = String(committed()) === String(names) && names.every((name) => files.get(name).equals(readFileSync(dist + name)));
  if (!same) {
    console.error("page/dist is not what its sources build: run `npm run build` in page/ and commit it");
    process.exit(1);
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(dist + name, bytes);
}

if (process.argv.includes("--size")) {
  const sizes = [...files].map(([name, bytes]) => [name, gzipSync(bytes, { level: 9 }).length]);
  const isLate = (name) => name.startsWith("evaluator.") || name === "log.wasm";
  for (const [name, bytes] of sizes) console.log(`${String(bytes).padStart(8)}  ${name}${isLate(name) ? ", which loads when it is used" : ""}`);
  const first = sizes.filter(([name]) => !isLate(name));
  console.log(`${first.reduce((sum, [, bytes]) => sum + bytes, 0)} bytes compressed`);
}
