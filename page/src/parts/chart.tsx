// A plot with hover and zoom, in the page's own colours.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useSignal } from "./signal";
import { isDark, theme } from "./theme";
import { dated } from "./words";

export interface Line {
  name: string;
  values: (number | null)[];
  /** Which of the page's colours. */
  color: "accent" | "second" | "quiet";
  dashed?: boolean;
  points?: boolean;
}

interface Props {
  label: string;
  x: number[];
  lines: Line[];
  /** Whether x is seconds since 1970. */
  time?: boolean;
  unit: string;
  step?: boolean;
}

const HEIGHT = 240;
const COLORS = {
  light: { accent: "#0f766e", second: "#b45309", quiet: "#6b7280", grid: "#e7e5e0", text: "#57606a" },
  dark: { accent: "#5eead4", second: "#fbbf24", quiet: "#9ca3af", grid: "#2a3036", text: "#a3adb8" },
};

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];
const DAY_S = 86_400;

/** The hour, or the day where a plot spans several. */
function shortTime(at: number, all: readonly number[]): string {
  const spans = (all.at(-1) ?? at) - (all[0] ?? at) > DAY_S;
  const text = dated(at);
  return spans ? text.slice(5, 10) : text.slice(11, 16);
}

export function Chart({ label, x, lines, time = false, unit, step = false }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const mode = useSignal(theme);
  const shape = `${mode}|${isDark()}|${lines.map(({ name }) => name).join("|")}`;
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const colors = isDark() ? COLORS.dark : COLORS.light;
    const axis = {
      stroke: colors.text,
      grid: { stroke: colors.grid, width: 1 },
      ticks: { stroke: colors.grid, width: 1 },
      font: "12px system-ui, sans-serif",
    };
    const series: uPlot.Series[] = lines.map(({ name, color, dashed, points }) => ({
      label: name,
      stroke: colors[color],
      width: 2,
      ...(dashed ? { dash: [5, 4] } : {}),
      ...(step && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      points: { show: points ?? false, size: 6, fill: colors[color] },
      value: (_: uPlot, value: number | null) => (value === null ? "–" : `${value.toFixed(4)} ${unit}`),
    }));
    const options: uPlot.Options = {
      width: Math.max(200, place.clientWidth),
      height: HEIGHT,
      scales: { x: { time } },
      axes: [
        time ? { ...axis, values: (_: uPlot, splits: number[]) => splits.map((at) => shortTime(at, splits)) } : { ...axis, incrs: WHOLE },
        { ...axis, size: 56 },
      ],
      series: [
        { label: time ? "time" : "round", value: (_: uPlot, at: number | null) => (at === null ? "–" : time ? dated(at) : String(at)) },
        ...series,
      ],
      cursor: { drag: { x: true, y: false } },
      legend: { live: true },
    };
    const made = new uPlot(options, [x, ...lines.map(({ values }) => values)] as uPlot.AlignedData, place);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(200, place.clientWidth), height: HEIGHT }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, time, unit]);
  const key = `${x.length}|${x.at(-1)}|${lines.map(({ values }) => values.at(-1)).join("|")}`;
  useEffect(() => plot.current?.setData([x, ...lines.map(({ values }) => values)] as uPlot.AlignedData), [key]);
  return (
    <figure class="chart">
      <div ref={box} role="img" aria-label={label} />
      <figcaption class="quiet">{label}. Drag to zoom, double-click to see all.</figcaption>
    </figure>
  );
}
