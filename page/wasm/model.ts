// What a page reads of a manifest: how an input is written, and what its classes are called.

/** The parts of a manifest that a view needs; the module checks the whole. */
export interface Manifest {
  model: { family: "mlp"; inputs: number; hidden: number[]; outputs: number } | { family: "gpt"; context: number; vocabulary: number };
  data: { format: "csv"; divisor: number } | { format: "text"; tokenizer: "bytes" | { characters: string }; stride: number };
  eval_max: number;
}

/** Reads a manifest that the module has accepted. */
export const manifestOf = (bytes: Uint8Array): Manifest => JSON.parse(new TextDecoder().decode(bytes)) as Manifest;

/** Classes of a target. */
export const outputsOf = ({ model }: Manifest): number => (model.family === "mlp" ? model.outputs : model.vocabulary);

/** The side of a square of features, where they are one: a picture can be drawn. */
export const sideOf = ({ model }: Manifest): number | undefined => {
  const side = model.family === "mlp" ? Math.sqrt(model.inputs) : 0;
  return Number.isInteger(side) && side > 1 ? side : undefined;
};

/** Puts tokens together to text as they come; bytes that do not end a character wait for the next ones. */
export const textOfTokens = ({ data }: Manifest): ((token: number) => string) => {
  if (data.format !== "text" || data.tokenizer === "bytes") {
    const decoder = new TextDecoder();
    return (token) => decoder.decode(Uint8Array.of(token), { stream: true });
  }
  const characters = [...data.tokenizer.characters];
  return (token) => characters[token] ?? "";
};

const VISIBLE: Record<string, string> = { "\n": "⏎", "\t": "⇥", " ": "␣", "\r": "␍" };

/** What a class is called under a bar: a digit, a character, or a byte in hexadecimal. */
export const nameOfClass = ({ data }: Manifest, place: number): string => {
  if (data.format === "csv") return String(place);
  if (data.tokenizer !== "bytes") return visible([...data.tokenizer.characters][place] ?? "");
  return place >= 0x20 && place < 0x7f ? visible(String.fromCharCode(place)) : `0x${place.toString(16).padStart(2, "0")}`;
};

const visible = (character: string) => VISIBLE[character] ?? character;
