// Pooling, one window at a time: input, the window, output; the winner of every window is marked.

import { mount } from "../app.js";
import { extent, greyScale, paleSignedScale, ROLES, signedScale } from "../colours.js";
import { check, choice, menu, slider } from "../controls.js";
import { seenBy } from "../convolution.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, plural, show } from "../numbers.js";
import { decode } from "../payload.js";
import { player } from "../player.js";
import { scaleBar } from "../scales.js";
import { compute } from "./pooling_compute.js";
import { buildFacts } from "./pooling_facts.js";
import { buildPredict } from "./predict.js";

const PROPERTIES = ["input", "mode", "size", "stride", "padding", "position"];
const MIDDLE = 170; // px, the column of the window
const WORDS = { max: "largest", average: "mean", min: "smallest" };
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function render({ model, el }) {
  const pictures = model.get("pictures");
  return mount({
    model,
    el,
    label: "Pooling explorer",
    properties: PROPERTIES,
    compute: (state) => compute({ ...state, image: decode(pictures[state.input]) }),
    build(app) {
      app.look = { hover: null, input: null, scanned: Infinity, hidden: false, linked: app.state.size === app.state.stride };
      const predict = buildPredict(app, { random, unknown: "Not yet: count the places where the whole window fits, starting at the edge of the padding." });
      const parts = [buildControls(app, pictures), buildStage(app, predict.element), predict, buildFacts(app, pictures)];
      const [controls, stage, , facts] = parts.map((part) => part.element);
      app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, stage, facts)));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

// A setting with something to think about.
function random() {
  const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
  const size = pick(2, 4);
  return { size, stride: pick(1, 3), padding: pick(0, Math.floor(size / 2)), position: [0, 0] };
}

function buildControls(app, pictures) {
  const { look, say } = app;
  const examples = app.model.get("examples"); // {name: state}
  const names = (list) => list.map((name) => [name, name]);
  const example = menu({
    label: "Example",
    options: [["", "choose …"], ...names(Object.keys(examples))],
    change(name) {
      if (!examples[name]) return;
      Object.assign(look, { scanned: Infinity, hover: null, linked: examples[name].size === examples[name].stride });
      app.set(examples[name]);
    },
  });
  const input = menu({ label: "Input", options: names(Object.keys(pictures)), change: (name) => app.set({ input: name }) });
  const mode = choice({ label: "Pooling", options: [["max", "max"], ["average", "average"], ["min", "min"]], change: (value) => app.set({ mode: value }) });
  const fitting = (size, padding) => Math.min(padding, Math.floor(size / 2)); // more, and a window could see nothing
  const size = slider({ label: "Size", min: 1, max: 6, say, change: (value) => app.set({ size: value, padding: fitting(value, app.state.padding), ...(look.linked ? { stride: value } : {}) }) });
  const link = check({
    label: "stride = size",
    change(on) {
      look.linked = on;
      if (on) app.set({ stride: app.state.size });
      else app.redraw();
    },
  });
  const stride = slider({ label: "Stride", min: 1, max: 6, say, change: (value) => relink(value) });
  function relink(value) {
    look.linked = value === app.state.size;
    app.set({ stride: value });
  }
  const padding = slider({ label: "Padding", min: 0, max: 3, say, change: (value) => app.set({ padding: value }) });
  return {
    element: element("div", { class: "cnn-controls" }, example.element, input.element, element("hr"), mode.element, size.element, link.element, stride.element, padding.element),
    draw(_, state) {
      example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => key === "position" || state[key] === value)) ?? "");
      input.update(state.input);
      mode.update(state.mode);
      size.update(state.size);
      link.update(look.linked && state.size === state.stride);
      stride.update(state.stride);
      padding.update(state.padding, { max: Math.max(1, Math.floor(state.size / 2)), disabled: state.size < 2 });
    },
  };
}

// Light keeps the scale of light; what has a sign is shown in two colours.
function scaleOf({ data }) {
  const [low, high] = extent(data);
  const pale = data.length < 150;
  if (low < 0) return signedScale(Math.max(-low, high) * (pale ? 2 : 1));
  return greyScale(0, high > 99 ? 255 : high, pale);
}

function buildStage(app, predict) {
  const { look } = app;
  let shown = null;
  const point = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  const moveTo = (position) => {
    Object.assign(look, { hover: null, scanned: Infinity });
    app.set({ position });
  };
  // The window that begins nearest before a cell of the padded input.
  const windowAt = (cell) => cell.map((place, i) => clamp(Math.floor(place / shown.axes[i].stride), 0, shown.axes[i].size - 1));
  const pinned = () => app.state.position.map((place, i) => clamp(place, 0, shown.axes[i].size - 1));
  const stepped = (by) => pinned().map((place, i) => clamp(place + by[i], 0, shown.axes[i].size - 1));
  const walk = ({ key }) => Boolean(STEPS[key]) && (moveTo(stepped(STEPS[key])), true);
  const input = new Grid({ name: "input", label: "Input", on: { hover: (cell) => point({ input: cell }), leave: () => point({ input: null }), press: (cell) => moveTo(windowAt(cell)), drag: (cell) => moveTo(windowAt(cell)), key: walk } });
  const window = new Grid({ name: "window", label: "Window" });
  window.canvas.tabIndex = -1;
  const output = new Grid({ name: "output", label: "Output", on: { hover: (cell) => point({ hover: cell }), leave: () => point({ hover: null }), press: moveTo, drag: moveTo, key: walk } });
  const answer = element("p", { class: "cnn-pool-answer" });
  const cover = element("div", { class: "cnn-cover", hidden: true }, "?");
  output.element.append(cover);
  const bars = [input, output].map((grid) => {
    const bar = element("div", { class: "cnn-scale", "aria-hidden": "true" });
    grid.element.append(bar);
    return bar;
  });
  const scan = player({
    app,
    word: "window",
    count: () => shown.output.data.length,
    here: () => pinned()[0] * shown.output.cols + pinned()[1],
    go: (index) => app.set({ position: [Math.floor(index / shown.output.cols), index % shown.output.cols] }),
    onPlay: (index) => Object.assign(look, { hover: null, scanned: index }),
    onStep: () => Object.assign(look, { hover: null, scanned: Infinity }),
  });
  const sum = element("p", { class: "cnn-sum cnn-pool-sum", tabindex: 0, role: "group", "aria-label": "The window in numbers" });
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const stage = element("div", { class: "cnn-stage cnn-pool" }, input.element, element("div", {}, window.element, answer), output.element);

  function draw(result, state) {
    if (shown && shown.output.data.length !== result.output.data.length) scan.stop();
    shown = result;
    const { axes, padded, image, output: pooled, winners } = result;
    const { size, stride, padding, mode } = state;
    const dark = app.root.classList.contains("cnn-dark");
    const [r, c] = (look.hover ?? pinned()).map((place, i) => clamp(place, 0, axes[i].size - 1));
    const width = stage.clientWidth || 900;
    const beside = getComputedStyle(stage).gridTemplateColumns.split(" ").length === 3;
    const free = width - MIDDLE - 32;
    const [left, right] = beside ? [Math.floor(free * 0.58), Math.floor(free * 0.42)] : [width, width];
    const [box, outBox] = [left, right].map((side) => [Math.min(side, 400), Math.min(left, 340)]);
    const cell = Math.min(fitCell([[padded.rows, padded.cols]], box, 48), fitCell([[pooled.rows, pooled.cols]], outBox, 48));
    const scale = scaleOf(image);

    const marks = [];
    const place = (winner) => [Math.floor(winner / image.cols) + padding, (winner % image.cols) + padding];
    const here = r * pooled.cols + c;
    if (mode !== "average" && cell >= 8 && !look.hidden) for (const winner of new Set(winners)) marks.push({ style: "linked", at: place(winner), hue: ROLES.output });
    marks.push({ style: "current", at: [r * stride, c * stride], size: [size, size] });
    if (mode !== "average") marks.push({ style: "tap", at: place(winners[here]), hue: ROLES.kernel }, { style: "linked", at: place(winners[here]), hue: ROLES.kernel });
    const unused = axes.map(({ uncovered }, i) => (i ? padded.cols : padded.rows) - uncovered);
    const kind = (row, col) => (row >= unused[0] || col >= unused[1] ? "unused" : row < padding || col < padding || row >= padding + image.rows || col >= padding + image.cols ? "padding" : "");
    input.draw({ matrix: padded, scale, box, cell, kind, marks, dark, frame: { at: [padding, padding], size: [image.rows, image.cols], colour: ROLES.input } });

    const part = matrix(size, size);
    for (let a = 0; a < size; a++) for (let b = 0; b < size; b++) part.data[a * size + b] = padded.data[(r * stride + a) * padded.cols + c * stride + b];
    const won = mode === "average" ? [] : [place(winners[here]).map((at, i) => at - [r, c][i] * stride)];
    window.draw({ matrix: part, scale, box: [MIDDLE, 190], cell: fitCell([[size, size]], [MIDDLE, 190]), marks: won.map((at) => ({ style: "current", at })), dark });
    const value = pooled.data[here];
    window.describe(`Window ${size}×${size}`, `${WORDS[mode]} of ${size * size} cells: ${show(value)}`);
    setHtml(answer, `${WORDS[mode]} <b>${show(value, 4)}</b>`);

    const marked = [{ style: "current", at: [r, c] }];
    const pointed = look.input && look.input[0] < padded.rows && look.input[1] < padded.cols ? look.input : null;
    const fed = pointed ? seenBy(axes[0], pointed[0]).flatMap(([y]) => seenBy(axes[1], pointed[1]).map(([x]) => [y, x])) : [];
    for (const at of fed) marked.push({ style: "linked", at });
    const done = Number.isFinite(look.scanned) ? (row, col) => (row * pooled.cols + col > look.scanned ? "hidden" : "") : null;
    output.draw({ matrix: pooled, scale, box: outBox, cell, kind: done, marks: marked, dark });

    const sizes = (one) => `${one.rows}×${one.cols}`;
    input.describe(`Input <b>${sizes(image)}</b>${padding ? `, padded ${sizes(padded)}` : ""}`, `${image.rows} by ${image.cols} cells. Arrow keys move the window.`);
    if (look.hidden) output.describe("Output <b>?</b>", "Hidden until its size is predicted.");
    else output.describe(`Output <b>${sizes(pooled)}</b>`, `${pooled.rows} by ${pooled.cols} cells. Arrow keys move the window.`);
    cover.hidden = !look.hidden;
    Object.assign(cover.style, { width: `${outBox[0]}px`, height: `${outBox[1]}px` });
    scan.element.hidden = look.hidden;
    for (const bar of bars) setHtml(bar, scaleBar(scale, "one scale for both"));
    scan.update();
    setHtml(sum, look.hidden ? "Predict the output size first." : sumLine(mode, [r, c], part.data, value));
    setText(summary, look.hidden ? "" : describe(result, state, [r, c], fed.length, pointed));
  }

  return { element: element("div", {}, stage, scan.element, predict, sum, summary), draw };
}

// "output[0, 0] = max(0, 1, 10, 11) = 11"
function sumLine(mode, [r, c], values, result) {
  const written = Array.from(values, (value) => (Number.isNaN(value) ? "·" : show(value)));
  const list = mode === "average" ? `(${written.join(" + ").replaceAll("+ −", "− ")}) / ${values.length}` : `${mode}(${written.join(", ")})`;
  return `<span class="cnn-role-output">output[${r}, ${c}]</span> = ${list} = <strong>${show(result, 5)}</strong>`;
}

function describe({ image, axes, output, winners }, { mode, stride, size, padding }, [r, c], fed, pointed) {
  const parts = [];
  if (pointed) parts.push(`That cell is seen by ${plural(fed, "window")}.`);
  const bare = axes.flatMap(({ uncovered }, i) => (uncovered ? [plural(uncovered, i ? "column" : "row")] : []));
  if (bare.length) parts.push(`Not covered at the end (hatched): ${bare.join(" and ")}.`);
  if (padding && mode !== "average") parts.push("Padding (·) never wins.");
  if (padding && mode === "average") parts.push("Padding counts as 0.");
  if (mode !== "average") parts.push(`${plural(new Set(winners).size, "cell")} of ${image.data.length} reach the output (outlined in green); the others leave no trace.`);
  else parts.push("Every cell that a window sees counts with the same weight.");
  if (stride < size) parts.push("Windows overlap.");
  parts.push(`Window of row ${r}, column ${c}: ${show(output.data[r * output.cols + c], 5)}.`);
  return parts.join(" ");
}

export default { render };
