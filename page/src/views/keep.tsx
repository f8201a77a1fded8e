// A group kept in this browser: its messages and files are there without a connection, and can be given to another one.

import { useEffect, useState } from "preact/hooks";
import { Keep, type Kept } from "../../wasm/keep";
import { Keeper } from "../../wasm/log/keeper";
import { Store } from "../../wasm/log/store";
import { Files, gateway as blocksOf } from "../../wasm/tree";
import type { Hex } from "../fold/state";
import { bytesOf, CHECKPOINT_BYTES, logModule, MANIFEST_BYTES, PATCH_BYTES } from "../parts/computing";
import { useHere } from "../parts/context";
import type { Inside } from "./group";

export function KeepTab({ group }: Inside) {
  const { site, client } = useHere();
  const [patches, setPatches] = useState<Hex[]>([]);
  useEffect(
    () =>
      client.watch(
        { kind: "patches", group: group.number, head: group.head },
        (answer) => answer.kind === "patches" && setPatches(answer.patches ?? []),
      ),
    [client, group.number, group.head],
  );
  const open = async (): Promise<Kept> => {
    const { chainId, network } = site;
    const [module, store] = await Promise.all([logModule(), Store.open()]);
    return { keeper: await Keeper.open(module, store, { chainId, network, group: group.number }), store };
  };
  const copy = async ({ keeper }: Kept): Promise<void> => {
    const files = new Files(keeper.blocks(site.gateway ? blocksOf(site.gateway) : undefined));
    await files.upTo(bytesOf(group.birth.manifest), MANIFEST_BYTES);
    await files.upTo(bytesOf(group.checkpoint), CHECKPOINT_BYTES);
    for (const patch of patches) await files.upTo(bytesOf(patch), PATCH_BYTES);
  };
  return (
    <section class="computing">
      <h2>Keep it here</h2>
      <Keep open={open} copy={copy} />
    </section>
  );
}
