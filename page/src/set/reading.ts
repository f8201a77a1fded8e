// A training set read from its patches. The rules of the network, in WebAssembly, carry each of them out; the page does the same to see
// the files, and shows nothing where both differ.

import { areEqual } from "../../wasm/cid";
import { Refused } from "../../wasm/door";
import { type Manifest, manifestOf } from "../../wasm/model";
import type { Round } from "../../wasm/evaluator";
import type { Step } from "../fold/lineage";
import { type Added, addedLines, Origins } from "./origins";
import { carriedOut, changesOf, sorted, type Tree } from "./patch";
import { Roots } from "./root";
import { rowsOf, type Shape } from "./summary";

type Later<T> = T | Promise<T>;

/** What is asked of the evaluator; it may be in a worker. */
export interface Rules {
  setManifest(bytes: Uint8Array): Later<unknown>;
  setCheckpoint(bytes: Uint8Array): Later<unknown>;
  setExamples(files: [string, string][]): Later<number>;
  applyPatch(bytes: Uint8Array): Later<number>;
  root(): Later<Uint8Array>;
  measure(round: Round): Later<{ losses: number[] }>;
}

/** Where manifest and patches come from. */
export interface Supply {
  manifest: Uint8Array;
  patch(step: Step): Promise<Uint8Array>;
}

/** Longer sets are for the command line. */
const SET_LETTERS = 64 * 1024 * 1024;
/** Examples that are measured at most, as `neuron delta show` does. */
export const MEASURED_MAX = 4_096;

const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

export const shapeOf = ({ data }: Manifest): Shape => ({ suffix: data.format === "csv" ? ".csv" : ".txt", isRows: data.format === "csv" });

/** A set, and what led to it. */
export class Reading {
  readonly manifest: Manifest;
  readonly shape: Shape;
  readonly origins = new Origins();
  /** Lines that each patch brought; nothing of one that led to no set. */
  readonly brought: (Added[] | null)[] = [];
  tree: Tree = new Map();
  examples = 0;
  private readonly led: Uint8Array[] = [];
  private readonly roots = new Roots();
  private isMoved = false;
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly rules: Rules,
    private readonly supply: Supply,
    readonly steps: readonly Step[],
  ) {
    this.manifest = manifestOf(supply.manifest);
    this.shape = shapeOf(this.manifest);
  }

  /** Reads the set; `told` hears how many patches are read. */
  static async of(rules: Rules, supply: Supply, steps: readonly Step[], told: (done: number) => void = () => {}): Promise<Reading> {
    const reading = new Reading(rules, supply, steps);
    await rules.setManifest(supply.manifest);
    for (const [place, step] of steps.entries()) {
      await reading.follow(await supply.patch(step), place);
      told(place + 1);
    }
    return reading;
  }

  /** One that does not apply changes nothing, for everybody alike. */
  private async follow(bytes: Uint8Array, place: number): Promise<void> {
    const made = await this.carried(bytes).catch((error: unknown) => {
      if (error instanceof Refused && place > 0) return null;
      throw error;
    });
    this.brought.push(made && addedLines(this.tree, made.tree));
    if (!made) return;
    this.origins.note(this.tree, made.tree, place);
    [this.tree, this.examples] = [made.tree, made.examples];
    this.led.push(bytes);
  }

  /** Carries a patch out, there and here. */
  private async carried(bytes: Uint8Array): Promise<{ tree: Tree; examples: number }> {
    const examples = await this.rules.applyPatch(bytes);
    const tree = carriedOut(this.tree, changesOf(textOf(bytes)));
    const letters = [...tree.values()].reduce((sum, text) => sum + text.length, 0);
    if (letters > SET_LETTERS) throw new Error("The page reads sets of up to 64 MiB: `neuron delta search` reads this one.");
    if (!areEqual(await this.roots.of(tree), await this.rules.root()))
      throw new Error("The page read a patch of this set otherwise than the rules do, so it shows nothing: `neuron delta search` reads it.");
    return { tree, examples };
  }

  /** All lines of files with examples, each with the place of the patch that brought it. */
  blamed(): { path: string; line: number; text: string; place: number }[] {
    return sorted(this.tree)
      .filter((path) => path.endsWith(this.shape.suffix))
      .flatMap((path) => {
        const origins = this.origins.of(path);
        return rowsOf(this.tree.get(path) ?? "").map((text, at) => ({ path, line: at + 1, text, place: origins[at] ?? 0 }));
      });
  }

  /** The set after one more patch, which the rules took; this one stays as it is. */
  tried(bytes: Uint8Array): Promise<{ tree: Tree; examples: number }> {
    return this.alone(async () => {
      await this.restore();
      this.isMoved = true;
      return this.carried(bytes);
    });
  }

  /** What a checkpoint loses on each of these rows, in micronats. */
  losses(checkpoint: Uint8Array, rows: readonly string[]): Promise<number[]> {
    return this.alone(async () => {
      this.isMoved = true;
      await this.rules.setCheckpoint(checkpoint);
      const losses: number[] = [];
      const most = Math.min(rows.length, MEASURED_MAX);
      for (let from = 0; from < most; from += this.manifest.eval_max) {
        const part = rows.slice(from, Math.min(most, from + this.manifest.eval_max));
        await this.rules.setExamples([[`added${this.shape.suffix}`, part.map((row) => `${row}\n`).join("")]]);
        // Of so few examples each is drawn, in its order, whatever the seed.
        const side = await this.rules.measure({ seed: new Uint8Array(32), group: 0n, number: 0n, commits: 1n });
        losses.push(...side.losses);
      }
      return losses;
    });
  }

  /** The module at this set again, after it looked at another one. */
  private async restore(): Promise<void> {
    if (!this.isMoved) return;
    await this.rules.setManifest(this.supply.manifest);
    for (const bytes of this.led) await this.rules.applyPatch(bytes);
    this.isMoved = false;
  }

  /** One question after the other. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }
}
