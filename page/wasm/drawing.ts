// A drawing as a model of pictures reads it: a fine grid of dots, fitted to the frame, counted in squares.

/** Dots across one feature: as the digits of the training set were counted. */
export const FINE = 4;
/** Dots from the middle of the pen to its edge, of 32 across. */
const PEN = 1.9;

/** A square of dots, each there or not. */
export interface Drawing {
  readonly width: number;
  readonly dots: Uint8Array;
}

export const empty = (side: number): Drawing => ({ width: side * FINE, dots: new Uint8Array((side * FINE) ** 2) });

export const isEmpty = ({ dots }: Drawing): boolean => dots.every((dot) => dot === 0);

export interface Point {
  /** 0 at the left to 1 at the right. */
  x: number;
  /** 0 at the top to 1 at the bottom. */
  y: number;
}

/** The drawing with a line of the pen's width added. */
export const stroke = ({ width, dots }: Drawing, from: Point, to: Point): Drawing => {
  const drawn = dots.slice();
  const reach = (PEN * width) / 32;
  const [ax, ay, bx, by] = [from.x * width, from.y * width, to.x * width, to.y * width];
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  for (let place = 0; place < drawn.length; place += 1) {
    const [x, y] = [(place % width) + 0.5, Math.floor(place / width) + 0.5];
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    const distance = Math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay));
    if (distance <= reach) drawn[place] = 1;
  }
  return { width, dots: drawn };
};

/** The drawing with one square turned around: for whoever draws with keys. */
export const turned = ({ width, dots }: Drawing, column: number, row: number): Drawing => {
  const drawn = dots.slice();
  const value = count({ width, dots }, column, row) > (FINE * FINE) / 2 ? 0 : 1;
  for (let y = 0; y < FINE; y += 1) {
    const start = (row * FINE + y) * width + column * FINE;
    drawn.fill(value, start, start + FINE);
  }
  return { width, dots: drawn };
};

/** Dots in one square. */
const count = ({ width, dots }: Drawing, column: number, row: number): number => {
  let sum = 0;
  for (let y = 0; y < FINE; y += 1) {
    const start = (row * FINE + y) * width + column * FINE;
    for (let x = 0; x < FINE; x += 1) sum += dots[start + x] ?? 0;
  }
  return sum;
};

/** As large as the frame allows and in its middle, in its own proportions. */
export const fitted = (drawing: Drawing): Drawing => {
  const { width, dots } = drawing;
  const places = [...dots.keys()].filter((place) => dots[place] === 1);
  if (places.length === 0) return drawing;
  const [columns, rows] = [places.map((place) => place % width), places.map((place) => Math.floor(place / width))];
  const [left, right] = [Math.min(...columns), Math.max(...columns) + 1];
  const [top, bottom] = [Math.min(...rows), Math.max(...rows) + 1];
  const scale = Math.max(right - left, bottom - top) / width;
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  const filled = dots.map((_, place) => {
    const x = Math.floor(middleX + ((place % width) + 0.5 - width / 2) * scale);
    const y = Math.floor(middleY + (Math.floor(place / width) + 0.5 - width / 2) * scale);
    return x >= left && x < right && y >= top && y < bottom ? (dots[y * width + x] ?? 0) : 0;
  });
  return { width, dots: filled };
};

/** One feature for each square, row by row from the top left: 0 where no dot is to `most` where all are. */
export const features = (drawing: Drawing, most: number): number[] => {
  const side = drawing.width / FINE;
  return Array.from({ length: side * side }, (_, place) => {
    const dots = count(drawing, place % side, Math.floor(place / side));
    return Math.round((dots * most) / (FINE * FINE));
  });
};
