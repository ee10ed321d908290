// Channels and filters: three input channels, the weights of one filter for each, what each adds, and the sum.

import { mount } from "../app.js";
import { greyScale, paleSignedScale, roleScale, ROLES, signedScale, tapHue } from "../colours.js";
import { choice, menu, number, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { KernelEditor } from "../kernel.js";
import { clamp, show } from "../numbers.js";
import { decode } from "../payload.js";
import { player } from "../player.js";
import { layer } from "./channels_compute.js";

const PROPERTIES = ["input", "weights", "bias", "stride", "padding", "filter", "position"];
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const TAPS = 3;
const TALL = 236; // px of an input
const LOW = 118; // px of weights and contributions

function render({ model, el }) {
  const volumes = model.get("volumes");
  return mount({
    model,
    el,
    label: "Channels explorer",
    properties: PROPERTIES,
    compute: (state) => layer(volumes[state.input].channels.map(decode), state),
    build: (app) => build(app, volumes, model.get("examples")),
  });
}

function build(app, volumes, examples) {
  const look = { hover: null, tap: null };
  let result = null;
  const shownFilter = () => Math.min(app.state.filter, result.output.length - 1);
  const pinned = () => [Math.min(app.state.position[0], result.output[0].rows - 1), Math.min(app.state.position[1], result.output[0].cols - 1)];
  const pointAt = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  const moveTo = (position, filter = shownFilter()) => {
    look.hover = null;
    app.set({ position, filter });
  };
  const around = (cell) => cell.map((place, i) => clamp(Math.round((place - 1) / app.state.stride), 0, (i ? result.output[0].cols : result.output[0].rows) - 1));
  const keys = (filter) => ({ key }) => {
    if (!STEPS[key]) return false;
    const { rows, cols } = result.output[0];
    const [r, c] = pinned();
    moveTo([clamp(r + STEPS[key][0], 0, rows - 1), clamp(c + STEPS[key][1], 0, cols - 1)], filter?.() ?? shownFilter());
    return true;
  };
  const outputOn = (filter) => ({ hover: (cell) => pointAt({ hover: cell }), leave: () => pointAt({ hover: null }), press: (cell) => moveTo(cell, filter()), drag: (cell) => moveTo(cell, filter()), key: keys(filter) });

  const columns = [0, 1, 2].map((channel) => {
    const input = new Grid({ name: "input", label: `Input channel ${channel}`, on: { press: (cell) => moveTo(around(cell)), drag: (cell) => moveTo(around(cell)), key: keys() } });
    const weights = new KernelEditor({
      edit: (r, c, value) => value !== null && app.set({ weights: app.state.weights.map((filter, f) => (f === shownFilter() ? filter.map((rows, k) => (k === channel ? rows.map((row, i) => (i === r ? row.map((old, j) => (j === c ? value : old)) : row)) : rows)) : filter)) }),
      point: (tap) => pointAt({ tap }),
      refuse: app.refuse,
    });
    weights.table.setAttribute("aria-label", `Weights for channel ${channel}`);
    const part = new Grid({ name: "part", label: `What channel ${channel} adds`, on: outputOn(shownFilter) });
    const line = element("p", { class: "cnn-ch-line" });
    const lower = element("div", { class: "cnn-ch-lower" }, weights.element, part.element);
    return { input, weights, part, line, element: element("div", { class: "cnn-ch-column" }, input.element, lower) };
  });
  const outputs = [0, 1, 2].map((filter) => new Grid({ name: "output", label: `Output of filter ${filter}`, on: outputOn(() => filter) }));
  const sum = element("p", { class: "cnn-ch-sum", "aria-live": "polite" });
  const summary = element("p", { class: "cnn-summary" });

  const example = menu({
    label: "Example",
    options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])],
    change: (name) => examples[name] && app.set({ ...examples[name] }),
  });
  const input = menu({ label: "Input", options: Object.keys(volumes).map((name) => [name, name]), change: (name) => app.set({ input: name }) });
  const filter = choice({ label: "Filter", options: [0, 1, 2].map((f) => [f, `filter ${f}`]), change: (f) => app.set({ filter: f }) });
  const stride = slider({ label: "Stride", min: 1, max: 4, change: (value) => app.set({ stride: value }), say: app.say });
  const padding = slider({ label: "Padding", min: 0, max: 2, change: (value) => app.set({ padding: value }), say: app.say });
  const bias = number({ label: "Bias", change: (value) => app.set({ bias: app.state.bias.map((old, f) => (f === shownFilter() ? value : old)) }), say: app.say });
  const cells = () => result.output[0].rows * result.output[0].cols;
  const steps = player({
    app,
    word: "cell",
    count: () => cells() * result.output.length,
    here: () => shownFilter() * cells() + pinned()[0] * result.output[0].cols + pinned()[1],
    go(index) {
      const place = index % cells();
      moveTo([Math.floor(place / result.output[0].cols), place % result.output[0].cols], Math.floor(index / cells()));
    },
  });

  const controls = element("div", { class: "cnn-controls cnn-ch-controls" }, example.element, input.element, filter.element, stride.element, padding.element, bias.element);
  const out = element("div", { class: "cnn-ch-outputs" }, ...outputs.map((grid) => grid.element));
  const stage = element("div", { class: "cnn-stage cnn-ch" }, ...columns.map((column) => column.element), out);
  app.root.append(controls, stage, element("div", { class: "cnn-ch-lines" }, ...columns.map(({ line }) => line)), element("div", { class: "cnn-ch-last" }, sum, steps.element), summary);

  return (next, state) => {
    result = next;
    const dark = app.root.classList.contains("cnn-dark");
    const f = shownFilter();
    const [rows, cols] = [result.output[0].rows, result.output[0].cols];
    const [r, c] = (look.hover ?? pinned()).map((place, i) => Math.min(place, (i ? cols : rows) - 1));
    const few = rows * cols <= 64;
    const limit = Math.max(...[...result.parts.flat(), ...result.output].map(({ data }) => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)), 1e-9);
    const scale = signedScale(few ? 2 * limit : limit);
    const { names, credit } = volumes[state.input];
    const width = columns[0].element.clientWidth || 250;
    const box = [width, Math.min(width, TALL)];
    const half = [Math.floor((width - 12) / 2), LOW];
    const cell = fitCell([[rows, cols]], half, 36);
    const inputCell = fitCell([[result.padded[0].rows, result.padded[0].cols]], box, 36);
    const photo = !names[0].startsWith("channel");
    const hue = (i) => tapHue(i, TAPS * TAPS);
    const values = columns.map((column, k) => {
      const padded = result.padded[k];
      const kernel = { rows: TAPS, cols: TAPS, data: Float64Array.from(state.weights[f][k].flat()) };
      const marks = [];
      const under = [];
      for (let i = 0; i < TAPS * TAPS; i++) {
        const at = [r * state.stride + Math.floor(i / TAPS), c * state.stride + (i % TAPS)];
        under.push(padded.data[at[0] * padded.cols + at[1]]);
        if (inputCell >= 16) marks.push({ style: "tap", at, hue: hue(i) });
      }
      marks.push({ style: "current", at: [r * state.stride, c * state.stride], size: [TAPS, TAPS] });
      if (look.tap) marks.push({ style: "linked", at: [r * state.stride + look.tap[0], c * state.stride + look.tap[1]], hue: "#D55E00" });
      const p = state.padding;
      const kind = (y, x) => (y < p || x < p || y >= padded.rows - p || x >= padded.cols - p ? "padding" : "");
      const inner = [padded.rows - 2 * p, padded.cols - 2 * p];
      column.input.draw({ matrix: padded, scale: photo ? greyScale(0, 255) : roleScale("input", Math.max(...padded.data, 1)), box, cell: inputCell, kind, marks, dark, frame: { at: [p, p], size: inner, colour: ROLES.input } });
      column.input.describe(`Input, <b>${names[k]}</b>`, `${inner[0]} by ${inner[1]} cells. Arrow keys move the window.`);
      column.weights.draw({ kernel, scale: paleSignedScale(kernel.data), box: half, hue, pointed: look.tap, caption: `Filter ${f}` });
      column.part.draw({ matrix: result.parts[f][k], scale, box: half, cell, marks: [{ style: "current", at: [r, c] }], dark, digits: 3 });
      const value = result.parts[f][k].data[r * cols + c];
      column.part.describe("adds", `${rows} by ${cols} cells; ${show(value)} here.`);
      const terms = under.map((x, i) => `<span class="cnn-term" style="--hue:${hue(i)}">${signed(x)}·<b>${signed(kernel.data[i])}</b></span>`).join(" + ");
      setHtml(column.line, `<span class="cnn-role-input">${names[k]}</span>: ${terms} = <strong>${show(value, 4)}</strong>`);
      return value;
    });
    outputs.forEach((grid, i) => {
      grid.element.hidden = i >= result.output.length;
      if (grid.element.hidden) return;
      const room = [out.clientWidth || 200, Math.floor((TALL + LOW + 26) / result.output.length) - 26];
      const size = fitCell([[rows, cols]], room, 36);
      grid.draw({ matrix: result.output[i], scale, box: room, cell: size, marks: i === f ? [{ style: "current", at: [r, c] }] : [], dark, digits: 3 });
      grid.describe(`Output, <b>filter ${i}</b>`, `${rows} by ${cols} cells; ${show(result.output[i].data[r * cols + c])} here. Arrow keys move the window.`);
      grid.element.classList.toggle("cnn-ch-other", i !== f);
    });
    const total = result.output[f].data[r * cols + c];
    setHtml(sum, `<span class="cnn-role-output">output[${f}, ${r}, ${c}]</span> = ${values.map((value) => signed(value)).join(" + ")} + <span class="cnn-role-kernel">bias ${signed(state.bias[f])}</span> = <strong>${show(total, 4)}</strong>`);
    const { length } = state.weights;
    setText(summary, `${names.length} channels in, ${length} filters, ${length} channels out, each ${rows}×${cols}. Every filter spans all ${names.length} channels: (3·3·${names.length} + 1)·${length} = ${(9 * names.length + 1) * length} parameters.${credit ? ` Picture: ${credit}.` : ""}`);
    example.update(Object.keys(examples).find((name) => ["input", "weights", "bias", "stride", "padding"].every((key) => JSON.stringify(examples[name][key]) === JSON.stringify(state[key]))) ?? "");
    input.update(state.input);
    filter.update(f);
    [...filter.element.querySelectorAll("label")].forEach((label, i) => (label.hidden = i >= length));
    stride.update(state.stride);
    padding.update(state.padding);
    bias.update(state.bias[f]);
    steps.update();
  };
}

const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));

export default { render };
