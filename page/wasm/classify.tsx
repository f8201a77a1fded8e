// A model of features: draw what it reads, or type the numbers.

import { useEffect, useState } from "preact/hooks";
import { type Chance, Chances, chancesOf } from "./chances";
import { empty, features, fitted, isEmpty } from "./drawing";
import { type Manifest, nameOfClass, sideOf } from "./model";
import type { Remote } from "./remote";
import { Sketch } from "./sketch";

interface Props {
  manifest: Manifest;
  remote: Remote;
}

/** The newest line's probabilities, or why there are none. */
function useChances({ manifest, remote }: Props, line: string): { chances: Chance[]; wrong: string | null } {
  const [found, setFound] = useState<{ chances: Chance[]; wrong: string | null }>({ chances: [], wrong: null });
  useEffect(() => {
    let isNewest = true;
    const say = (chances: Chance[], wrong: string | null) => isNewest && setFound({ chances, wrong });
    if (line === "") say([], null);
    else
      remote.predict(line).then(
        (row) => say(chancesOf(row, (place) => nameOfClass(manifest, place)), null),
        (error: Error) => say([], error.message),
      );
    return () => {
      isNewest = false;
    };
  }, [line, remote]);
  return found;
}

export function Classify(props: Props) {
  const side = sideOf(props.manifest);
  return side === undefined ? <Numbers {...props} /> : <Draw {...props} side={side} />;
}

function Draw({ side, ...props }: Props & { side: number }) {
  const [drawing, setDrawing] = useState(() => empty(side));
  const most = props.manifest.data.format === "csv" ? props.manifest.data.divisor : 1;
  const row = features(fitted(drawing), most);
  const { chances, wrong } = useChances(props, isEmpty(drawing) ? "" : row.join(","));
  const best = chances.reduce<Chance | undefined>((one, other) => (one && one.share >= other.share ? one : other), undefined);
  return (
    <div class="predict-pair">
      <div>
        <Sketch drawing={drawing} seen={row.map((value) => value / most)} changed={setDrawing} />
        <button type="button" class="link" onClick={() => setDrawing(empty(side))}>
          Clear
        </button>
      </div>
      <div>
        <p class="predict-best" aria-live="polite">
          {best ? (
            <>
              It is a <strong>{best.name}</strong>
            </>
          ) : (
            "Draw in the frame: what the model makes of it appears here."
          )}
        </p>
        {wrong && <p role="alert">{wrong}</p>}
        <Chances of={chances} label="Probability of each class" />
      </div>
    </div>
  );
}

function Numbers(props: Props) {
  const [line, setLine] = useState("");
  const { chances, wrong } = useChances(props, line.trim());
  const inputs = props.manifest.model.family === "mlp" ? props.manifest.model.inputs : 0;
  return (
    <div>
      <label class="predict-label">
        {inputs} whole numbers, joined by commas
        <input class="predict-text mono" value={line} onInput={(event) => setLine(event.currentTarget.value)} />
      </label>
      {wrong && <p role="alert">{wrong}</p>}
      <Chances of={chances} label="Probability of each class" />
    </div>
  );
}
