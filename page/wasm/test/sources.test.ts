// The committed module is of the sources beside it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(process.cwd(), "../..");

const check = (root: string) => spawnSync(process.execPath, [join(root, "page/wasm/sources.mjs")], { encoding: "utf8" });

test("the module was made of the sources that are here", () => {
  const { status, stderr } = check(ROOT);
  assert.equal(status, 0, stderr);
});

test("a source, a library or a module that changed without the others is noticed", () => {
  const copy = mkdtempSync(join(tmpdir(), "page-sources-"));
  try {
    const parts = ["Cargo.lock", "deltas/Cargo.toml", "deltas/src", "crates/evaluator/Cargo.toml", "crates/evaluator/src"];
    for (const room of ["page-evaluator", "page-log", "protocol"]) parts.push(`crates/${room}/Cargo.toml`, `crates/${room}/src`);
    for (const name of ["sources.mjs", "evaluator.json", "evaluator.wasm", "log.json", "log.wasm"]) parts.push(`page/wasm/${name}`);
    mkdirSync(join(copy, "page/wasm"), { recursive: true });
    parts.forEach((part) => cpSync(join(ROOT, part), join(copy, part), { recursive: true }));
    assert.equal(check(copy).status, 0);
    const changes: [string, (text: string) => string][] = [
      ["crates/evaluator/src/kernels/wasm.rs", (text) => `${text}\n`],
      ["crates/protocol/src/log/ring.rs", (text) => `${text}\n`],
      ["page/wasm/log.wasm", (text) => `${text} `],
      ["deltas/Cargo.toml", (text) => `${text}\n`],
      ["Cargo.lock", (text) => text.replace(/(name = "keccak"\nversion = ")/, "$19")],
      ["page/wasm/evaluator.wasm", (text) => `${text} `],
    ];
    for (const [path, change] of changes) {
      const before = readFileSync(join(copy, path));
      const after = change(before.toString("latin1"));
      assert.notEqual(after, before.toString("latin1"), path);
      writeFileSync(join(copy, path), after, "latin1");
      const { status, stderr } = check(copy);
      assert.equal(status, 1, path);
      assert.match(stderr, /run page\/wasm\/build\.sh/);
      writeFileSync(join(copy, path), before);
    }
    const lock = readFileSync(join(copy, "Cargo.lock"), "utf8");
    writeFileSync(join(copy, "Cargo.lock"), lock.replace(/(name = "safetensors"\nversion = ")/, "$19"));
    assert.equal(check(copy).status, 0, "what only tests use is in no module");
  } finally {
    rmSync(copy, { recursive: true });
  }
});
