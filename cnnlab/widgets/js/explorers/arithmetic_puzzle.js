// Predict a size before it is shown, and puzzles: find every setting that makes one size of another.

import { button } from "../controls.js";
import { slips } from "../convolution.js";
import { element, setText } from "../dom.js";
import { UserError } from "../errors.js";
import { clamp } from "../numbers.js";
import { axisOf, RANGES, settingsOf, solutions } from "./arithmetic_compute.js";
import { buildPredict } from "./predict.js";

const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
const SHORT = { kernel: "k", stride: "s", dilation: "d", padding: "p", output_padding: "o" };
const keyOf = (setting) => Object.keys(SHORT).map((name) => (name === "dilation" && setting.kernel === 1 ? 1 : setting[name]));

export function buildPuzzle(app) {
  const { look } = app;
  const predict = buildPredict(app, {
    random: randomSetting,
    known: (axis) => (app.state.mode === "transposed" ? transposedSlips(axis) : slips(axis)),
    unknown: "Not yet: put the numbers into the formula one by one.",
  });
  const start = button("Puzzle", () => begin());
  const task = element("span", { class: "cnn-task" });
  const verdict = element("p", { class: "cnn-verdict", role: "status" });
  const found = element("div", { class: "cnn-found", role: "group", "aria-label": "Settings found" });
  const rest = button("Show the rest", () => app.set({ found: solutions(app.state.mode, ...app.state.puzzle).map(keyOf) }));
  const panel = element("div", { class: "cnn-question" }, task, button("Check", () => check()), button("Another puzzle", () => begin()), rest, button("Leave", () => leave()), verdict);
  const whole = element("div", {}, predict.element, element("div", { class: "cnn-predict" }, start), panel, found);
  let known = "";

  function begin() {
    const { mode } = app.state;
    const causalOrNot = mode === "causal" ? [2, 6] : [3, 9];
    for (let tries = 0; tries < 500; tries++) {
      const n = pick(4, 9);
      const size = mode === "transposed" ? pick(n, 2 * n + 3) : pick(...causalOrNot);
      const count = solutions(mode, n, size).length;
      if (size === n || count < 3 || count > 9) continue;
      const pairs = Object.fromEntries(Object.keys(SHORT).map((name) => [name, RANGES[name][0]]).map(([name, value]) => [name, [value, value]]));
      setText(verdict, "");
      look.checked = "";
      return app.set({ ...pairs, size: [n, n], position: [0, 0], puzzle: [n, size], found: [] });
    }
  }

  function leave() {
    look.hidden = false;
    app.set({ puzzle: [], found: [] });
  }

  function current() {
    const { padding, ...others } = settingsOf(app.state, 1);
    return { ...others, padding: typeof padding === "string" ? 0 : padding };
  }

  function check() {
    const [n, size] = app.state.puzzle;
    const setting = current();
    const key = keyOf(setting);
    const all = solutions(app.state.mode, n, size);
    let got = null;
    try {
      got = axisOf(app.state.mode, { ...setting, n }).size;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
    look.checked = JSON.stringify(key);
    verdict.classList.toggle("cnn-right", got === size);
    if (got === null) setText(verdict, "The kernel does not fit into the input.");
    else if (got !== size) setText(verdict, `That makes ${got} of ${n}, not ${size}.`);
    else if (app.state.found.some((one) => String(one) === String(key))) setText(verdict, "Right, but you had this one already.");
    else {
      const next = [...app.state.found, key];
      setText(verdict, next.length === all.length ? `Right. All ${all.length} found!` : `Right, and new. ${all.length - next.length} more to find.`);
      return app.set({ found: next });
    }
    app.redraw();
  }

  function draw(result, state) {
    const on = state.puzzle.length === 2;
    if (on) look.hidden = look.checked !== JSON.stringify(keyOf(current()));
    else if (known) look.hidden = false;
    predict.draw(result, state);
    predict.element.hidden = on;
    start.hidden = on || app.root.classList.contains("cnn-predicting");
    panel.hidden = found.hidden = !on;
    if (look.hidden && on) setText(verdict, "");
    const signature = on ? JSON.stringify([state.mode, state.puzzle, state.found]) : "";
    if (signature === known) return;
    known = signature;
    if (!on) return;
    const [n, size] = state.puzzle;
    const all = solutions(state.mode, n, size);
    const names = Object.keys(SHORT).filter((name) => (name !== "padding" || state.mode !== "causal") && (name !== "output_padding" || state.mode === "transposed"));
    const ranges = names.map((name) => `${name.replace("_", " ")} ${RANGES[name].join("–")}`).join(", ");
    setText(task, `Make ${size} cells of ${n}: ${ranges}. Found ${state.found.length} of ${all.length}.`);
    rest.disabled = state.found.length >= all.length;
    found.replaceChildren(
      ...state.found.map((key) => {
        const setting = Object.fromEntries(Object.keys(SHORT).map((name, i) => [name, key[i]]));
        return button(names.map((name) => `${SHORT[name]} ${setting[name]}`).join(", "), () => {
          look.checked = JSON.stringify(key);
          app.set(Object.fromEntries(Object.entries(setting).map(([name, value]) => [name, [value, value]])));
        });
      }),
    );
  }

  return { element: whole, draw };
}

// A setting with something to think about, of the kind on the stage.
function randomSetting({ mode }) {
  const both = (draw) => (mode === "2-D" ? [draw(), draw()] : Array(2).fill(draw()));
  const stride = both(() => pick(1, 3));
  const kernel = both(() => pick(2, 5));
  return {
    size: both(() => pick(6, 12)),
    kernel,
    stride,
    padding: both(() => pick(0, 2)).map((value, i) => clamp(value, 0, kernel[i] - 1)),
    dilation: [1, 1],
    output_padding: [0, 0],
    position: [0, 0],
  };
}

// Wrong sizes of a transposed convolution that have a known cause: value -> what was probably missed.
export function transposedSlips({ n, taps, stride, dilation, pads: [crop], extra, size, reach }) {
  const found = new Map();
  const add = (value, cause) => value !== size && !found.has(value) && found.set(value, cause);
  if (crop) add(size + 2 * crop, "The padding is missing: here it crops the result, on both sides.");
  if (crop) add(size + crop, "The padding was taken off once: it crops both sides.");
  add(size + stride, "Between n cells there are n − 1 steps, not n.");
  if (extra) add(size - extra, "The output padding is missing: it adds cells at the end.");
  if (dilation > 1) add(size - reach + taps, "The dilation is missing: the kernel reaches over d(k − 1) + 1 cells.");
  add(n * stride, "n·s is right only where kernel, padding and output padding make up for each other.");
  add(Math.floor((n + 2 * crop - reach) / stride) + 1, "That is the convolution. The transposed one goes the other way, from small to large.");
  return found;
}
