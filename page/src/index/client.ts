// The worker, as the page sees it: progress, trouble, and answers that stay up to date.

import type { Check } from "../chain/discover";
import type { Contracts } from "../fold/state";
import { Signal } from "../parts/signal";
import { startWorker } from "../parts/workers";
import type { Answer, Query } from "./answers";
import type { FromWorker, Progress, Site, ToWorker } from "./protocol";

export interface Standing {
  progress: Progress | null;
  trouble: string | null;
  notice: string | null;
  contracts: Contracts | null;
  checks: Check[];
  chainId: number | null;
}

const NEW: Standing = { progress: null, trouble: null, notice: null, contracts: null, checks: [], chainId: null };

export class Client {
  readonly standing = new Signal<Standing>(NEW);
  private readonly worker: Worker;
  private readonly asked = new Map<number, (answer: Answer) => void>();
  private last = 0;

  constructor(readonly site: Site) {
    this.worker = startWorker("worker.js");
    this.worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.hear(data);
    this.worker.onerror = () => this.standing.change((now) => ({ ...now, trouble: "The reader of the chain stopped: reload the page." }));
    this.tell({ say: "open", site });
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private hear(said: FromWorker): void {
    if (said.say === "answer") return this.asked.get(said.id)?.(said.answer);
    this.standing.change((now) => {
      if (said.say === "found") return { ...now, contracts: said.contracts, checks: said.checks, chainId: said.chainId };
      if (said.say === "progress") return { ...now, progress: said.progress };
      if (said.say === "notice") return { ...now, notice: said.notice };
      return now.trouble === said.trouble ? now : { ...now, trouble: said.trouble };
    });
  }

  /** Answers now and whenever something changes, until the returned function is called. */
  watch(query: Query, answered: (answer: Answer) => void): () => void {
    this.last += 1;
    const id = this.last;
    this.asked.set(id, answered);
    this.tell({ say: "ask", id, query });
    return () => {
      this.asked.delete(id);
      this.tell({ say: "drop", id });
    };
  }

  /** Looks at the chain at once: something was sent. */
  hurry(): void {
    this.tell({ say: "hurry" });
  }

  close(): void {
    this.worker.terminate();
  }
}
