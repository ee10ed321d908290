// Shift, then filter, or filter, then shift: both ways as a diagram, their difference, and how it grows with the shift.

import { mount } from "../app.js";
import { extent, greyScale, signedScale } from "../colours.js";
import { check, choice, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setHtml, setText } from "../dom.js";
import { Grid } from "../grid.js";
import { toMatrix } from "../matrices.js";
import { show } from "../numbers.js";
import { decode } from "../payload.js";
import { compare, MOST_SHIFT } from "./equivariance_compute.js";
import { buildWager } from "./wager.js";

const PROPERTIES = ["input", "kernel", "pooling", "size", "stride", "blur", "border", "right", "down"];

function render({ model, el }) {
  const pictures = model.get("pictures");
  const kernels = Object.fromEntries(Object.entries(model.get("kernels")).map(([name, rows]) => [name, toMatrix(rows)]));
  return mount({
    model,
    el,
    label: "Equivariance explorer",
    properties: PROPERTIES,
    compute: (state) => compare(decode(pictures[state.input]), { ...state, kernel: kernels[state.kernel] }),
    build(app) {
      app.look = { hidden: false };
      const parts = [buildControls(app, Object.keys(pictures), Object.keys(kernels)), buildStage(app), buildWager(app, WAGER)];
      parts[1].element.append(parts[2].element);
      app.root.append(element("div", { class: "cnn-columns" }, parts[0].element, parts[1].element));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

function buildControls(app, pictures, kernels) {
  const { say } = app;
  const examples = app.model.get("examples"); // {name: state}
  const names = (list) => list.map((name) => [name, name]);
  const set = (name) => (value) => app.set({ [name]: value });
  const example = menu({ label: "Example", options: [["", "choose …"], ...names(Object.keys(examples))], change: (name) => examples[name] && app.set(examples[name]) });
  const parts = {
    input: menu({ label: "Input x", options: names(pictures), change: set("input") }),
    kernel: menu({ label: "Kernel", options: names(kernels), change: set("kernel") }),
    pooling: choice({ label: "Pooling", options: [["none", "none"], ["max", "max"], ["average", "average"]], change: set("pooling") }),
    size: slider({ label: "Window", min: 2, max: 4, say, change: set("size") }),
    stride: slider({ label: "Stride", min: 1, max: 4, say, change: set("stride") }),
    blur: check({ label: "blur before the stride", change: set("blur") }),
    border: menu({ label: "At the border", options: [["circular", "the other side comes in"], ["zeros", "zeros come in"]], change: set("border") }),
    right: slider({ label: "Right, px", min: 0, max: MOST_SHIFT, say, change: set("right") }),
    down: slider({ label: "Down, px", min: 0, max: MOST_SHIFT, say, change: set("down") }),
  };
  const word = (text) => element("b", {}, text);
  const row = (...keys) => keys.map((name) => parts[name].element);
  return {
    element: element("div", { class: "cnn-controls" }, example.element, ...row("input"), element("hr"), word("The layer f"), ...row("kernel", "pooling", "size", "stride", "blur", "border"), element("hr"), word("The shift"), ...row("right", "down")),
    draw(_, state) {
      example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => state[key] === value)) ?? "");
      for (const [name, part] of Object.entries(parts)) part.update(state[name], name === "size" ? { disabled: state.pooling === "none" } : {});
    },
  };
}

const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const WAGER = {
  start: "Predict: will they agree?",
  random: () => ({
    input: ["Cat", "Photographer", "Digit 3"][pick(0, 2)],
    pooling: ["none", "max", "average"][pick(0, 2)],
    size: pick(2, 4),
    stride: pick(1, 4),
    blur: pick(0, 3) === 0,
    border: pick(0, 3) ? "circular" : "zeros",
    right: pick(1, MOST_SHIFT),
    down: 0,
  }),
  question: "With these settings, do both ways give exactly the same?",
  options: [[true, "yes, the same"], [false, "no, they differ"]],
  judge: (guess, { error }, state) => [guess === (error === 0), error === 0 ? `A shift by ${state.right} is a multiple of the stride ${state.stride}, and nothing enters at the border.` : `They are ${show(error)} % apart: ${causes(state).join("; ")}.`],
};

const CAPTIONS = ["x", "f(x)", "shift(<b>f(x)</b>)", "shift(x)", "f(<b>shift(x)</b>)", "difference"];
const TOLD = ["The input.", "The layer’s answer to it.", "That answer, shifted.", "The input, shifted.", "The layer’s answer to the shifted input.", "The last two, subtracted."];

function buildStage(app) {
  const grids = CAPTIONS.map((_, i) => new Grid({ name: `way${i}`, label: TOLD[i].slice(0, -1) }));
  for (const grid of grids) grid.canvas.tabIndex = -1;
  const chart = new Curves({ name: "shifts", label: "Difference by shift", on: { drag: ([x]) => app.set({ right: Math.round(x) }), key: () => false } });
  const error = element("p", { class: "cnn-eq-error" });
  const rows = element("tbody");
  const table = element("table", { class: "cnn-eq-table" }, rows);
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const diagram = element("div", { class: "cnn-eq-diagram" }, ...grids.map((grid) => grid.element));
  const beside = element("div", { class: "cnn-eq-beside" }, error, chart.element, table);
  const whole = element("div", { class: "cnn-main" }, element("div", { class: "cnn-eq" }, diagram, beside), summary);

  function draw(result, state) {
    const dark = app.root.classList.contains("cnn-dark");
    const { image, map, moved, after, before, difference } = result;
    const side = Math.min(192, Math.floor(((diagram.clientWidth || 600) - 24) / 3));
    const box = [side, Math.min(side, 192)];
    const light = greyScale(0, extent(image.data)[1]);
    const [low, high] = extent([...after.data, ...before.data]);
    const limit = Math.max(-low, high);
    const scale = low < -1e-9 ? signedScale(limit) : greyScale(0, high);
    const enlarged = { ...after, data: Float64Array.from(after.data, (_, i) => map.data[Math.floor(Math.floor(i / after.cols) / state.stride) * map.cols + Math.floor((i % after.cols) / state.stride)]) };
    const shown = [[image, light], [enlarged, scale], [after, scale], [moved, light], [before, scale], [difference, signedScale(limit)]];
    const cell = Math.min(side / image.cols, box[1] / image.rows);
    shown.forEach(([matrix, colours], i) => {
      grids[i].draw({ matrix, scale: colours, box, cell, dark, digits: 2, kind: app.look.hidden && i > 3 ? () => "hidden" : null });
      grids[i].describe(CAPTIONS[i], TOLD[i]);
    });

    setHtml(error, app.look.hidden ? "<b>?</b>" : result.error === 0 ? "<b>0 %</b> apart: the two ways agree" : `<b>${show(result.error)} %</b> apart, in units of the map’s spread`);
    const width = Math.max(230, Math.min(beside.clientWidth || 240, 420));
    const most = Math.max(20, ...result.curve, ...result.otherCurve);
    const points = (curve) => curve.map((value, right) => [right, value]);
    const [blurred, plain] = state.blur ? [result.curve, result.otherCurve] : [result.otherCurve, result.curve];
    const covered = app.look.hidden;
    chart.draw({
      box: [width, 200],
      x: { range: [0, MOST_SHIFT], ticks: [0, 2, 4, 6, 8], name: "shift to the right, px" },
      y: { range: [0, most * 1.08], name: "difference, %" },
      rules: [{ x: state.right, style: "dotted" }],
      lines: covered ? [] : [
        { points: points(plain), role: "input", faint: state.blur, width: 3 },
        { points: points(blurred), role: "output", style: "dashed", faint: !state.blur, width: 3 },
      ],
      dots: covered ? [] : [...points(result.curve).map((at) => ({ at, role: state.blur ? "output" : "input" })), { at: [state.right, result.error], role: state.blur ? "output" : "input", large: true }],
    });
    chart.describe('<span class="cnn-hw-key cnn-role-input">plain</span><span class="cnn-hw-key cnn-role-output">blurred</span>', covered ? "Covered until you have predicted." : `${result.curve.map((value, right) => `${show(value)} % at ${right}`).join(", ")}.`);
    const line = (name, [first, second]) => `<tr><th scope="row">${name}</th><td>${show(first)}</td><td>${covered ? "?" : show(second)}</td></tr>`;
    setHtml(rows, `<tr><th scope="col">pooled globally</th><th scope="col">x</th><th scope="col">shift(x)</th></tr>${line("average of f", result.averages)}${line("largest of f", result.maxima)}`);
    setText(summary, covered ? "" : describe(result, state));
  }

  return { element: whole, draw };
}

// Why the two ways may differ.
function causes({ right, down, stride, border, blur }) {
  const found = [];
  if (right % stride || down % stride) found.push(`the shift is no multiple of the stride ${stride}${blur ? ", which the blur softens" : ""}`);
  if (border === "zeros") found.push("zeros enter at the border");
  return found;
}

function describe(result, state) {
  const parts = [`Shift by ${state.right} right and ${state.down} down: the two ways differ by ${show(result.error)} %.`];
  if (result.error > 0) parts.push(`Cause: ${causes(state).join("; ")}.`);
  parts.push(`Without shifting back, ${show(result.kept, 2)} % of the layer’s cells keep their value.`);
  return parts.join(" ");
}

export default { render };
