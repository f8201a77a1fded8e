// The visitor's changes as a patch: what it makes of the set by the rules of the network, and the way to propose it.

import { useEffect, useMemo, useState } from "preact/hooks";
import { BLOCK_BYTES } from "../chain/messages";
import { ZERO } from "../fold/state";
import { Diff } from "../parts/diff";
import { useSignal } from "../parts/signal";
import { save } from "../parts/table";
import { type Comparison, compare } from "../set/compare";
import { drafted, EMPTY, isEmpty } from "../set/draft";
import { patchBetween } from "../set/patch";
import type { Reading } from "../set/reading";
import { connected } from "../wallet/wallet";
import { Counts } from "./compare";
import type { Editing } from "./edit";
import type { Inside } from "./group";
import { Field } from "./home";
import { ProposeIt } from "./propose";

const TITLE = "Rows changed by hand";

/** What the rules say to a patch, a moment after it stopped changing. */
function useVerdict(reading: Reading, text: string | null): Comparison | string | null {
  const [found, setFound] = useState<{ text: string; is: Comparison | string } | null>(null);
  useEffect(() => {
    if (text === null) return undefined;
    let gone = false;
    const later = setTimeout(() => {
      void compare(reading, new TextEncoder().encode(text))
        .catch((error: Error) => error.message)
        .then((is) => !gone && setFound({ text, is }));
    }, 250);
    return () => {
      gone = true;
      clearTimeout(later);
    };
  }, [reading, text]);
  return found?.text === text ? found.is : null;
}

export function Proposal({ answer, group, reading, draft, change }: Inside & Editing & { reading: Reading }) {
  const is = useSignal(connected);
  const retitle = ({ currentTarget: { value } }: { currentTarget: HTMLInputElement }) => change((all) => ({ ...all, title: value }));
  const { tree, lost } = useMemo(() => drafted(reading.tree, draft), [reading, draft]);
  const author = is?.account ?? ZERO;
  const text = useMemo(() => patchBetween(reading.tree, tree, author, draft.title.trim() || TITLE), [reading, tree, author, draft.title]);
  const verdict = useVerdict(reading, text);
  if (isEmpty(draft)) return null;
  const bytes = text === null ? null : new TextEncoder().encode(text);
  const isLong = bytes !== null && bytes.length > BLOCK_BYTES;
  const isGood = typeof verdict === "object" && verdict !== null && !isLong;
  return (
    <section aria-label="Your changes">
      <h2>Your changes</h2>
      {lost.length > 0 && (
        <p class="wrong" role="alert">
          {lost.length === 1 ? "One row that you changed is" : `${lost.length} rows that you changed are`} no longer in the set, and left out.
        </p>
      )}
      {typeof verdict === "string" && (
        <p class="wrong" role="alert">
          The rules refuse it: {verdict}
        </p>
      )}
      {isLong && <p class="wrong">The page takes patches up to {BLOCK_BYTES / 1024} KiB: save it, and propose it with `neuron delta propose`.</p>}
      {isGood && <Counts found={verdict} />}
      {text !== null && <Diff text={text} />}
      <p class="acts">
        {text !== null && (
          <button type="button" class="link" onClick={() => save("changes.patch", text)}>
            Save the patch
          </button>
        )}
        <button type="button" class="link" onClick={() => change(() => EMPTY)}>
          Forget all changes
        </button>
      </p>
      <div class="form">
        <Field name="Title" value={draft.title} changed={retitle} placeholder={TITLE} wide />
        <ProposeIt answer={answer} group={group} bytes={isGood && is ? bytes : null} done={() => change(() => EMPTY)} />
      </div>
      <p class="quiet">
        Voters must be able to fetch the patch too: save it, and <code>neuron ipfs add changes.patch</code> publishes it.
      </p>
    </section>
  );
}
