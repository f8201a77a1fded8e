// Writes test/round/ from a running devnet: `node record.mjs RPC NETWORK GATEWAY`. It is how the committed round was made.
import { build } from "esbuild";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rmSync } from "node:fs";

const here = fileURLToPath(new URL("./", import.meta.url));
const made = `${here}test/record.made.mjs`;
await build({ entryPoints: [`${here}test/record.ts`], outfile: made, bundle: true, platform: "node", format: "esm", target: "node20", logLevel: "warning" });
try {
  const { record } = await import(pathToFileURL(made).href);
  const [, , rpc, network, gateway] = process.argv;
  await record(rpc, network, gateway, `${here}test/round/`);
} finally {
  rmSync(made);
}
