// The browser's twin of cnnlab.core.backprop for one channel: convolution (a correlation) and pooling.
// Every output cell is linked to the input cells it was made of; gradients go back along the same links.
// A test holds it to core, number for number.

import { correlate, outputSize, pad } from "../convolution.js";
import { UserError } from "../errors.js";
import { matrix, toMatrix } from "../matrices.js";

// The gradient that comes from above, by rule; the same stands in apps/backprop_menu.py.
export function upstream(rule, rows, cols) {
  const gradient = matrix(rows, cols);
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < cols; c++, i++) gradient.data[i] = rule === "ones" ? 1 : rule === "one cell" ? Number(r === Math.floor(rows / 2) && c === Math.floor(cols / 2)) : ((3 * r + 5 * c + 1) % 7) - 2;
  return gradient;
}

export function compute({ operation, input, kernel, stride, padding, upstream: rule }) {
  const [x, w] = [toMatrix(input), toMatrix(kernel)];
  const [rows, cols] = [[x.rows, w.rows], [x.cols, w.cols]].map(([n, taps]) => outputSize(n, taps, stride, [padding, padding], 1));
  if (rows < 1 || cols < 1) throw new UserError(`kernel=${w.rows}×${w.cols}: it does not fit into the padded input of ${x.rows + 2 * padding}×${x.cols + 2 * padding}; take a smaller one, a larger input or more padding`);
  const pooling = operation !== "convolution";
  if (pooling && padding > Math.floor(Math.min(w.rows, w.cols) / 2)) throw new UserError(`padding=${padding}: must be at most half the pooling window, so that each sees the input`);

  const shape = { x, w, rows, cols, stride, padding };
  const links = linksOf(operation, shape);
  const output = matrix(rows, cols);
  if (pooling) links.forEach((ends, i) => (output.data[i] = ends.reduce((sum, { cell, factor }) => sum + factor * x.data[cell[0] * x.cols + cell[1]], 0)));
  else output.data = correlate(pad(x, [padding, padding], [padding, padding], "zeros", 0), w, [stride, stride], [1, 1]).data;
  const gradient = upstream(rule, rows, cols);
  const byInput = matrix(x.rows, x.cols);
  const byWeight = pooling ? null : matrix(w.rows, w.cols);
  links.forEach((ends, i) => {
    for (const { cell, tap, factor } of ends) {
      const at = cell[0] * x.cols + cell[1];
      byInput.data[at] += factor * gradient.data[i];
      if (byWeight) byWeight.data[tap] += x.data[at] * gradient.data[i];
    }
  });
  return { ...shape, operation, pooling, links, output, gradient, byInput, byWeight };
}

// For each output, in reading order: the input cells it was made of, the weight each met (its number) and the factor
// it was taken with: the weight itself; for pooling 1 for the largest alone, or 1/Q for each of Q cells.
function linksOf(operation, { x, w, rows, cols, stride, padding }) {
  const found = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < cols; c++) {
      let ends = [];
      for (let a = 0, tap = 0; a < w.rows; a++)
        for (let b = 0; b < w.cols; b++, tap++) {
          const cell = [r * stride + a - padding, c * stride + b - padding];
          if (cell[0] >= 0 && cell[1] >= 0 && cell[0] < x.rows && cell[1] < x.cols) ends.push({ cell, tap, factor: operation === "convolution" ? w.data[tap] : 1 / w.data.length });
        }
      if (operation === "max pooling") {
        const value = ({ cell }) => x.data[cell[0] * x.cols + cell[1]];
        ends = [{ ...ends.reduce((best, end) => (value(end) > value(best) ? end : best)), factor: 1 }]; // the first of equal ones
      }
      found.push(ends);
    }
  return found;
}

// The sum behind one number: terms {output, cell, tap, left, right, product} in reading order, and their total.
export function explain({ x, output, gradient, links, operation }, part, [row, col], kernelCols) {
  const terms = [];
  links.forEach((ends, i) => {
    const place = [Math.floor(i / output.cols), i % output.cols];
    for (const { cell, tap, factor } of ends) {
      const value = x.data[cell[0] * x.cols + cell[1]];
      const wanted = { input: cell[0] === row && cell[1] === col, weight: tap === row * kernelCols + col, output: place[0] === row && place[1] === col }[part];
      if (!wanted) continue;
      const [left, right] = part === "input" ? [factor, gradient.data[i]] : part === "weight" ? [value, gradient.data[i]] : [value, factor];
      terms.push({ output: place, cell, tap, left, right, product: left * right });
    }
  });
  return { terms, total: terms.reduce((sum, { product }) => sum + product, 0), operation };
}

// The output's gradient as the turned kernel sees it: a stride puts zeros between its cells, and zeros lie around it.
// kind(r, c) is "padding" for those; the window of input cell (i, j) begins at row i, column j.
export function stretched({ gradient, x, w, stride, padding }) {
  const size = (n, taps) => n + taps - 1; // one window for each input cell
  const wide = matrix(size(x.rows, w.rows), size(x.cols, w.cols));
  const real = new Set();
  for (let r = 0; r < gradient.rows; r++)
    for (let c = 0; c < gradient.cols; c++) {
      const [row, col] = [r * stride + w.rows - 1 - padding, c * stride + w.cols - 1 - padding];
      if (row < 0 || col < 0 || row >= wide.rows || col >= wide.cols) continue;
      real.add(row * wide.cols + col);
      wide.data[row * wide.cols + col] = gradient.data[r * gradient.cols + c];
    }
  return { wide, kind: (r, c) => (real.has(r * wide.cols + c) ? "" : "padding"), placeOf: ([r, c]) => [r * stride + w.rows - 1 - padding, c * stride + w.cols - 1 - padding] };
}
