// The evaluator in a worker, as the page sees it: the same questions, answered later. One worker looks at one model.

import type { Measuring } from "./check";
import { Refused } from "./door";
import type { Replay, Round, Side, Slot, Writing } from "./evaluator";

/** A question to the worker. */
export type Question =
  | { do: "open"; module: ArrayBuffer }
  | { do: "manifest"; bytes: Uint8Array }
  | { do: "length" }
  | { do: "checkpoint"; bytes: Uint8Array; slot: Slot }
  | { do: "patch"; bytes: Uint8Array }
  | { do: "predict"; line: string; slot: Slot }
  | { do: "write"; prompt: string; writing: Writing }
  | { do: "next" }
  | { do: "replay"; round: Round }
  | { do: "examples"; files: [string, string][] }
  | { do: "root" }
  | { do: "measure"; round: Round };

/** An answer, or a sentence that says what was wrong. */
export type Answer = { id: number; is: unknown } | { id: number; wrong: string; isRefused: boolean };

/** What is used of a worker; a test gives something else. */
export interface Port {
  postMessage(message: { id: number } & Question): void;
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

export class Remote implements Measuring {
  private last = 0;
  private readonly waiting = new Map<number, { done: (is: unknown) => void; failed: (error: Error) => void }>();

  constructor(private readonly port: Port) {
    port.onmessage = ({ data }) => {
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("wrong" in data) asked?.failed(data.isRefused ? new Refused(data.wrong) : new Error(data.wrong));
      else asked?.done(data.is);
    };
    port.onerror = () => this.fail("the evaluator could not be started: load the page anew");
  }

  /** Starts the module. */
  open(module: ArrayBuffer): Promise<void> {
    return this.ask({ do: "open", module });
  }

  setManifest(bytes: Uint8Array): Promise<void> {
    return this.ask({ do: "manifest", bytes });
  }

  checkpointLength(): Promise<number> {
    return this.ask({ do: "length" });
  }

  setCheckpoint(bytes: Uint8Array, slot: Slot = "base"): Promise<void> {
    return this.ask({ do: "checkpoint", bytes, slot });
  }

  applyPatch(bytes: Uint8Array): Promise<number> {
    return this.ask({ do: "patch", bytes });
  }

  predict(line: string, slot: Slot = "base"): Promise<Float32Array> {
    return this.ask({ do: "predict", line, slot });
  }

  replay(round: Round): Promise<Replay> {
    return this.ask({ do: "replay", round });
  }

  setExamples(files: [string, string][]): Promise<number> {
    return this.ask({ do: "examples", files });
  }

  root(): Promise<Uint8Array> {
    return this.ask({ do: "root" });
  }

  measure(round: Round): Promise<Side> {
    return this.ask({ do: "measure", round });
  }

  /** Tokens that follow a text, as they come, until whoever asks has enough. */
  async *write(prompt: string, writing: Writing): AsyncGenerator<number> {
    await this.ask({ do: "write", prompt, writing });
    for (;;) yield await this.ask<number>({ do: "next" });
  }

  close(): void {
    this.port.terminate();
    this.fail("the evaluator was closed");
  }

  private ask<T>(question: Question): Promise<T> {
    this.last += 1;
    const id = this.last;
    return new Promise<T>((done, failed) => {
      this.waiting.set(id, { done: done as (is: unknown) => void, failed });
      this.port.postMessage({ id, ...question });
    });
  }

  private fail(why: string): void {
    for (const { failed } of this.waiting.values()) failed(new Error(why));
    this.waiting.clear();
  }
}
