// The worker: one evaluator, and one question after the other.

import { Refused } from "./door";
import { Evaluator } from "./evaluator";
import type { Answer, Question } from "./remote";

/** Answers questions in the order in which they came. */
export class Desk {
  private evaluator: Evaluator | undefined;
  private text: Generator<number, never> | undefined;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly say: (answer: Answer) => void) {}

  hear({ id, ...question }: { id: number } & Question): void {
    this.turn = this.turn.then(async () => {
      try {
        this.say({ id, is: await this.answer(question as Question) });
      } catch (error) {
        this.say({ id, wrong: error instanceof Error ? error.message : String(error), isRefused: error instanceof Refused });
      }
    });
  }

  private async answer(question: Question): Promise<unknown> {
    if (question.do === "open") this.evaluator ??= await Evaluator.load(question.module);
    const evaluator = this.evaluator;
    if (evaluator === undefined) throw new Error("the evaluator was not started: load the page anew");
    switch (question.do) {
      case "open":
        return undefined;
      case "manifest":
        this.text = undefined;
        return evaluator.setManifest(question.bytes);
      case "length":
        return evaluator.checkpointLength();
      case "checkpoint":
        return evaluator.setCheckpoint(question.bytes, question.slot);
      case "patch":
        return evaluator.applyPatch(question.bytes);
      case "predict":
        return evaluator.predict(question.line, question.slot);
      case "replay":
        return evaluator.replay(question.round);
      case "examples":
        return evaluator.setExamples(question.files);
      case "root":
        return evaluator.root();
      case "measure":
        return evaluator.measure(question.round);
      case "write":
        this.text = evaluator.write(question.prompt, question.writing);
        return undefined;
      case "next":
        if (this.text === undefined) throw new Error("the beginning of a text is missing: give one first");
        return this.text.next().value;
    }
  }
}

/** In a page this file is a worker; in a test it is not. */
const worker = globalThis as unknown as { postMessage?: (answer: Answer) => void; onmessage?: (event: MessageEvent) => void; document?: unknown };
if (typeof worker.postMessage === "function" && worker.document === undefined) {
  const desk = new Desk((answer) => worker.postMessage?.(answer));
  worker.onmessage = ({ data }) => desk.hear(data as { id: number } & Question);
}
