// The browser's twin of cnnlab.core.convolution and cnnlab.core.arithmetic: one channel, two axes.
// A test holds it to them, number for number.

import { UserError } from "./errors.js";
import { matrix } from "./matrices.js";

// Cells that the kernel reaches over on one axis: its taps lie `dilation` apart.
export function span(kernel, dilation) {
  return dilation * (kernel - 1) + 1;
}

export function outputSize(n, kernel, stride, [before, after], dilation) {
  return Math.floor((n + before + after - span(kernel, dilation)) / stride) + 1;
}

// Cells [before, after] added to one axis. "same": an odd cell goes to the end, as in PyTorch.
export function padAmounts(padding, n, kernel, stride, dilation) {
  const reach = span(kernel, dilation);
  if (padding === "valid") return [0, 0];
  if (padding === "full") return [reach - 1, reach - 1];
  if (padding === "same") {
    const total = Math.max((Math.ceil(n / stride) - 1) * stride + reach - n, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  }
  return [padding, padding];
}

// Which cell of an axis of n cells stands at place i of the padded axis; -1 for none (a constant).
export function sourceIndex(i, n, mode) {
  if (i >= 0 && i < n) return i;
  if (mode === "replicate") return i < 0 ? 0 : n - 1;
  if (mode === "reflect") return i < 0 ? -i : 2 * (n - 1) - i;
  if (mode === "circular") return i < 0 ? i + n : i - n;
  return -1;
}

export function pad(image, [above, below], [left, right], mode, fill) {
  for (const [axis, n, amount] of [["rows", image.rows, Math.max(above, below)], ["columns", image.cols, Math.max(left, right)]]) {
    if (mode === "reflect" && amount >= n)
      throw new UserError(`padding=${amount}: reflecting ${n} ${axis} gives at most ${n - 1}; take less padding, or another mode`);
    if (mode === "circular" && amount > n)
      throw new UserError(`padding=${amount}: going round ${n} ${axis} gives at most ${n}; take less padding, or another mode`);
  }
  const padded = matrix(image.rows + above + below, image.cols + left + right);
  const constant = mode === "constant" ? fill : 0;
  for (let r = 0; r < padded.rows; r++) {
    const y = sourceIndex(r - above, image.rows, mode);
    for (let c = 0; c < padded.cols; c++) {
      const x = sourceIndex(c - left, image.cols, mode);
      padded.data[r * padded.cols + c] = y < 0 || x < 0 ? constant : image.data[y * image.cols + x];
    }
  }
  return padded;
}

// Turn by 180 degrees: what a convolution does to its kernel before it slides.
export function turned(kernel) {
  return matrix(kernel.rows, kernel.cols, Float64Array.from(kernel.data).reverse());
}

// Slide the kernel over a padded picture: at each place multiply cell by weight and add up.
export function correlate(padded, kernel, [down, across], [apartRows, apartCols]) {
  const rows = outputSize(padded.rows, kernel.rows, down, [0, 0], apartRows);
  const cols = outputSize(padded.cols, kernel.cols, across, [0, 0], apartCols);
  const output = matrix(rows, cols);
  for (let a = 0; a < kernel.rows; a++)
    for (let b = 0; b < kernel.cols; b++) {
      // One weight at a time over the whole picture: the inner loop then runs along rows.
      const weight = kernel.data[a * kernel.cols + b];
      for (let r = 0; r < rows; r++) {
        let from = (r * down + a * apartRows) * padded.cols + b * apartCols;
        for (let to = r * cols; to < (r + 1) * cols; to++, from += across) output.data[to] += weight * padded.data[from];
      }
    }
  return output;
}

// All that the convolution explorer shows, from its state alone.
export function compute({ image, kernel, stride, dilation, padding, padding_mode, fill, flip }) {
  const axes = [0, 1].map((axis) => {
    const n = axis ? image.cols : image.rows;
    const taps = axis ? kernel.cols : kernel.rows;
    const named = typeof padding === "string";
    const pads = padAmounts(named ? padding : padding[axis], n, taps, stride[axis], dilation[axis]);
    const size = outputSize(n, taps, stride[axis], pads, dilation[axis]);
    const reach = span(taps, dilation[axis]);
    const padded = n + pads[0] + pads[1];
    const word = axis ? "columns" : "rows";
    if (size < 1)
      throw new UserError(
        `kernel=${taps}: it reaches over ${reach} ${word}, the padded input has ${padded}; ` +
          `take a smaller kernel, less dilation, or padding of ${Math.ceil((reach - n) / 2)} or more`,
      );
    return { n, taps, stride: stride[axis], dilation: dilation[axis], pads, size, reach, uncovered: padded - ((size - 1) * stride[axis] + reach) };
  });
  const padded = pad(image, axes[0].pads, axes[1].pads, padding_mode, fill);
  const applied = flip ? turned(kernel) : kernel;
  return { axes, padded, applied, output: correlate(padded, applied, stride, dilation) };
}

// The cell of the padded picture under tap (a, b) of the window of output cell (r, c).
export function tapCell({ axes }, [r, c], [a, b]) {
  return [r * axes[0].stride + a * axes[0].dilation, c * axes[1].stride + b * axes[1].dilation];
}

// Output places along one axis whose window holds place i of the padded axis, each with the tap that does.
export function seenBy(axis, i) {
  const found = [];
  for (let tap = 0; tap < axis.taps; tap++) {
    const start = i - tap * axis.dilation;
    if (start >= 0 && start % axis.stride === 0 && start / axis.stride < axis.size) found.push([start / axis.stride, tap]);
  }
  return found;
}

// Wrong answers to "how many output cells?" that have a known cause: value -> what was probably missed.
// The same list stands in cnnlab.core.arithmetic.slips.
export function slips({ n, taps, stride, dilation, pads: [before, after], size, reach }) {
  const padded = n + before + after;
  const steps = (room) => Math.floor(room / stride) + 1;
  const found = new Map();
  const add = (value, cause) => value !== size && !found.has(value) && found.set(value, cause);
  if ((padded - reach) % stride) {
    add((padded - reach) / stride + 1, "Round down: a window that does not fit completely is not taken.");
    add(Math.ceil((padded - reach) / stride) + 1, "Round down, not up: a window that does not fit completely is not taken.");
  }
  add(steps(padded - reach) - 1, "The + 1 is missing: the window at the start counts too.");
  if (before + after) {
    add(steps(n + before - reach), "The padding was counted once: it is added on both sides.");
    add(steps(n - reach), "The padding is missing: it makes the input larger on both sides.");
  }
  add(steps(padded - 2 * reach), "The kernel was counted twice: only one kernel has to fit into the input.");
  if (dilation > 1) {
    add(steps(padded - taps), "The dilation is missing: the kernel reaches over d·(k − 1) + 1 cells, not k.");
    add(steps(padded - dilation * taps), "The kernel reaches over d·(k − 1) + 1 cells, not d·k: nothing follows the last tap.");
  }
  if (stride > 1) add(padded - reach + 1, "The stride is missing: the window jumps over cells.");
  add(n, "The output is as large as the input only when the padding makes up for the kernel and the stride is 1.");
  return found;
}
