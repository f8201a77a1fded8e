// Files come back by their digests, whatever their shape; who lies about a block is noticed at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cidOf, hexOf, NODE, RAW, sha256 } from "../cid";
import { CHUNK, digestOf, Files, LINKS, nodeOf } from "../tree";
import { fromHex, text, toHex } from "./files";

type Blocks = Map<string, Uint8Array>;

/** Cuts a file as the protocol says; level by level, as others do it. */
const added = async (bytes: Uint8Array): Promise<{ digest: Uint8Array; blocks: Blocks }> => {
  const blocks: Blocks = new Map();
  const keep = async (codec: typeof RAW | typeof NODE, block: Uint8Array) => {
    const digest = await sha256(block);
    blocks.set(cidOf(codec, digest), block);
    return digest;
  };
  let level: { digest: Uint8Array; length: number }[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += CHUNK) {
    const chunk = bytes.slice(start, start + CHUNK);
    level.push({ digest: await keep(RAW, chunk), length: chunk.length });
  }
  for (let height = 1; level.length > 1; height += 1) {
    const above: typeof level = [];
    for (let first = 0; first < level.length; first += LINKS) {
      const children = level.slice(first, first + LINKS);
      const length = children.reduce((sum, child) => sum + child.length, 0);
      const node = nodeOf(length, height, children.map(({ digest }) => digest));
      above.push({ digest: await keep(NODE, node), length });
    }
    level = above;
  }
  return { digest: level[0]?.digest ?? new Uint8Array(), blocks };
};

const filled = (length: number) => new Uint8Array(length).map((_, place) => (place * 31 + (place >>> 11)) & 0xff);

test("a node has the bytes of the golden file", () => {
  const golden = fromHex(text("crates/swarm/golden/file-tree-1.hex").trim());
  const view = new DataView(golden.buffer);
  const head = "neuron tree 1\n".length;
  const length = Number(view.getBigUint64(head));
  const start = head + 8 + 4;
  const node = golden.slice(start, start + view.getUint32(head + 8));
  const digests = [0, 1, 2].map((child) => {
    const found = toHex(node).split("01551220")[child + 1] ?? "";
    return fromHex(found.slice(0, 64));
  });
  assert.equal(toHex(nodeOf(length, 1, digests)), toHex(node));
});

test("a block has the name that others give it", async () => {
  assert.equal(cidOf(RAW, await sha256(new Uint8Array())), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
});

for (const length of [0, 1, CHUNK, CHUNK + 1, 2 * CHUNK + 9, LINKS * CHUNK, LINKS * CHUNK + 5]) {
  test(`a file of ${length} bytes comes back, its length known or not`, async () => {
    const bytes = filled(length);
    const { digest, blocks } = await added(bytes);
    assert.equal(hexOf(await digestOf(bytes)), hexOf(digest));
    const files = new Files(async (cid) => blocks.get(cid));
    assert.equal(Buffer.compare(await files.ofLength(digest, length), bytes), 0);
    assert.equal(Buffer.compare(await files.upTo(digest, length), bytes), 0);
    if (length > 0) await assert.rejects(files.upTo(digest, length - 1), /at most/);
    await assert.rejects(files.ofLength(digest, length + 1), /does not fit|nobody that was asked/);
  });
}

test("another byte, or a block that nobody has, ends the reading with a sentence", async () => {
  const { digest, blocks } = await added(filled(2 * CHUNK + 9));
  const names = [...blocks.keys()];
  for (const name of names) {
    const lying = new Files(async (cid) => (cid === name ? blocks.get(cid)?.map((byte, place) => (place === 7 ? byte ^ 1 : byte)) : blocks.get(cid)));
    await assert.rejects(lying.upTo(digest, 2 ** 30), /choose another gateway/);
    const forgetful = new Files(async (cid) => (cid === name ? undefined : blocks.get(cid)));
    await assert.rejects(forgetful.upTo(digest, 2 ** 30), /nobody that was asked has the block/);
  }
});

test("a block that only looks like a node stands for its own bytes", async () => {
  const node = nodeOf(2 * CHUNK + 9, 1, []);
  for (const bytes of [node.slice(0, -1), Uint8Array.of(...node, 0), Uint8Array.of(0x12), Uint8Array.of(0x0a, 0x02, 0x08, 0x02)]) {
    const digest = await sha256(bytes);
    const files = new Files(async (cid) => (cid === cidOf(RAW, digest) ? bytes : undefined));
    assert.equal(hexOf(await files.upTo(digest, 1_000)), toHex(bytes));
  }
});
