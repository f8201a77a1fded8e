// A slow second way to the same bits: products that are fused in integers of any length, and a forward pass of `mlp` as the protocol tells it.

const round = Math.fround;
const view = new DataView(new ArrayBuffer(4));

/** The binary32 with these bits. */
export const fromBits = (bits: number): number => {
  view.setUint32(0, bits);
  return view.getFloat32(0);
};

export const bitsOf = (value: number): number => {
  view.setFloat32(0, value);
  return view.getUint32(0);
};

/** A finite binary32 as integer · 2^exponent. */
const parts = (value: number): [bigint, number] => {
  const bits = bitsOf(value);
  const [exponent, fraction] = [(bits >>> 23) & 0xff, bits & 0x7fffff];
  const magnitude = BigInt(exponent === 0 ? fraction : fraction | 0x800000);
  return [bits >>> 31 === 0 ? magnitude : -magnitude, Math.max(exponent, 1) - 150];
};

/** integer · 2^exponent, rounded once to binary32; not for what is beyond its greatest number. */
const rounded = (integer: bigint, exponent: number): number => {
  const magnitude = integer < 0n ? -integer : integer;
  const surplus = Math.max(magnitude.toString(2).length - 24, -149 - exponent);
  let kept = magnitude;
  if (surplus > 0) {
    const unit = 1n << BigInt(surplus);
    const [rest, half] = [magnitude % unit, unit >> 1n];
    kept = magnitude / unit;
    if (rest > half || (rest === half && kept % 2n === 1n)) kept += 1n;
  }
  // Both factors are exact in binary64, and so is their product.
  const value = Number(kept) * 2 ** (exponent + Math.max(surplus, 0));
  return integer < 0n ? -value : value;
};

/** x · y + z, rounded once. */
export const fma = (x: number, y: number, z: number): number => {
  const [[a, i], [b, j], [c, k]] = [parts(x), parts(y), parts(z)];
  const least = Math.min(i + j, k);
  const sum = ((a * b) << BigInt(i + j - least)) + (c << BigInt(k - least));
  return sum === 0n ? x * y + z : rounded(sum, least);
};

/** The same, rounded twice: what a careless implementation computes. */
export const careless = (x: number, y: number, z: number): number => round(x * y + z);

const horner = (x: number, coefficients: readonly number[]): number =>
  coefficients.slice(1).reduce((sum, bits) => fma(sum, x, fromBits(bits)), fromBits(coefficients[0] ?? 0));

const EXP = [0x3ab563a6, 0x3c091ef0, 0x3d2aac2c, 0x3e2aaa46, 0x3efffffe];
const LOG = [0x3d8a2be2, 0xbdef1e0e, 0x3df37831, 0xbdfe1103, 0x3e119bb4, 0xbe2aae27, 0x3e4cd25b, 0xbe800003, 0x3eaaaaa4];

/** For x from −200 to 0. */
const exp = (x: number): number => {
  if (x < fromBits(0xc2cff1b4)) return 0;
  const shift = fromBits(0x4b400000);
  const n = round(fma(x, fromBits(0x3fb8aa3b), shift) - shift);
  const r = fma(n, -fromBits(0x35bfbe8e), fma(n, -fromBits(0x3f317200), x));
  const y = round(fma(horner(r, EXP), round(r * r), r) + 1);
  const half = Math.floor(n / 2);
  return round(round(y * 2 ** half) * 2 ** (n - half));
};

/** For x from 1 on. */
const log = (x: number): number => {
  const root = fromBits(0x3f3504f3);
  let [g, e] = [x, 0];
  while (g >= round(2 * root)) [g, e] = [g / 2, e + 1];
  const f = round(g - 1);
  const u = fma(horner(f, LOG), f, -0.5);
  const t = round(fma(round(f * f), u, round(e * fromBits(0x35bfbe8e))) + f);
  return fma(e, fromBits(0x3f317200), t);
};

/** A row reduced in sixteen lanes, joined 8-4-2-1. */
const reduced = (row: readonly number[], start: number, join: (a: number, b: number) => number): number => {
  const lanes = new Array<number>(16).fill(start);
  const padded = [...row, ...new Array<number>((16 - (row.length % 16)) % 16).fill(start)];
  padded.forEach((value, place) => (lanes[place % 16] = join(lanes[place % 16] ?? start, value)));
  for (let width = 8; width > 0; width /= 2) {
    for (let lane = 0; lane < width; lane += 1) lanes[lane] = join(lanes[lane] ?? start, lanes[lane + width] ?? start);
  }
  return lanes[0] ?? start;
};

const logSoftmax = (row: readonly number[]): number[] => {
  const most = reduced(row, -Infinity, (a, b) => (a > b ? a : b));
  const below = row.map((value) => round(value - most));
  const l = log(reduced(below.map(exp), 0, (a, b) => round(a + b)));
  return below.map((value) => round(value - l));
};

/** A layer: weights of each output, then biases. */
export interface Layer {
  weight: number[][];
  bias: number[];
}

/** Log-probabilities of an `mlp`; `product` is `fma`, or what is to be shown to differ from it. */
export const forward = (layers: readonly Layer[], features: readonly number[], product = fma): number[] => {
  let row = [...features];
  layers.forEach(({ weight, bias }, place) => {
    const sums = weight.map((weights) => weights.reduce((sum, value, k) => product(row[k] ?? 0, value, sum), 0));
    row = sums.map((sum, output) => round(sum + (bias[output] ?? 0)));
    if (place + 1 < layers.length) row = row.map((value) => (value > 0 ? value : 0));
  });
  return logSoftmax(row);
};
