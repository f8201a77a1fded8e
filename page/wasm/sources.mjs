// Of which sources the modules were made. `node sources.mjs` compares, `--write COMPILER` notes what is there now.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const here = new URL("./", import.meta.url);
const root = new URL("../../", here);
const note = (name) => new URL(`${name}.json`, here);
const module = (name) => new URL(`${name}.wasm`, here);

/** Rooms that each module is made of; the first one is called after it. */
const MODULES = {
  evaluator: ["crates/page-evaluator/", "crates/evaluator/", "deltas/"],
  log: ["crates/page-log/", "crates/protocol/", "deltas/"],
};

const text = (path) => readFileSync(new URL(path, root), "utf8");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** All files below a folder, in the order of their paths. */
const filesBelow = (folder) => {
  const entries = readdirSync(new URL(folder, root), { withFileTypes: true });
  const found = entries.flatMap((entry) => (entry.isDirectory() ? filesBelow(`${folder}${entry.name}/`) : [`${folder}${entry.name}`]));
  return found.sort();
};

/** Names under `[dependencies]`, of a target too: what only tests use is in no module. */
const dependenciesOf = (room) => {
  const sections = text(`${room}Cargo.toml`).split(/^\[/m).filter((part) => /^(target\..*\.)?dependencies\]/.test(part));
  return sections.flatMap((section) => [...section.matchAll(/^([\w-]+)[ .=]/gm)].map(([, name]) => name));
};

const nameOf = (room) => /^name = "(.*)"$/m.exec(text(`${room}Cargo.toml`))[1];

/** `name version` of everything that the first room is made of, as the lock file has it. */
const libraries = (rooms) => {
  const own = new Map(rooms.map((room) => [nameOf(room), dependenciesOf(room)]));
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
  visit(find(nameOf(rooms[0])));
  return [...seen.values()].sort();
};

/** One digest of all that a module depends on, but the compiler and the script that calls it. */
const digestOfSources = (rooms) => {
  const files = rooms.flatMap((room) => [`${room}Cargo.toml`, ...filesBelow(`${room}src/`)]);
  const lines = [...files.map((path) => `${path} ${sha256(text(path))}`), ...libraries(rooms)];
  return sha256(lines.join("\n"));
};

const [, , flag, compiler] = process.argv;
for (const [name, rooms] of Object.entries(MODULES)) {
  const is = { module: sha256(readFileSync(module(name))), sources: digestOfSources(rooms) };
  if (flag === "--write") {
    writeFileSync(note(name), `${JSON.stringify({ ...is, compiler }, null, 2)}\n`);
    continue;
  }
  const says = JSON.parse(readFileSync(note(name), "utf8"));
  if (says.module !== is.module || says.sources !== is.sources) {
    console.error(`page/wasm/${name}.wasm is not of these sources: run page/wasm/build.sh`);
    process.exitCode = 1;
  }
}
