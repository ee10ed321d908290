// The browser's twin of cnnlab.core.pooling: one channel, two axes, the same size, stride and padding on both.

import { outputSize } from "../convolution.js";
import { UserError } from "../errors.js";
import { matrix } from "../matrices.js";

// All that the pooling explorer shows. `padded` holds what a window sees: nothing (NaN) in the padding of a maximum or
// minimum, where it never wins, and zeros in that of an average. `winners`: cell of the image each output came from.
export function compute({ image, mode, size, stride, padding }) {
  const axes = [image.rows, image.cols].map((n) => {
    const count = outputSize(n, size, stride, [padding, padding], 1);
    if (count < 1) throw new UserError(`size=${size}: must be at most ${n + 2 * padding} cells, all that the padded input has`);
    return { n, taps: size, stride, dilation: 1, pads: [padding, padding], size: count, reach: size, uncovered: n + 2 * padding - ((count - 1) * stride + size) };
  });
  if (2 * padding > size) throw new UserError(`padding=${padding}: must be at most half of the size, ${Math.floor(size / 2)}, so that every window sees the input`);
  const average = mode === "average";
  const padded = matrix(image.rows + 2 * padding, image.cols + 2 * padding);
  padded.data.fill(average ? 0 : NaN);
  for (let r = 0; r < image.rows; r++) padded.data.set(image.data.subarray(r * image.cols, (r + 1) * image.cols), (r + padding) * padded.cols + padding);
  const output = matrix(axes[0].size, axes[1].size);
  const winners = new Int32Array(output.data.length).fill(-1);
  for (let r = 0, i = 0; r < output.rows; r++)
    for (let c = 0; c < output.cols; c++, i++) {
      let best = average ? 0 : NaN;
      for (let a = 0; a < size; a++)
        for (let b = 0; b < size; b++) {
          const value = padded.data[(r * stride + a) * padded.cols + c * stride + b];
          if (average) best += value;
          else if (!Number.isNaN(value) && (Number.isNaN(best) || (mode === "max" ? value > best : value < best))) {
            best = value;
            winners[i] = (r * stride + a - padding) * image.cols + c * stride + b - padding;
          }
        }
      output.data[i] = average ? best / (size * size) : best;
    }
  return { image, axes, padded, output, winners };
}

// One number for the whole map.
export function globalPool({ data }) {
  let [sum, most, least] = [0, -Infinity, Infinity];
  for (const value of data) {
    sum += value;
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  return { max: most, average: sum / data.length, min: least };
}
