// Writes src/chain/generated.ts from what the repository commits: interfaces of the contracts, and signed messages.
// With --check it only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const target = new URL("../src/chain/generated.ts", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

/** What the page never needs of an entry is left out. */
const bare = (entry) => {
  if (Array.isArray(entry)) return entry.map(bare);
  if (entry === null || typeof entry !== "object") return entry;
  const kept = Object.entries(entry).filter(([key, value]) => key !== "internalType" && !(key === "anonymous" && !value));
  return Object.fromEntries(kept.map(([key, value]) => [key, bare(value)]));
};

const interfaceOf = (path, kinds = ["function", "event", "error"]) => bare(read(path).abi.filter((entry) => kinds.includes(entry.type)));

const constant = (name, value) => `export const ${name} = ${JSON.stringify(value)} as const;\n`;

/** Errors of the codes behind the interface that the interface itself does not name. */
const others = () => {
  const known = new Set(interfaceOf("governance/abi/INetwork.json", ["error"]).map((error) => error.name));
  const paths = ["governance/abi/Network.json", "governance/abi/Council.json", "governance/abi/Registry.json", "token/abi/Neuron.json"];
  const all = paths.flatMap((path) => interfaceOf(path, ["error"]));
  return all.filter((error) => !known.has(error.name) && known.add(error.name));
};

const messages = () => {
  const { schemas } = read("docs/erc7730/eip712-neuron-network.json").context.eip712;
  return Object.fromEntries(schemas.map(({ primaryType, types }) => [primaryType, types[primaryType]]));
};

const text = [
  "// Made by scripts/generate.mjs from the committed interfaces of the contracts and descriptors of messages.\n",
  constant("networkAbi", [...interfaceOf("governance/abi/INetwork.json"), ...others()]),
  constant("neuronAbi", interfaceOf("token/abi/Neuron.json")),
  constant("emissionAbi", interfaceOf("token/abi/Emission.json")),
  constant("saleAbi", interfaceOf("token/abi/Sale.json")),
  constant("purseAbi", interfaceOf("token/abi/Purse.json")),
  constant("messages", messages()),
].join("\n");

const current = (() => {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return "";
  }
})();
if (current === text) process.exit(0);
if (process.argv.includes("--check")) {
  console.error(`${fileURLToPath(target)} is not what the contracts say: run \`npm run generate\` in page/`);
  process.exit(1);
}
writeFileSync(target, text);
