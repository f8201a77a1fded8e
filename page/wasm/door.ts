// The way into a module: a question is bytes, the answer is bytes or a sentence.

/** What every module of the page has. */
export interface DoorExports {
  memory: WebAssembly.Memory;
  page_input(length: number): number;
  page_output(): number;
  page_output_len(): number;
}

/** The module refused what it was given; the message is a sentence for a visitor. */
export class Refused extends Error {
  override name = "Refused";
}

/** The same, and whoever sent those bytes is to be left alone. */
export class Misdeed extends Refused {
  override name = "Misdeed";
}

/** The module stopped in the midst of its work. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** Bytes of the parts, one after the other. */
export const joined = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
};

export class Door<E extends DoorExports> {
  private constructor(readonly exports: E) {}

  static async open<E extends DoorExports>(module: BufferSource): Promise<Door<E>> {
    try {
      const { instance } = await WebAssembly.instantiate(module, {});
      return new Door(instance.exports as unknown as E);
    } catch (error) {
      throw new Stopped(`this browser lacks WebAssembly with SIMD: use a newer one (${String(error)})`);
    }
  }

  /** Memory may move while the module works: its addresses are read anew each time. */
  ask(question: Uint8Array, call: () => number): Uint8Array<ArrayBuffer> {
    const { exports } = this;
    try {
      const place = exports.page_input(question.length) >>> 0;
      new Uint8Array(exports.memory.buffer, place, question.length).set(question);
      const code = call();
      const answer = new Uint8Array(exports.memory.buffer, exports.page_output() >>> 0, exports.page_output_len()).slice();
      if (code === 0) return answer;
      throw new (code === 1 ? Refused : Misdeed)(new TextDecoder().decode(answer));
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      throw new Stopped(`this page ran out of what it needs, most likely of memory: close others and load it anew (${error.message})`);
    }
  }
}
