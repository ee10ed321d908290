// What batch norm does to the spread of activations through a stack of random layers.

import { ACTIVATIONS } from "../activations.js";
import { mount } from "../app.js";
import { button, choice, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setText } from "../dom.js";
import { EPS, moments } from "../normalization.js";
import { clamp, show } from "../numbers.js";
import { normals } from "../random.js";

const [UNITS, EXAMPLES, MOST_LAYERS] = [64, 32, 30]; // as in cnnlab.apps.spread
const MOST_SEED = 99;
const REACH = 3; // histograms show -REACH to REACH
const BINS = 41;
const PRESETS = { He: Math.SQRT2, Glorot: 1 };

const drawn = { seed: null, numbers: null }; // random numbers of the last seed

// {plain, normed}: for the input and each layer's output {deviation, zeros, bins}.
export function compute({ depth, scale, function: name, seed }) {
  if (drawn.seed !== seed) Object.assign(drawn, { seed, numbers: normals(seed, UNITS * (EXAMPLES + MOST_LAYERS * UNITS)) });
  const [plain, normed] = [false, true].map((batchNorm) => through(drawn.numbers, { depth, scale, apply: ACTIVATIONS[name].value, batchNorm }));
  return { plain, normed };
}

function through(numbers, { depth, scale, apply, batchNorm }) {
  let x = numbers.subarray(0, UNITS * EXAMPLES);
  const layers = [described(x)];
  for (let layer = 0; layer < depth; layer++) {
    const from = UNITS * (EXAMPLES + layer * UNITS);
    const z = product(x, numbers.subarray(from, from + UNITS * UNITS), scale / Math.sqrt(UNITS));
    if (batchNorm) normalizeUnits(z);
    x = z.map((value) => apply(value));
    layers.push(described(x));
  }
  return layers;
}

// x, one row an example, times the weights, one row a unit.
function product(x, weights, factor) {
  const z = new Float64Array(EXAMPLES * UNITS);
  for (let n = 0; n < EXAMPLES * UNITS; n += UNITS)
    for (let unit = 0; unit < UNITS; unit++) {
      const row = unit * UNITS;
      let sum = 0;
      for (let k = 0; k < UNITS; k++) sum += x[n + k] * weights[row + k];
      z[n + unit] = sum * factor;
    }
  return z;
}

function normalizeUnits(z) {
  for (let unit = 0; unit < UNITS; unit++) {
    const { mean, variance } = moments(Array.from({ length: EXAMPLES }, (_, n) => z[n * UNITS + unit]));
    const deviation = Math.sqrt(variance + EPS);
    for (let i = unit; i < z.length; i += UNITS) z[i] = (z[i] - mean) / deviation;
  }
}

function described(x) {
  const { variance } = moments(x);
  const bins = new Array(BINS).fill(0);
  let zeros = 0;
  for (const value of x) {
    if (value === 0) zeros += 1;
    bins[Math.round(((clamp(value, -REACH, REACH) + REACH) / (2 * REACH)) * (BINS - 1))] += 1;
  }
  return { deviation: Math.sqrt(variance), zeros: zeros / x.length, bins };
}

function render({ model, el }) {
  const names = model.get("names");

  return mount({
    model,
    el,
    label: "Spread through random layers",
    properties: ["depth", "scale", "function", "batch_norm", "seed"],
    compute,
    build(app) {
      const { say } = app;
      const controls = {
        function: menu({ label: "Activation", options: Object.entries(names), change: (name) => app.set({ function: name }) }),
        depth: slider({ label: "Layers", min: 2, max: MOST_LAYERS, change: (depth) => app.set({ depth }), say }),
        scale: slider({ label: "Weight scale", min: 0.1, max: 3, step: 0.05, change: (scale) => app.set({ scale }), say }),
        batch_norm: choice({ label: "Histograms", options: [[false, "without BN"], [true, "with BN"]], change: (on) => app.set({ batch_norm: on }) }),
      };
      const presets = element("div", { class: "cnn-tools", role: "group", "aria-label": "Weight scales" }, ...Object.entries(PRESETS).map(([name, scale]) => button(`${name} ${show(scale)}`, () => app.set({ scale: Number(scale.toFixed(4)) }))));
      const again = button("Other random weights", () => app.set({ seed: (app.state.seed % MOST_SEED) + 1 }));
      const panel = element("div", { class: "cnn-controls" }, ...Object.values(controls).map((control) => control.element), presets, element("hr"), again);
      const shapes = new Curves({ name: "shapes", label: "Histograms of the activations, one column a layer" });
      const spreads = new Curves({ name: "spreads", label: "Standard deviation of each layer" });
      const told = element("p", { class: "cnn-cost", "aria-live": "polite" });
      app.root.append(element("div", { class: "cnn-columns" }, panel, element("div", { class: "cnn-main cnn-stack" }, element("div", { class: "cnn-stage cnn-single" }, shapes.element, spreads.element), told)));

      return (result, state) => {
        for (const [name, control] of Object.entries(controls)) control.update(state[name]);
        const box = [shapes.element.parentElement.clientWidth, 262];
        const shown = state.batch_norm ? result.normed : result.plain;
        const last = shown.at(-1);
        const x = { range: [-0.5, MOST_LAYERS + 0.5], ticks: [0, 5, 10, 15, 20, 25, 30], name: "layer (0 is the input)" };
        shapes.draw({ box, x, y: { range: [-REACH - 0.1, REACH + 0.1], ticks: [-3, -2, -1, 0, 1, 2, 3], name: "activation" }, boxes: shown.flatMap((layer, at) => columnOf(layer.bins, at, state.batch_norm)) });
        shapes.describe(
          `<b>Histograms</b> ${state.batch_norm ? "with" : "without"} batch norm, cut at ±${REACH}`,
          `The last of ${state.depth} layers has standard deviation ${show(last.deviation)} and ${show(100 * last.zeros)} per cent zeros.`,
        );
        const line = (layers, role, name, style) => ({ points: layers.map(({ deviation }, at) => [at, clamp(deviation, 1e-30, 1e30)]), role, name, style, width: 3, anchor: "end" });
        const ends = [result.normed, result.plain].map((layers) => layers.at(-1).deviation);
        const plainAbove = ends[1] > ends[0];
        spreads.draw({
          box: [box[0], 232],
          x,
          y: { range: [1e-6, 1e6], ticks: [1e-6, 1e-4, 1e-2, 1, 1e2, 1e4, 1e6], log: true, name: "std. deviation" },
          lines: [
            { ...line(result.plain, "kernel", "without", "dashed"), lift: plainAbove ? -9 : 20 },
            { ...line(result.normed, "output", "with batch norm"), lift: plainAbove ? 20 : -9 },
          ],
        });
        spreads.describe("<b>Standard deviation</b> of each layer", `With batch norm the last layer has ${show(ends[0])}, without ${show(ends[1])}.`);
        setText(told, sentence(result, state, names));
      };
    },
  });
}

function columnOf(bins, at, normed) {
  const most = Math.max(...bins);
  const height = (2 * REACH) / (BINS - 1);
  return bins
    .map((share, i) => ({ x: [at - 0.42, at + 0.42], y: [-REACH + (i - 0.5) * height, -REACH + (i + 0.5) * height], role: normed ? "output" : "kernel", strength: share ? 0.1 + 0.9 * (Math.ceil(10 * Math.sqrt(share / most)) / 10) : 0 }))
    .filter(({ strength }) => strength);
}

function sentence({ plain, normed }, { depth, scale, function: name }, names) {
  const [first, last, kept] = [plain[0], plain.at(-1), normed.at(-1)].map(({ deviation }) => deviation);
  const factor = (last / first) ** (1 / depth);
  const fate = last < 0.05 * first ? "fades away" : last > 20 * first ? "explodes" : "lasts";
  const zeros = plain.at(-1).zeros > 0.999 ? " Every unit is off." : "";
  return `${depth} layers of ${names[name]}, weight scale ${show(scale)}: without batch norm the spread ${fate}, from ${show(first)} to ${show(last)}, a factor of ${show(factor)} a layer on average.${zeros} With batch norm the last layer has ${show(kept)}.`;
}

export default { render };
