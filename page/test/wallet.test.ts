import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeErrorResult } from "viem";
import { networkAbi } from "../src/chain/generated";
import { Rpc, RpcTrouble } from "../src/chain/rpc";
import { CONFIRMATIONS, type Flight, look } from "../src/wallet/flights";
import { sentenceOf } from "../src/wallet/trouble";

const HASH = `0x${"ab".repeat(32)}` as const;
const FLIGHT: Flight = { hash: HASH, label: "x", chainId: 1, network: "0x1", from: "0x2", nonce: 5, state: "sent", at: 0, block: null };

/** A node that answers what it is told to. */
function node(answers: Record<string, unknown>): Rpc {
  const answer = (id: number, method: string) => ({ jsonrpc: "2.0", id, result: method in answers ? answers[method] : null });
  return new Rpc("http://127.0.0.1:1", async (_, asked) => {
    const { id, method } = JSON.parse(String(asked?.body)) as { id: number; method: string };
    return new Response(JSON.stringify(answer(id, method)));
  });
}

const mined = (block: number, status = "0x1") => ({ blockNumber: `0x${block.toString(16)}`, status });

test("what was sent is mined, confirmed, failed or replaced as the chain has it", async () => {
  const head = 100;
  const at = (block: number, status?: string) => ({ eth_getTransactionReceipt: mined(block, status), eth_blockNumber: `0x${head.toString(16)}` });
  for (const [name, flight, answers, wanted] of [
    ["in the newest block", FLIGHT, at(head), { state: "mined", block: head }],
    ["just deep enough", FLIGHT, at(head - CONFIRMATIONS + 1), { state: "confirmed", block: head - CONFIRMATIONS + 1 }],
    ["mined, as was known", { ...FLIGHT, state: "mined" as const }, at(head), null],
    ["reverted", FLIGHT, at(head, "0x0"), { state: "failed", block: head }],
    ["in the pool", { ...FLIGHT, nonce: null }, { eth_getTransactionByHash: { nonce: "0x7" } }, { state: "sent", nonce: 7, block: null }],
    [
      "taken out by a reorganisation",
      { ...FLIGHT, state: "mined" as const },
      { eth_getTransactionByHash: { nonce: "0x5" } },
      { state: "sent", nonce: 5, block: null },
    ],
    ["another one has its number", FLIGHT, { eth_getTransactionCount: "0x6" }, { state: "replaced" }],
    ["unknown, its number free", FLIGHT, { eth_getTransactionCount: "0x5" }, null],
    ["unknown, its number unknown", { ...FLIGHT, nonce: null }, {}, null],
  ] as const) {
    assert.deepEqual(await look(node(answers), flight), wanted, name);
  }
});

test("whatever goes wrong ends in one sentence", () => {
  const refused = encodeErrorResult({ abi: networkAbi, errorName: "NotEnoughStake", args: [100n * 10n ** 18n] });
  for (const [thrown, said] of [
    [{ code: 4001, message: "User rejected" }, /You refused it in your wallet/],
    [{ code: -32603, cause: { code: 4001 } }, /You refused it in your wallet/],
    [{ code: -32002, message: "pending" }, /still waits for an answer/],
    [{ code: 3, message: "execution reverted", data: refused }, /The position has 100 NRN that can leave/],
    [{ message: "Internal JSON-RPC error.", data: { code: 3, data: refused } }, /The position has 100 NRN that can leave/],
    [new RpcTrouble("The chain's node is away."), /The chain's node is away\./],
    [new Error("<b>first</b> line\nsecond"), /^<b>first<\/b> line\.$/],
    [undefined, /nobody said what/],
    ["text", /nobody said what/],
  ] as const) {
    assert.match(sentenceOf(thrown), said);
  }
});

test("what a node answers instead of an answer is said, and what was too much is known as that", async () => {
  const answering = (text: string, status = 200) => new Rpc("https://node.example/secret-key", async () => new Response(text, { status }));
  for (const [rpc, said, isTooMuch] of [
    [answering("<html>", 502), /node\.example answered 502 and no JSON/, false],
    [answering("", 429), /fewer questions/, false],
    [answering('{"error":{"code":-32005,"message":"limit"}}'), /refused: limit/, true],
    [answering('{"error":{"code":-32000,"message":"block range is too large"}}'), /too large/, true],
    [answering('{"error":{"code":-32000,"message":"header not found"}}'), /header not found/, false],
    [answering("{}"), /no answer/, false],
  ] as const) {
    await assert.rejects(rpc.head(), (error: RpcTrouble) => {
      assert.match(error.message, said);
      assert.ok(!error.message.includes("secret-key"), error.message);
      assert.equal(error.isTooMuch, isTooMuch, error.message);
      return true;
    });
  }
});
