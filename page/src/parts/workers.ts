// The only scripts that are ever started by a name: the workers beside this file.

interface Policy {
  createScriptURL(url: string): unknown;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

export type WorkerName = "worker.js" | "evaluator.js";

const urlOf = (name: WorkerName): string => new URL(name, import.meta.url).href;
const OWN: readonly string[] = [urlOf("worker.js"), urlOf("evaluator.js")];

let policy: Policy | null = null;

function trusted(url: string): unknown {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (!types) return url;
  policy ??= types.createPolicy("neuron-worker", {
    createScriptURL: (asked) => {
      if (!OWN.includes(asked)) throw new TypeError("another script than the page's own");
      return asked;
    },
  });
  return policy.createScriptURL(url);
}

export const startWorker = (name: WorkerName): Worker => new Worker(trusted(urlOf(name)) as string, { type: "module", name });
