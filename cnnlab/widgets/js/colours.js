// One palette for every lesson (Okabe and Ito's, safe for colour-blind eyes) and the colour maps for data.

export const ROLES = { input: "#0072B2", kernel: "#E69F00", output: "#009E73", gradient: "#CC79A7" };

// 256 colours between the given anchors, as [r, g, b, r, g, b, ...].
function ramp(anchors) {
  const map = new Uint8ClampedArray(768);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    for (let k = 0; k < 3; k++) map[3 * i + k] = anchors[low][k] + (place - low) * (anchors[low + 1][k] - anchors[low][k]);
  }
  return map;
}

const GREY = ramp([[0, 0, 0], [255, 255, 255]]);
const PALE = ramp([[170, 170, 170], [255, 255, 255]]); // behind numbers that are to be read
// Blue below zero, white at zero, red above: told apart by colour-blind eyes as well.
const SIGNED = ramp([[5, 48, 97], [33, 102, 172], [103, 169, 207], [209, 229, 240], [247, 247, 247], [253, 219, 199], [239, 138, 98], [178, 24, 43], [103, 0, 31]]);

export function greyScale(low, high, pale = false) {
  return { map: pale ? PALE : GREY, low, high: high > low ? high : low + 1, signed: false };
}

export function signedScale(limit) {
  return { map: SIGNED, low: -(limit || 1), high: limit || 1, signed: true };
}

// Counts in the colour of a role, none to `most`: pale enough for dark numbers.
export function roleScale(role, most) {
  const full = [1, 3, 5].map((at) => parseInt(ROLES[role].slice(at, at + 2), 16));
  const mixed = (share) => full.map((part) => Math.round(255 + (part - 255) * share));
  return { map: ramp([mixed(0.06), mixed(0.42)]), low: 0, high: most || 1, signed: false };
}

// A signed scale for a few numbers: half of its range, so that dark numbers stay readable on it.
export function paleSignedScale(data) {
  return signedScale(2 * Math.max(...data.map(Math.abs)));
}

// Three values a cell, red, green and blue, shown as the colour they are.
export const COLOURED = { rgb: true, low: 0, high: 255, signed: false };

// [r, g, b] of cell i of a matrix.
export function colourAt(scale, data, i, padding = false, dark = false) {
  return scale.rgb ? [data[3 * i], data[3 * i + 1], data[3 * i + 2]] : cellColour(scale, data[i], padding, dark);
}

// The place of a value on its scale, 0 to 255.
export function colourIndex({ low, high }, value) {
  const place = (value - low) / (high - low);
  return place <= 0 ? 0 : place >= 1 ? 255 : Math.round(place * 255);
}

// [r, g, b] of one value. Padding is no data: half of it is the page's own colour.
export function cellColour(scale, value, padding = false, dark = false) {
  if (Number.isNaN(value)) return dark ? [40, 40, 40] : [250, 250, 250]; // a cell without a value
  const index = 3 * colourIndex(scale, value);
  const colour = [scale.map[index], scale.map[index + 1], scale.map[index + 2]];
  return padding ? colour.map((part) => (part + (dark ? 40 : 250)) / 2) : colour;
}

// The 256 colours of a scale as they lie in an ImageData, one 32-bit number each: for painting many cells.
const packed = new Map();
export function packedColours(scale, padding = false, dark = false) {
  const names = packed.get(scale.map) ?? packed.set(scale.map, {}).get(scale.map);
  const name = `${padding} ${dark}`;
  if (!names[name]) {
    const bytes = new Uint8ClampedArray(1024);
    for (let i = 0; i < 256; i++) bytes.set([...cellColour({ ...scale, low: 0, high: 255 }, i, padding, dark), 255], 4 * i);
    names[name] = new Uint32Array(bytes.buffer);
  }
  return names[name];
}

// Black or white, whichever reads better on a colour.
export function inkOn([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000" : "#fff";
}

export function cssGradient({ map }) {
  const stops = [0, 32, 64, 96, 128, 160, 192, 224, 255].map((i) => `rgb(${map.subarray(3 * i, 3 * i + 3).join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

export function extent(data) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

// The hue that marks one weight wherever it appears: a different one for each tap of the kernel.
export function tapHue(index, count) {
  return `hsl(${Math.round((360 * index) / Math.max(count, 1))} 75% 45%)`;
}

// Whether the page around an element is dark, whoever made it (JupyterLab, Voila, Colab, a static page).
export function isDark(element) {
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (r !== undefined && alpha > 0.5) return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
}
