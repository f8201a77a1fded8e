// Of which sources evaluator.wasm was made. `node sources.mjs` compares, `--write COMPILER` notes what is there now.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = new URL("./", import.meta.url);
const root = new URL("../../", here);
const note = new URL("evaluator.json", here);

/** Rooms that the module is made of. */
const ROOMS = ["crates/page-evaluator/", "crates/evaluator/", "deltas/"];
/** The first of them, in the lock file. */
const FIRST = "page-evaluator";

const text = (path) => readFileSync(new URL(path, root), "utf8");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** All files below a folder, in the order of their paths. */
const filesBelow = (folder) => {
  const entries = readdirSync(new URL(folder, root), { withFileTypes: true });
  const found = entries.flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}${entry.name}/`) : [`${folder}${entry.name}`]));
  return found.sort();
};

/** Names under `[dependencies]`: what only tests use is in no module. */
const dependenciesOf = (room) => {
  const section = text(`${room}Cargo.toml`).split(/^\[/m).find((part) => part.startsWith("dependencies]"));
  return [...(section ?? "").matchAll(/^([\w-]+)[ .=]/gm)].map(([, name]) => name);
};

/** `name version` of everything that the first room is made of, as the lock file has it. */
const libraries = () => {
  const own = new Map(ROOMS.map((room) => [/^name = "(.*)"$/m.exec(text(`${room}Cargo.toml`))[1], dependenciesOf(room)]));
  const blocks = text("Cargo.lock").split("[[package]]").slice(1).map((block) => ({
    name: /^name = "(.*)"$/m.exec(block)[1],
    version: /^version = "(.*)"$/m.exec(block)[1],
    checksum: /^checksum = "(.*)"$/m.exec(block)?.[1] ?? "",
    needs: [...(/^dependencies = \[([^\]]*)\]/m.exec(block)?.[1] ?? "").matchAll(/"([^"]*)"/g)].map(([, need]) => need),
  }));
  const find = (need) => {
    const [name, version] = need.split(" ");
    return blocks.find((block) => block.name === name && (version === undefined || block.version === version));
  };
  const seen = new Map();
  const visit = (block) => {
    if (block === undefined || seen.has(block)) return;
    seen.set(block, `${block.name} ${block.version} ${block.checksum}`);
    const only = own.get(block.name);
    block.needs.filter((need) => only === undefined || only.includes(need.split(" ")[0])).forEach((need) => visit(find(need)));
  };
  visit(find(FIRST));
  return [...seen.values()].sort();
};

/** One digest of all that the module depends on, but the compiler and the script that calls it. */
export const digestOfSources = () => {
  const files = ROOMS.flatMap((room) => [`${room}Cargo.toml`, ...filesBelow(`${room}src/`)]);
  const lines = [...files.map((path) => `${path} ${sha256(text(path))}`), ...libraries()];
  return sha256(lines.join("\n"));
};

/** What the note says, and what is so. */
export const compared = () => {
  const says = JSON.parse(readFileSync(note, "utf8"));
  return { says, is: { module: sha256(readFileSync(new URL("evaluator.wasm", here))), sources: digestOfSources() } };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , flag, compiler] = process.argv;
  if (flag === "--write") {
    const module = sha256(readFileSync(new URL("evaluator.wasm", here)));
    writeFileSync(note, `${JSON.stringify({ module, sources: digestOfSources(), compiler }, null, 2)}\n`);
  } else {
    const { says, is } = compared();
    if (says.module !== is.module || says.sources !== is.sources) {
      console.error("page/wasm/evaluator.wasm is not of these sources: run page/wasm/build.sh");
      process.exitCode = 1;
    }
  }
}
