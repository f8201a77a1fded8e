// A frame to draw in, with a pointer or with keys.

import { useRef, useState } from "preact/hooks";
import { type Drawing, FINE, type Point, stroke, turned } from "./drawing";

interface Props {
  drawing: Drawing;
  /** How the model sees it, 0 to 1 for each square. */
  seen: number[];
  changed: (drawing: Drawing) => void;
}

const STEPS: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function Sketch({ drawing, seen, changed }: Props) {
  const side = drawing.width / FINE;
  const last = useRef<Point | null>(null);
  const newest = useRef(drawing);
  newest.current = drawing;
  const [[column, row], setSquare] = useState([0, 0]);
  const [hasKeys, setHasKeys] = useState(false);
  const draw = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const frame = event.currentTarget.getBoundingClientRect();
    const at = { x: (event.clientX - frame.left) / frame.width, y: (event.clientY - frame.top) / frame.height };
    newest.current = stroke(newest.current, last.current ?? at, at);
    last.current = at;
    changed(newest.current);
  };
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    const inside = (place: number) => Math.min(side - 1, Math.max(0, place));
    if (step) setSquare([inside(column + step[0]), inside(row + step[1])]);
    else if (event.key === " " || event.key === "Enter") changed(turned(drawing, column, row));
    else return;
    event.preventDefault();
    setHasKeys(true);
  };
  return (
    <div class="sketch">
      <svg
        class="sketch-frame"
        viewBox={`0 0 ${drawing.width} ${drawing.width}`}
        tabindex={0}
        role="application"
        aria-label={`A frame to draw in, ${side} by ${side} squares. With keys: arrows move, space fills. At column ${column + 1}, row ${row + 1}.`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setHasKeys(false);
          draw(event);
        }}
        onPointerMove={(event) => last.current && draw(event)}
        onPointerUp={() => (last.current = null)}
        onPointerCancel={() => (last.current = null)}
        onKeyDown={press}
      >
        <path class="sketch-dots" d={outline(drawing)} />
        {hasKeys && <rect class="sketch-square" x={column * FINE} y={row * FINE} width={FINE} height={FINE} />}
      </svg>
      <figure class="sketch-seen">
        <svg viewBox={`0 0 ${side} ${side}`} role="img" aria-label="What the model sees">
          {seen.map((value, place) => (
            <rect key={place} class="sketch-dot" x={place % side} y={Math.floor(place / side)} width="1" height="1" fill-opacity={value} />
          ))}
        </svg>
        <figcaption class="quiet">what the model sees</figcaption>
      </figure>
    </div>
  );
}

/** All dots as one path. */
const outline = ({ width, dots }: Drawing): string => {
  const paths: string[] = [];
  dots.forEach((dot, place) => dot && paths.push(`M${place % width} ${Math.floor(place / width)}h1v1h-1z`));
  return paths.join("");
};
