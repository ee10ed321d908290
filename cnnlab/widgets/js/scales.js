// Which colours a picture and what a kernel makes of it are shown in, and the bar that says so.

import { cssGradient, extent, greyScale, signedScale } from "./colours.js";
import { show } from "./numbers.js";

const MOST_PALE = 64; // an input of fewer cells is there to be read: paler colours behind its numbers

// Photographs keep the scale of light, 0 to 255. Weights that sum to 0 answer to differences, which have a sign.
export function scalesOf({ image, applied, output: { data } }) {
  const [low, high] = extent(image.data);
  const [least, most] = extent(data);
  const photo = low >= 0 && high > 20 && high <= 255;
  const pale = image.data.length < MOST_PALE;
  const total = applied.data.reduce((sum, weight) => sum + weight, 0);
  const differences = Math.abs(total) < 1e-9 * applied.data.reduce((sum, weight) => sum + Math.abs(weight), 1e-9);
  const scaleOf = (from, to) => (from < 0 ? signedScale(Math.max(-from, to) * (pale ? 2 : 1)) : greyScale(from, to, pale));
  const inputScale = photo ? greyScale(0, 255, pale) : scaleOf(low, high);
  const keepsLight = photo && Math.abs(total - 1) < 0.01;
  const outputScale = keepsLight ? inputScale : differences ? scaleOf(-Math.max(-least, most, 1e-9), 0) : photo ? greyScale(least, most, pale) : scaleOf(least, most);
  const cut = keepsLight && (least < 0 || most > 255) ? `; ${show(least)} … ${show(most)} cut off` : "";
  return { inputScale, outputScale, inputNote: photo ? "fixed scale" : "scale follows the data", outputNote: keepsLight ? `fixed scale${cut}` : "scale follows the data" };
}

export function scaleBar(scale, note, credit = "") {
  const middle = scale.signed ? "<span>0</span>" : "";
  return `<span class="cnn-bar" style="background:${cssGradient(scale)}"></span><span class="cnn-ticks"><span>${show(scale.low)}</span>${middle}<span>${show(scale.high)}</span></span><small>${note}</small><small class="cnn-credit">${credit}</small>`;
}
