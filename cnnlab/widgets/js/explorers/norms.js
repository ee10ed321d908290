// Batch, layer, instance and group norm as one picture: the cells of a block that share one mean are marked.

import { mount } from "../app.js";
import { paleSignedScale } from "../colours.js";
import { choice, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { localResponseNorm, moments, neighbours, normalizeSets, sharing } from "../normalization.js";
import { clamp, plural, show } from "../numbers.js";
import { scaleBar } from "../scales.js";
import { buildCube } from "./norms_cube.js";

const NAMES = { batch: "Batch norm", layer: "Layer norm", instance: "Instance norm", group: "Group norm", response: "Local response norm" };
const GROUPS = [1, 2, 3, 6]; // the divisors of the channels

// {block, output, shape, sets: [[place, ...], ...], shared: the places that belong to the marked cell}
export function compute({ norm, groups, size, weight, offset, gain, cell: [n, c, p] }, values) {
  const shape = [values.length, values[0].length, values[0][0].length];
  const [, channels, places] = shape;
  const block = Float64Array.from(values.flat(2), (value, i) => (i < channels * places ? gain * value + offset : value));
  const at = (n * channels + c) * places + p;
  if (norm === "response") {
    const shared = neighbours(c, channels, size).map((other) => (n * channels + other) * places + p);
    return { block, shape, sets: [], shared, at, output: localResponseNorm(block, shape, { size, alpha: weight }) };
  }
  const sets = sharing(norm, shape, groups);
  return { block, shape, sets, shared: sets.find((set) => set.includes(at)), at, output: normalizeSets(block, sets) };
}

function render({ model, el }) {
  const values = model.get("values");
  const [examples, channels, places] = [values.length, values[0].length, values[0][0].length];

  return mount({
    model,
    el,
    label: "Which cells share one mean?",
    properties: ["norm", "groups", "size", "weight", "offset", "gain", "cell"],
    compute: (state) => compute(state, values),
    build(app) {
      const { say } = app;
      const norms = choice({ label: "Normalisation", options: Object.entries(NAMES), change: (norm) => app.set({ norm }) });
      norms.element.classList.add("cnn-tall");
      const sliders = {
        size: slider({ label: "Neighbours", min: 1, max: channels, change: (size) => app.set({ size }), say }),
        weight: slider({ label: "α", min: 0, max: 1, step: 0.01, change: (weight) => app.set({ weight }), say }),
        gain: slider({ label: "Contrast", min: 0.5, max: 4, step: 0.1, change: (gain) => app.set({ gain }), say }),
        offset: slider({ label: "Brightness", min: -5, max: 5, step: 0.5, change: (offset) => app.set({ offset }), say }),
      };
      const groups = slider({ label: "Groups", min: 1, max: channels, change: regroup, say });
      const heading = (text) => element("b", { class: "cnn-label" }, text);
      const history = element("small", {}, "A historical aside: AlexNet used it, hardly anyone does today.");
      const { size, weight, gain, offset } = sliders;
      const panel = element("div", { class: "cnn-controls" }, norms.element, element("hr"), groups.element, size.element, weight.element, history, element("hr"), heading("Change example 1"), gain.element, offset.element);

      // Groups are equally large: between two divisors of the channels, the next one in the direction of the slider.
      function regroup(wish) {
        const up = wish > app.state.groups;
        const found = up ? GROUPS.find((one) => one >= wish) : GROUPS.findLast((one) => one <= wish);
        app.set({ groups: found });
        if (found !== wish) say(`${channels} channels cannot be cut into ${wish} equal groups; ${found} are used.`);
      }

      const point = (n) => ([c, p]) => app.set({ cell: [n, c, p] });
      const key = (event) => {
        const [n, c, p] = app.state.cell;
        const by = { ArrowUp: [0, -1, 0], ArrowDown: [0, 1, 0], ArrowLeft: [0, 0, -1], ArrowRight: [0, 0, 1] }[event.key];
        if (!by) return false;
        const flat = n * places + p + by[2];
        if (flat >= 0 && flat < examples * places) app.set({ cell: [Math.floor(flat / places), clamp(c + by[1], 0, channels - 1), flat % places] });
        return true;
      };
      const make = (word, name) =>
        Array.from({ length: examples }, (_, n) => new Grid({ name, label: `${word}, example ${n + 1}: channels by places`, on: { hover: point(n), press: point(n), drag: point(n), key } }));
      const [before, after] = [make("Before", "input"), make("After", "output")];
      const cube = buildCube(channels, examples, places);
      const legend = element("div", { class: "cnn-scale cnn-two", "aria-hidden": "true" }, element("div"), element("div"));
      const formula = element("p", { class: "cnn-cost" });
      const effect = element("p", { class: "cnn-summary cnn-flow", "aria-live": "polite" });
      const row = (word, role, grids) => element("div", { class: "cnn-row" }, element("b", { class: `cnn-role-${role}` }, word), ...grids.map((grid) => grid.element));
      app.root.append(
        element(
          "div",
          { class: "cnn-columns" },
          panel,
          element("div", { class: "cnn-main" }, element("div", { class: "cnn-stage cnn-block" }, element("div", {}, row("before", "input", before), row("after", "output", after)), element("div", {}, cube.element, legend)), formula, effect),
        ),
      );

      return (result, state) => {
        const { block, output, shape, shared, at } = result;
        norms.update(state.norm);
        groups.update(state.groups, { shown: state.norm === "group" });
        size.update(state.size, { shown: state.norm === "response" });
        weight.update(state.weight, { shown: state.norm === "response" });
        history.hidden = state.norm !== "response";
        gain.update(state.gain);
        offset.update(state.offset);
        const dark = app.root.classList.contains("cnn-dark");
        const room = before[0].element.parentElement.clientWidth;
        const cell = clamp(Math.floor((Math.min(room, 600) - (room > 480 ? 84 : 24)) / (examples * places)), 22, 42);
        const marked = new Set(shared);
        const scales = [block, output].map((data) => paleSignedScale([...data]));
        [before, after].forEach((grids, which) =>
          grids.forEach((grid, n) => {
            const data = which ? output : block;
            const from = n * channels * places;
            const inside = (r, c) => marked.has(from + r * places + c);
            grid.draw({
              matrix: matrix(channels, places, data.slice(from, from + channels * places).map((value) => Math.round(10 * value) / 10 + 0)),
              scale: scales[which],
              box: [cell * places + 4, cell * channels + 4],
              cell,
              digits: 2,
              kind: (r, c) => (inside(r, c) ? "" : "padding"),
              marks: [...outlines(inside, channels, places), ...(state.cell[0] === n ? [{ at: state.cell.slice(1), style: "current" }] : [])],
              dark,
            });
            grid.describe(which ? "" : `example ${n + 1}`, `${plural(shared.filter((i) => i >= from && i < from + channels * places).length, "cell")} of it share a mean with the marked cell.`);
          }),
        );
        cube.draw(marked, at);
        setHtml(legend.children[0], scaleBar(scales[0], "before; scale follows the data"));
        setHtml(legend.children[1], scaleBar(scales[1], "after; scale follows the data"));
        setHtml(formula, calculation(result, state));
        setText(effect, `${meaning(state, shape, result.sets.length)} ${remark(state)}`);
      };
    },
  });
}

// The border of the marked cells: an outline around each run of rows.
function outlines(inside, rows, cols) {
  const marks = [];
  for (let c = 0; c < cols; c++)
    for (let r = 0; r < rows; r++) {
      if (!inside(r, c) || (r && inside(r - 1, c)) || (c && inside(r, c - 1))) continue;
      let [tall, wide] = [1, 1];
      while (r + tall < rows && inside(r + tall, c)) tall += 1;
      while (c + wide < cols && inside(r, c + wide)) wide += 1;
      marks.push({ at: [r, c], size: [tall, wide], style: "linked", hue: "#E69F00" });
    }
  return marks;
}

function calculation({ block, output, shared, at }, { norm, weight }) {
  const marked = shared.map((i) => block[i]);
  if (norm === "response") {
    const squares = marked.reduce((sum, value) => sum + value * value, 0);
    return `${show(block[at])} / (2 + ${show(weight)} · ${show(squares)})<sup>0.75</sup> = ${show(output[at])}: the squares of ${plural(shared.length, "channel")} at the same place are added; no mean, no deviation.`;
  }
  const { mean, variance } = moments(marked);
  const less = mean < 0 ? `+ ${show(-mean)}` : `− ${show(mean)}`;
  return `${plural(shared.length, "marked cell")}: μ = ${show(mean)}, σ = ${show(Math.sqrt(variance))}. The outlined one: (${show(block[at])} ${less}) / ${show(Math.sqrt(variance))} = ${show(output[at])}.`;
}

function meaning({ norm, groups }, [examples, channels, places], sets) {
  const count = `${plural(sets, "mean")} for ${examples * channels * places} cells.`;
  return {
    batch: `One mean a channel, over all examples and places: ${count}`,
    layer: `One mean an example, over all its channels and places: ${count}`,
    instance: `One mean an example and channel, over its places: ${count}`,
    group: `One mean an example and group of ${plural(channels / groups, "channel")}: ${count}`,
    response: "Neighbouring channels at one place compete: a large one makes the others smaller.",
  }[norm];
}

function remark({ norm, groups, gain, offset }) {
  if (norm === "group" && groups === 1) return "One group: the same as layer norm.";
  if (norm === "group" && groups === GROUPS.at(-1)) return "A group a channel: the same as instance norm.";
  if (gain === 1 && offset === 0) return norm === "batch" ? "Change example 1: the others change with it." : "Change example 1: the others stay as they are.";
  return norm === "batch" ? "Example 1 has changed the results of examples 2 and 3: they share its means." : norm === "response" ? "Examples 2 and 3 are what they were, example 1 is not." : "Nothing has changed below: each example is normalised by itself, brightness and contrast drop out.";
}

export default { render };
