// A group's newest checkpoint, tried in the page.

import { useMemo } from "preact/hooks";
import { Predict, type Sources } from "../../wasm/predict";
import { useHere } from "../parts/context";
import { bytesOf, CHECKPOINT_BYTES, computing, filesAt, MANIFEST_BYTES } from "../parts/computing";
import type { Inside } from "./group";

export function TryTab({ group }: Inside) {
  const { site } = useHere();
  const { gateway } = site;
  const { manifest } = group.birth;
  const { checkpoint } = group;
  const sources = useMemo<Sources | null>(() => {
    if (!gateway) return null;
    const files = filesAt(gateway);
    const model = async () => {
      const [told, weights] = await Promise.all([files.upTo(bytesOf(manifest), MANIFEST_BYTES), files.upTo(bytesOf(checkpoint), CHECKPOINT_BYTES)]);
      return { manifest: told, checkpoint: weights };
    };
    return { ...computing, model };
  }, [gateway, manifest, checkpoint]);
  return (
    <section class="computing">
      <h2>Try its model</h2>
      {sources ? <Predict sources={sources} /> : <NoGateway />}
    </section>
  );
}

export function NoGateway() {
  return (
    <p class="nothing">
      The page fetches files from an IPFS gateway, and checks every byte. Name one in <a href="#/settings">Settings</a>: the HTTP room of a node of
      this network is one.
    </p>
  );
}
