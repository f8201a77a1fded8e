// A model of text: a prompt that goes on, token by token, and what it thought might follow.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Chance, Chances, chancesOf } from "./chances";
import { type Manifest, nameOfClass, textOfTokens } from "./model";
import type { Remote } from "./remote";

/** Tokens of one text; a visitor may stop earlier, and go on. */
const TOKENS = 400;

interface Props {
  manifest: Manifest;
  remote: Remote;
}

export function Prose({ manifest, remote }: Props) {
  const [prompt, setPrompt] = useState("");
  const [temperature, setTemperature] = useState(0.8);
  const [written, setWritten] = useState("");
  const [chances, setChances] = useState<Chance[]>([]);
  const [wrong, setWrong] = useState<string | null>(null);
  const [isWriting, setIsWriting] = useState(false);
  const run = useRef(0);
  useEffect(() => () => void (run.current += 1), []);
  const stop = () => {
    run.current += 1;
    setIsWriting(false);
  };
  const start = async () => {
    stop();
    const own = run.current;
    const isNewest = () => run.current === own;
    setIsWriting(true);
    setWrong(null);
    setWritten("");
    try {
      setChances(chancesOf(await remote.predict(prompt), (place) => nameOfClass(manifest, place)));
      const text = textOfTokens(manifest);
      const seed = crypto.getRandomValues(new Uint8Array(32));
      let count = 0;
      for await (const token of remote.write(prompt, { temperature, seed })) {
        if (!isNewest()) return;
        const more = text(token);
        setWritten((before) => before + more);
        if (++count === TOKENS) return stop();
      }
    } catch (error) {
      if (!isNewest()) return;
      setWrong(error instanceof Error ? error.message : String(error));
      setIsWriting(false);
    }
  };
  return (
    <div class="predict-pair">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <label class="predict-label">
          The text begins
          <textarea class="predict-text mono" rows={3} value={prompt} onInput={(event) => setPrompt(event.currentTarget.value)} />
        </label>
        <label class="predict-label">
          Surprise: {temperature.toFixed(1)}
          <input type="range" min="0" max="1.5" step="0.1" value={temperature} onInput={(event) => setTemperature(Number(event.currentTarget.value))} />
        </label>
        {isWriting ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={prompt === ""}>
            Go on
          </button>
        )}
        {wrong && <p role="alert">{wrong}</p>}
        <pre class="predict-prose" aria-label="The text" aria-busy={isWriting}>
          <span class="quiet">{written && prompt}</span>
          {written}
        </pre>
      </form>
      <div>
        {chances.length > 0 && <p class="quiet">What might have followed the beginning</p>}
        <Chances of={chances} label="Probability of what follows the beginning" />
      </div>
    </div>
  );
}
