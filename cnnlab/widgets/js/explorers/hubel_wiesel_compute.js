// The browser's twin of a bar on the retina (cnnlab.core.patterns.bar), Gabor fields (cnnlab.core.kernels.gabor) and
// what a simple and a complex cell answer.

import { clamp } from "../numbers.js";
import { matrix } from "../matrices.js";

export const SIZE = 41; // cells of the retina on a side
export const REACH = 15; // how far the bar is moved, in cells
export const ASPECT = 0.75;
const middle = (SIZE - 1) / 2;
const rounded = (value) => Number(value.toFixed(12));
const radians = (degrees) => (degrees * Math.PI) / 180;

// A light bar on dark, 0 to 255; soft edges come from area.
export function bar({ width, angle, offset }) {
  const turn = radians(((angle % 360) + 360) % 360);
  const [sine, cosine] = [rounded(Math.sin(turn)), rounded(Math.cos(turn))];
  const data = new Float64Array(SIZE * SIZE);
  for (let r = 0, i = 0; r < SIZE; r++)
    for (let c = 0; c < SIZE; c++, i++) {
      const across = (c - middle) * sine + (r - middle) * cosine;
      const share = clamp(width / 2 - Math.abs(across - offset) + 0.5, 0, Math.min(width, 1));
      data[i] = Math.floor(share * 255 + 0.5);
    }
  return matrix(SIZE, SIZE, data);
}

export function gabor({ wavelength, orientation, phase }) {
  const sigma = 0.56 * wavelength;
  const turn = radians(orientation);
  const window = new Float64Array(SIZE * SIZE);
  const wave = new Float64Array(SIZE * SIZE);
  const bell = (distance) => Math.exp(-0.5 * (distance / sigma) ** 2);
  let [sum, weight] = [0, 0];
  for (let r = 0, i = 0; r < SIZE; r++)
    for (let c = 0; c < SIZE; c++, i++) {
      const [x, y] = [c - middle, r - middle];
      const across = x * Math.sin(turn) + y * Math.cos(turn);
      const along = x * Math.cos(turn) - y * Math.sin(turn);
      window[i] = bell(across) * bell(ASPECT * along);
      wave[i] = Math.cos((2 * Math.PI * across) / wavelength + radians(phase));
      sum += wave[i] * window[i];
      weight += window[i];
    }
  return matrix(SIZE, SIZE, wave.map((value, i) => (value - sum / weight) * window[i]));
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

// What both cells answer to one bar, in percent of what light on every plus and on no minus would give.
export function answers({ even, odd, best }, stimulus, light) {
  const sign = light ? 1 : -1; // a dark bar on light: the weights sum to 0, so only the sign changes
  const [a, b] = [even, odd].map((field) => (sign * dot(stimulus.data, field.data)) / 255);
  return { simple: (100 * Math.max(0, a)) / best, complex: (100 * Math.hypot(a, b)) / best };
}

export function fields({ preferred, wavelength, phase }) {
  const [even, odd] = [0, 90].map((more) => gabor({ wavelength, orientation: preferred, phase: phase + more }));
  return { even, odd, best: even.data.reduce((sum, weight) => sum + Math.max(0, weight), 0) };
}

export const ANGLES = Array.from({ length: 91 }, (_, i) => 2 * i);
export const OFFSETS = Array.from({ length: 2 * 2 * REACH + 1 }, (_, i) => i / 2 - REACH);

// All that the explorer shows, from its state alone.
export function compute({ angle, offset, width, light, preferred, wavelength, phase }) {
  const cell = fields({ preferred, wavelength, phase });
  const stimulus = bar({ width, angle, offset });
  const one = (changes) => answers(cell, bar({ width, angle, offset, ...changes }), light);
  return {
    ...cell,
    stimulus,
    ...answers(cell, stimulus, light),
    byAngle: ANGLES.map((at) => one({ angle: at })),
    byOffset: OFFSETS.map((at) => one({ offset: at })),
  };
}
