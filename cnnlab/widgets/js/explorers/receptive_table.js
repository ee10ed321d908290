// The browser's twin of cnnlab.core.receptive_field for stacks of square windows: one axis stands for both.
// A test holds it to core, number for number. A layer is {name, kernel, stride, padding, dilation}.

import { UserError } from "../errors.js";
import { clamp } from "../numbers.js";

export const reach = ({ kernel, dilation }) => dilation * (kernel - 1) + 1;

// Row 0 is the input, row i what layer i makes: n cells, the first one's field from `first` on, `jump` apart, `size`.
export function table(layers, n) {
  const rows = [{ name: "input", n, first: 0, jump: 1, size: 1 }];
  layers.forEach((layer, i) => {
    const { n: cells, first, jump, size } = rows[i];
    const span = reach(layer);
    const places = Math.floor((cells + 2 * layer.padding - span) / layer.stride) + 1;
    if (places < 1)
      throw new UserError(
        `kernel=${layer.kernel}: ${layer.name} (layer ${i + 1}) spans ${span} cells, more than its padded input’s ${cells + 2 * layer.padding}; ` +
          "take a larger input, more padding, or fewer strides before it",
      );
    rows.push({ name: layer.name, n: places, first: first - layer.padding * jump, jump: jump * layer.stride, size: size + (span - 1) * jump });
  });
  return rows;
}

export const startOf = ({ first, size }) => first + size / 2;

// The input pixels [start, stop) that a unit sees, clipped layer by layer; start = stop = 0 where it sees padding alone.
export function seen(layers, rows, number, unit) {
  let [start, stop] = [unit, unit + 1];
  for (let i = number; i > 0; i--) {
    const { stride, padding } = layers[i - 1];
    const low = Math.max(start * stride - padding, 0);
    const high = Math.min((stop - 1) * stride - padding + reach(layers[i - 1]), rows[i - 1].n);
    if (start >= stop || low >= high) return [0, 0];
    [start, stop] = [low, high];
  }
  return [start, stop];
}

// The pixels that the unit really reads: dilation, and strides larger than the kernel, leave holes.
export function readBy(layers, rows, number, unit) {
  let cells = [unit];
  for (let i = number; i > 0; i--) {
    const { kernel, stride, padding, dilation } = layers[i - 1];
    const found = new Set();
    for (const cell of cells)
      for (let tap = 0; tap < kernel; tap++) {
        const place = cell * stride + tap * dilation - padding;
        if (place >= 0 && place < rows[i - 1].n) found.add(place);
      }
    cells = [...found];
  }
  return cells.sort((a, b) => a - b);
}

// The units [start, stop) of a layer whose field holds a pixel; start = stop = 0 where there are none.
export function unitsSeeing(layers, rows, number, pixel) {
  let [first, last] = [-1, -1];
  for (let unit = 0; unit < rows[number].n; unit++) {
    const [start, stop] = seen(layers, rows, number, unit);
    if (start <= pixel && pixel < stop) {
      if (first < 0) first = unit;
      last = unit;
    }
  }
  return first < 0 ? [0, 0] : [first, last + 1];
}

// The unit of a row whose field has its centre nearest to a place on the input (in pixels, 0.5 the middle of the first).
export function unitNear(row, place) {
  return clamp(Math.round((place - startOf(row)) / row.jump), 0, row.n - 1);
}

// All that the explorer shows, from its state alone.
export function compute({ layers, size, selected, unit, pixel }) {
  const rows = table(layers, size);
  const number = Math.min(selected, layers.length);
  const row = rows[number];
  const at = unit.map((place) => Math.min(place, row.n - 1));
  const pointed = pixel && pixel.map((place) => Math.min(place, size - 1));
  return {
    layers,
    rows,
    number,
    unit: at,
    pixel: pointed,
    field: at.map((place) => seen(layers, rows, number, place)),
    whole: at.map((place) => [row.first + place * row.jump, row.first + place * row.jump + row.size]),
    read: at.map((place) => readBy(layers, rows, number, place)),
    seeing: pointed && rows.map((_, i) => pointed.map((place) => unitsSeeing(layers, rows, i, place))),
  };
}
