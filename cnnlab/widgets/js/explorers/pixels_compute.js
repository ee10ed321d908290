// The browser's twin of cnnlab.core.views: a picture seen otherwise, and its distance to others.

import { clamp } from "../numbers.js";

const COVER = 128;

// Three values a pixel, whatever the payload held.
export function inColour({ rows, cols, data }) {
  if (data.length === 3 * rows * cols) return { rows, cols, data };
  return { rows, cols, data: Float64Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)]) };
}

export function changed({ rows: size, data }, { right = 0, down = 0, scale = 100, angle = 0, light = 100, cover = 0 }) {
  const turn = ((((angle % 360) + 360) % 360) * Math.PI) / 180;
  const [sine, cosine] = [Math.sin(turn), Math.cos(turn)].map((part) => Math.floor(part * 1e12 + 0.5) / 1e12);
  const middle = (size - 1) / 2;
  const last = size - 1;
  const seen = new Float64Array(data.length);
  for (let r = 0, to = 0; r < size; r++)
    for (let c = 0; c < size; c++) {
      const [x, y] = [c - middle - right, r - middle - down];
      const across = clamp((x * cosine - y * sine) / (scale / 100) + middle, 0, last);
      const along = clamp((x * sine + y * cosine) / (scale / 100) + middle, 0, last);
      const [top, left] = [Math.floor(along), Math.floor(across)];
      const [bottom, far] = [Math.min(top + 1, last), Math.min(left + 1, last)];
      const [low, near] = [along - top, across - left];
      for (let k = 0; k < 3; k++, to++) {
        const above = data[3 * (top * size + left) + k] * (1 - near) + data[3 * (top * size + far) + k] * near;
        const below = data[3 * (bottom * size + left) + k] * (1 - near) + data[3 * (bottom * size + far) + k] * near;
        seen[to] = Math.floor(Math.min((above * (1 - low) + below * low) * (light / 100), 255) + 0.5);
      }
    }
  const first = Math.floor((size - cover) / 2);
  for (let r = first; r < first + cover; r++) seen.fill(COVER, 3 * (r * size + first), 3 * (r * size + first + cover));
  return { rows: size, cols: size, data: seen };
}

export function meanSquared(a, b) {
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i] - b.data[i]) ** 2;
  return sum / a.data.length;
}

// An even card in the picture's own mean colour.
export function evenCard({ rows, cols, data }) {
  const mean = [0, 0, 0];
  data.forEach((value, i) => (mean[i % 3] += value));
  const colour = mean.map((sum) => Math.floor(sum / (rows * cols) + 0.5));
  return { rows, cols, data: Float64Array.from(data, (_, i) => colour[i % 3]) };
}

// pictures: {name: colour matrix}. The distances of the changed picture and of every other one, the nearest first.
export function compare(pictures, state) {
  const original = pictures[state.input];
  const seen = changed(original, state);
  const others = { "an even card": evenCard(original) };
  for (const [name, picture] of Object.entries(pictures)) if (name !== state.input) others[name] = picture;
  const distances = Object.entries(others).map(([name, other]) => ({ name, mse: meanSquared(original, other) }));
  distances.sort((a, b) => a.mse - b.mse);
  return { original, seen, mse: meanSquared(original, seen), distances };
}
