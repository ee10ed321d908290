// The activation gallery: a function and its slope under a movable point, and a mini-batch that runs through both.

import { ACTIVATIONS } from "../activations.js";
import { mount } from "../app.js";
import { roleScale } from "../colours.js";
import { check, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setHtml, setText } from "../dom.js";
import { Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, plural, show } from "../numbers.js";
import { decode } from "../payload.js";

const ALMOST_FLAT = 0.05; // as in cnnlab.apps.activations
const [LOW, HIGH] = [-6, 6];
const CURVE = Array.from({ length: 241 }, (_, i) => LOW + (i * (HIGH - LOW)) / 240);
const SLOPES = roleScale("gradient", 1);

// noise: what makes the mini-batch, one row an example, one column a unit.
export function compute({ function: name, point, mean, spread, leak, layers }, noise) {
  const { value, slope } = ACTIVATIONS[name];
  const inputs = noise.data.map((one) => mean + spread * one);
  const slopes = inputs.map((x) => slope(x, leak));
  const dead = Array.from({ length: noise.cols }, (_, unit) => slopes.every((s, i) => i % noise.cols !== unit || s === 0));
  const here = slope(point, leak);
  return {
    value: value(point, leak),
    slope: here,
    through: here ** layers,
    inputs,
    outputs: inputs.map((x) => value(x, leak)),
    slopes: matrix(noise.rows, noise.cols, slopes),
    off: slopes.filter((s) => s === 0).length,
    vanishing: slopes.filter((s) => Math.abs(s) < ALMOST_FLAT).length,
    dead,
    average: slopes.reduce((sum, s) => sum + s, 0) / slopes.length,
  };
}

function render({ model, el }) {
  const noise = decode(model.get("noise"));
  const notes = model.get("notes"); // {name: {title, note}}

  return mount({
    model,
    el,
    label: "Activation gallery",
    properties: ["function", "point", "mean", "spread", "leak", "layers", "compare"],
    compute: (state) => compute(state, noise),
    build(app) {
      const { say } = app;
      const move = ([x]) => app.set({ point: Math.round(clamp(x, LOW, HIGH) * 20) / 20 });
      const key = (event) => {
        const { point } = app.state;
        const step = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -1, PageUp: 1, Home: LOW - point, End: HIGH - point }[event.key];
        if (step) move([point + step]);
        return Boolean(step);
      };
      const controls = {
        function: menu({ label: "Function", options: Object.entries(notes).map(([name, { title }]) => [name, title]), change: (name) => app.set({ function: name }) }),
        compare: check({ label: "show the others too", change: (compare) => app.set({ compare }) }),
        leak: slider({ label: "Leak", min: 0.01, max: 0.5, step: 0.01, change: (leak) => app.set({ leak }), say }),
        point: slider({ label: "Point x", min: LOW, max: HIGH, step: 0.1, change: (point) => app.set({ point }), say }),
        layers: slider({ label: "Layers", min: 1, max: 30, change: (layers) => app.set({ layers }), say }),
        mean: slider({ label: "Mean", min: LOW, max: HIGH, step: 0.1, change: (mean) => app.set({ mean }), say }),
        spread: slider({ label: "Spread", min: 0.1, max: 4, step: 0.1, change: (spread) => app.set({ spread }), say }),
      };
      const { function: which, compare, leak, point, layers, mean, spread } = Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.element]));
      const heading = (text) => element("b", { class: "cnn-label" }, text);
      const panel = element("div", { class: "cnn-controls" }, which, compare, leak, element("hr"), heading("The point"), point, layers, element("hr"), heading("The mini-batch"), mean, spread);
      const note = element("p", { class: "cnn-summary cnn-flow" });
      const values = new Curves({ name: "curve", label: "The function", on: { drag: move, key } });
      const slopes = new Curves({ name: "curve", label: "Its slope", on: { drag: move, key } });
      const units = new Grid({ name: "units", label: "Slopes of a mini-batch" });
      Object.assign(units.canvas, { tabIndex: -1 });
      units.canvas.setAttribute("role", "img");
      const counts = element("ul", { class: "cnn-counts" });
      const told = element("p", { class: "cnn-cost cnn-told-two", "aria-live": "polite" });
      app.root.append(
        element(
          "div",
          { class: "cnn-columns" },
          panel,
          element("div", { class: "cnn-main" }, element("div", { class: "cnn-plots cnn-stage" }, values.element, slopes.element), told, note, element("div", { class: "cnn-batch" }, units.element, counts)),
        ),
      );

      return (result, state) => {
        for (const [name, control] of Object.entries(controls)) control.update(state[name], name === "leak" ? { shown: true, disabled: state.function !== "leaky_relu" } : {});
        const room = values.element.parentElement.clientWidth;
        const width = room > 640 ? Math.floor((room - 16) / 2) : room;
        drawCurves({ values, slopes }, [width, 272], result, state, notes);
        const cell = Math.floor(clamp((room > 640 ? room - 330 : room) / noise.cols, 10, 20));
        units.draw({ matrix: result.slopes, scale: SLOPES, box: [cell * noise.cols, cell * noise.rows], cell, kind: (r, c) => (result.dead[c] ? "unused" : "") });
        const dead = result.dead.filter(Boolean).length;
        units.describe(`<b>Slopes</b> of ${noise.rows} examples (rows) × ${noise.cols} units`, `${dead} units are dead, ${result.off} values pass no gradient. Pale is slope 0, dark 1.`);
        const { title } = notes[state.function];
        setText(note, `${title}: ${notes[state.function].note}`);
        setHtml(told, `At x = ${show(state.point)} ${title} is <b class="cnn-role-output">${show(result.value)}</b>, its slope <b class="cnn-role-gradient">${show(result.slope)}</b>. A gradient that passes ${plural(state.layers, "such slope")} is multiplied by ${result.slope < 0 ? `(${show(result.slope)})` : show(result.slope)}${state.layers > 1 ? `<sup>${state.layers}</sup> = <b>${show(result.through)}</b>` : ""}.`);
        setHtml(counts, countsOf(result, noise, dead));
      };
    },
  });
}

function drawCurves({ values, slopes }, box, result, { function: name, point, leak, compare }, notes) {
  const lines = (kind, role) => [
    ...Object.keys(ACTIVATIONS)
      .filter((other) => compare && other !== name)
      .map((other) => {
        const [x, lift, anchor] = NAMES[kind][other];
        return { points: steps(other, kind, leak), role: "plain", faint: true, width: 2, name: notes[other].title, at: [x, ACTIVATIONS[other][kind](x, leak)], lift, anchor };
      }),
    { points: steps(name, kind, leak), role, width: 3.5 },
  ];
  const x = { range: [LOW, HIGH], name: "input x" };
  const tangent = [LOW, HIGH].map((at) => [at, result.value + result.slope * (at - point)]);
  const here = { x: point, style: "dotted", role: "plain" };
  const bars = histogram(result.inputs);
  const inRange = ([low, high]) => bars.map(([from, to, share]) => ({ x: [from, to], y: [low, low + share * (high - low)], role: "input" }));
  const [tall, flat] = [[-1.5, 4.5], [-0.25, 1.25]];
  values.draw({
    box,
    x,
    y: { range: tall, ticks: [-1, 0, 1, 2, 3, 4], name: "output" },
    boxes: inRange(tall),
    rules: [here],
    lines: [...lines("value", "output"), { points: tangent, role: "gradient", style: "dashed", width: 2 }],
    dots: [{ at: [point, result.value], role: "output", large: true, name: show(result.value) }],
  });
  slopes.draw({ box, x, y: { range: flat, ticks: [0, 0.25, 0.5, 0.75, 1], name: "slope" }, boxes: inRange(flat), rules: [here], lines: lines("slope", "gradient"), dots: [{ at: [point, result.slope], role: "gradient", large: true, name: show(result.slope) }] });
  const { title } = notes[name];
  values.describe(`<b class="cnn-role-output">${title}</b> and its tangent`, `At x = ${show(point)} it is ${show(result.value)}. Arrow keys move the point.`);
  slopes.describe(`<b class="cnn-role-gradient">Slope</b> of ${title}`, `At x = ${show(point)} it is ${show(result.slope)}. Arrow keys move the point.`);
}

// Where the names of the curves stand that are shown beside the chosen one: [x, px up or down, side].
const NAMES = {
  value: { relu: [3.3, 0, "end"], leaky_relu: [LOW + 0.1, 14, "start"], sigmoid: [HIGH, 20, "end"], tanh: [HIGH, -8, "end"], gelu: [2.2, 16, "start"], silu: [-2.9, 20, "start"] },
  slope: { relu: [HIGH, 19, "end"], leaky_relu: [LOW + 0.1, -6, "start"], sigmoid: [2.6, -8, "start"], tanh: [1.1, 0, "start"], gelu: [0.9, -10, "end"], silu: [3.2, -8, "start"] },
};

// The points of a curve; where a slope jumps, two points at the same place.
function steps(name, kind, leak) {
  const of = (x) => [x, ACTIVATIONS[name][kind](x, leak)];
  if (!name.endsWith("relu") || kind === "value") return CURVE.map(of);
  return [of(LOW), of(0), [0, 1], [HIGH, 1]];
}

// [[from, to, height], ...] of the inputs, in half units; what lies beyond the axis is left out.
function histogram(inputs) {
  const width = 0.5;
  const counts = new Array((HIGH - LOW) / width).fill(0);
  for (const x of inputs) {
    const bin = Math.floor((x - LOW) / width);
    if (bin >= 0 && bin < counts.length) counts[bin] += 1;
  }
  return counts.map((count, i) => [LOW + i * width, LOW + (i + 1) * width, (0.9 * count) / inputs.length]).filter(([, , height]) => height);
}

function countsOf({ off, vanishing, average }, { data, cols }, dead) {
  const line = (count, whole, words) => `<li><b>${show(count)}</b> of ${whole} ${words}</li>`;
  return [
    line(off, data.length, "values pass no gradient (slope 0)"),
    line(vanishing, data.length, `pass almost none (slope under ${ALMOST_FLAT})`),
    line(dead, cols, "units are <b>dead</b>: off for every example, hatched"),
    `<li>mean slope <b>${show(average)}</b></li>`,
    '<li><small>pale: slope 0; dark: slope 1 or more. The blue columns above are the inputs.</small></li>',
  ].join("");
}

export default { render };
