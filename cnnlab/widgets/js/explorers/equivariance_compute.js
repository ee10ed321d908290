// The browser's twin of cnnlab.apps.equivariance: a small layer, a shift, and the two ways to combine them.

import { correlate, pad } from "../convolution.js";
import { matrix } from "../matrices.js";

export const MOST_SHIFT = 8;
const BLUR = { rows: 3, cols: 3, data: [1, 2, 1, 2, 4, 2, 1, 2, 1].map((tap) => tap / 16) };
const round = (i, n) => ((i % n) + n) % n;

// Moved by whole cells: what leaves on one side comes in on the other, or zeros do.
export function shifted({ rows, cols, data }, down, right, circular) {
  const moved = matrix(rows, cols);
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < cols; c++, i++) {
      const [y, x] = [r - down, c - right];
      if (circular) moved.data[i] = data[round(y, rows) * cols + round(x, cols)];
      else if (y >= 0 && x >= 0 && y < rows && x < cols) moved.data[i] = data[y * cols + x];
    }
  return moved;
}

function filtered(image, kernel, circular) {
  const [a, b] = [(kernel.rows - 1) / 2, (kernel.cols - 1) / 2];
  return correlate(pad(image, [a, a], [b, b], circular ? "circular" : "zeros", 0), kernel, [1, 1], [1, 1]);
}

// One value for the window that begins at each cell; past the end there is the other side, or nothing.
function pooled({ rows, cols, data }, mode, size, circular) {
  const result = matrix(rows, cols);
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < cols; c++, i++) {
      let [best, sum, count] = [-Infinity, 0, 0];
      for (let a = r; a < r + size; a++)
        for (let b = c; b < c + size; b++) {
          if (!circular && (a >= rows || b >= cols)) continue;
          const value = data[round(a, rows) * cols + round(b, cols)];
          best = Math.max(best, value);
          sum += value;
          count += 1;
        }
      result.data[i] = mode === "max" ? best : sum / count;
    }
  return result;
}

function every({ rows, cols, data }, stride) {
  const result = matrix(Math.ceil(rows / stride), Math.ceil(cols / stride));
  for (let r = 0, i = 0; r < rows; r += stride) for (let c = 0; c < cols; c += stride, i++) result.data[i] = data[r * cols + c];
  return result;
}

// The layer f: convolution, then pooling, then blur, then every stride-th cell.
export function layer(image, { kernel, pooling, size, stride, blur, border }) {
  const circular = border === "circular";
  let map = filtered(image, kernel, circular);
  if (pooling !== "none") map = pooled(map, pooling, size, circular);
  if (blur) map = filtered(map, BLUR, circular);
  return every(map, stride);
}

// Each cell repeated, so that a small map covers the input again.
function enlarged(map, stride, rows, cols) {
  const result = matrix(rows, cols);
  for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < cols; c++, i++) result.data[i] = map.data[Math.floor(r / stride) * map.cols + Math.floor(c / stride)];
  return result;
}

const mean = (data) => data.reduce((sum, value) => sum + value, 0) / data.length;

function spread({ data }) {
  const middle = mean(data);
  return Math.sqrt(mean(data.map((value) => (value - middle) ** 2)));
}

// How far two maps are apart, root mean squared, in percent of `unit`.
function apart(first, second, unit) {
  const error = Math.sqrt(mean(first.data.map((value, i) => (value - second.data[i]) ** 2)));
  return error < 1e-9 ? 0 : (100 * error) / unit;
}

// Both ways round, at one shift.
function bothWays(image, state, down, right, map, unit) {
  const circular = state.border === "circular";
  const { rows, cols } = image;
  const moved = shifted(image, down, right, circular);
  const other = layer(moved, state);
  const after = shifted(enlarged(map, state.stride, rows, cols), down, right, circular);
  const before = enlarged(other, state.stride, rows, cols);
  return { moved, other, after, before, error: apart(after, before, unit) };
}

// Cells that hold the same value in both maps, in percent.
function kept(a, b) {
  const same = a.data.filter((value, i) => Math.abs(value - b.data[i]) < 1e-9).length;
  return (100 * same) / a.data.length;
}

const largest = ({ data }) => data.reduce((most, value) => Math.max(most, value), -Infinity);

// All that the explorer shows. `curve`: the difference for shifts of 0 to 8 columns, as the switch
// of the blur is and the other way; its unit is how much the map varies before any blur or stride.
export function compare(image, state) {
  const map = layer(image, state);
  const full = spread(layer(image, { ...state, blur: false, stride: 1 }));
  const unit = full > 1e-9 ? full : 1;
  const now = bothWays(image, state, state.down, state.right, map, unit);
  const flipped = { ...state, blur: !state.blur };
  const curveOf = (setting, known) => Array.from({ length: MOST_SHIFT + 1 }, (_, right) => bothWays(image, setting, state.down, right, known, unit).error);
  return {
    image,
    map,
    ...now,
    difference: { ...now.after, data: now.before.data.map((value, i) => value - now.after.data[i]) },
    curve: curveOf(state, map),
    otherCurve: curveOf(flipped, layer(image, flipped)),
    kept: kept(map, now.other),
    averages: [mean(map.data), mean(now.other.data)],
    maxima: [largest(map), largest(now.other)],
  };
}
