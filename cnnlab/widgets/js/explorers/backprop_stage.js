// The stage: x, w and y in one row, their gradients below them; the chosen number's sum in words.

import { paleSignedScale, ROLES, tapHue } from "../colours.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { KernelEditor } from "../kernel.js";
import { matrix } from "../matrices.js";
import { clamp, plural, show } from "../numbers.js";
import { pad } from "../convolution.js";
import { explain, stretched } from "./backprop_compute.js";

const HEIGHT = 254; // px of each grid
const MIDDLE = 200; // px, the column of the kernel
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function buildStage(app) {
  const { look } = app;
  let result = null;

  const point = (part, position) => {
    Object.assign(look, { part, position });
    app.redraw();
  };
  const leave = () => point(null, null);
  const choose = (part, position) => {
    look.part = null;
    app.set({ part, position });
  };
  // A grid whose cells stand for cells of `part`; place(cell) finds which one, or null.
  const gridOf = (name, label, part, place = (cell) => cell) =>
    new Grid({
      name,
      label,
      on: {
        hover: (cell) => (place(cell) ? point(part, place(cell)) : leave()),
        leave,
        press: (cell) => place(cell) && choose(part, place(cell)),
        drag: (cell) => place(cell) && choose(part, place(cell)),
        key: ({ key }) => {
          if (!STEPS[key]) return false;
          const at = app.state.part === part ? app.state.position : [0, 0];
          const sizes = app.sizeOf(result, part);
          choose(part, at.map((one, i) => clamp(one + (app.state.part === part ? STEPS[key][i] : 0), 0, sizes[i] - 1)));
          return true;
        },
      },
    });
  // Inputs are drawn with their padding around them.
  const inside = ([r, c]) => {
    const { x, padding } = result;
    const at = [r - padding, c - padding];
    return at[0] >= 0 && at[1] >= 0 && at[0] < x.rows && at[1] < x.cols ? at : null;
  };
  let seen = null; // the stretched gradient, while an input cell is explained
  const onGradient = (cell) => {
    if (!seen) return cell;
    for (let r = 0; r < result.rows; r++) for (let c = 0; c < result.cols; c++) if (seen.placeOf([r, c]).every((at, i) => at === cell[i])) return [r, c];
    return null;
  };
  const grids = {
    x: gridOf("input", "Input x", "input", inside),
    dx: gridOf("gradient", "Gradient of the input", "input", inside),
    dw: gridOf("gradient", "Gradient of the kernel", "weight"),
    y: gridOf("output", "Output y", "output"),
    dy: gridOf("gradient", "Gradient of the output", "output", onGradient),
  };
  const editor = new KernelEditor({
    edit: (r, c, value) => {
      const rows = app.state.kernel.map((row) => [...row]);
      if (value === null) return app.redraw();
      rows[r][c] = value;
      app.set({ kernel: rows });
    },
    point: (tap) => (tap ? point("weight", tap) : leave()),
    refuse: (text) => app.refuse(text),
  });
  const rule = element("p", { class: "cnn-pool-rule", hidden: true });
  const kernels = [element("div", { class: "cnn-cell" }, editor.element, rule), element("div", { class: "cnn-cell" }, grids.dw.element)];
  const sum = element("p", { class: "cnn-sum", tabindex: 0, role: "group", "aria-label": "The sum behind the chosen number" });
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const stage = element(
    "div",
    { class: "cnn-stage cnn-backprop" },
    element("div", { class: "cnn-pair" }, grids.x.element, grids.dx.element),
    element("div", { class: "cnn-pair" }, ...kernels),
    element("div", { class: "cnn-pair" }, grids.y.element, grids.dy.element),
  );

  function draw(next, state) {
    result = next;
    const { x, w, rows, cols, stride, padding, output, gradient, byInput, byWeight, pooling } = result;
    const dark = app.root.classList.contains("cnn-dark");
    const sizes = (part) => app.sizeOf(result, part);
    const wanted = look.part && !(pooling && look.part === "weight") ? look.part : state.part;
    const part = pooling && wanted === "weight" ? "output" : wanted;
    const position = (look.part === part ? look.position : state.position).map((at, i) => clamp(at, 0, sizes(part)[i] - 1));
    const hue = (tap) => tapHue(tap, w.data.length);
    const told = explain(result, part, position, w.cols);

    const padded = pad(x, [padding, padding], [padding, padding], "zeros", 0);
    const paddedGradient = pad(byInput, [padding, padding], [padding, padding], "zeros", 0);
    const shift = ([r, c]) => [r + padding, c + padding];
    const isReal = (r, c) => Boolean(inside([r, c]));
    seen = part === "input" && !pooling ? stretched(result) : null;

    const box = boxSize();
    const cell = fitCell([[padded.rows, padded.cols], [x.rows + w.rows - 1, x.cols + w.cols - 1], [rows, cols]], box, 46);
    const common = { box, cell, dark, digits: 3 };
    const colours = (data) => paleSignedScale(Float64Array.from(data).some(Boolean) ? data : [1]);

    // Marks: the number explained, and the terms of its sum, each in the hue of its weight.
    const marks = { x: [], dx: [], y: [], dy: [], dw: [] };
    const text = (factor) => show(factor, 2);
    if (part === "input") {
      marks.x.push({ style: "current", at: shift(position) });
      marks.dx.push({ style: "current", at: shift(position) });
      if (seen) {
        // The turned kernel lies over the stretched gradient.
        for (let a = 0; a < w.rows; a++)
          for (let b = 0; b < w.cols; b++) {
            const tap = a * w.cols + b;
            marks.dy.push({ style: "tap", at: [position[0] + w.rows - 1 - a, position[1] + w.cols - 1 - b], hue: hue(tap), text: text(w.data[tap]) });
          }
        marks.dy.push({ style: "current", at: position, size: [w.rows, w.cols] });
      }
      for (const { output: at, tap } of told.terms) {
        marks.y.push({ style: "linked", at, hue: hue(tap) });
        if (!seen) marks.dy.push({ style: "linked", at, hue: hue(tap) });
      }
    } else if (part === "weight") {
      marks.dw.push({ style: "current", at: position });
      for (const { output: at, cell: from } of told.terms) {
        marks.x.push({ style: "linked", at: shift(from), hue: hue(position[0] * w.cols + position[1]) });
        marks.dy.push({ style: "linked", at, hue: hue(position[0] * w.cols + position[1]) });
      }
    } else {
      const corner = [position[0] * stride, position[1] * stride];
      for (const { cell: from, tap, right } of told.terms) {
        const mark = { style: "tap", at: shift(from), hue: hue(tap), text: pooling ? share(result) : text(right) };
        marks.x.push(mark);
        marks.dx.push(mark);
      }
      for (const key of ["x", "dx"]) marks[key].push({ style: "current", at: corner, size: [w.rows, w.cols] });
      for (const key of ["y", "dy"]) marks[key].push({ style: "current", at: position });
    }
    const frame = { at: [padding, padding], size: [x.rows, x.cols], colour: ROLES.input };
    const empty = (r, c) => (isReal(r, c) ? "" : "hidden");
    grids.x.draw({ ...common, matrix: padded, scale: colours(x.data), kind: (r, c) => (isReal(r, c) ? "" : "padding"), marks: marks.x, frame });
    const covered = look.hidden ? () => "hidden" : empty;
    grids.dx.draw({ ...common, matrix: paddedGradient, scale: colours(byInput.data), kind: covered, marks: marks.dx, frame: { ...frame, colour: ROLES.gradient } });
    grids.y.draw({ ...common, matrix: output, scale: colours(output.data), marks: marks.y, frame: { at: [0, 0], size: [rows, cols], colour: ROLES.output } });
    if (seen) grids.dy.draw({ ...common, matrix: seen.wide, scale: colours(gradient.data), kind: seen.kind, marks: marks.dy });
    else grids.dy.draw({ ...common, matrix: gradient, scale: colours(gradient.data), marks: marks.dy, frame: { at: [0, 0], size: [rows, cols], colour: ROLES.gradient } });

    editor.element.hidden = grids.dw.element.hidden = pooling;
    rule.hidden = !pooling;
    if (pooling) setHtml(rule, poolRule(result));
    else {
      const tap = part === "weight" ? position : null;
      const middle = middleBox();
      editor.draw({ kernel: w, scale: paleSignedScale(w.data), box: middle, hue, pointed: tap, caption: `Kernel w ${w.rows}×${w.cols}` });
      const side = Math.min(56, Math.floor(Math.min(middle[0] / w.cols, middle[1] / w.rows)));
      grids.dw.draw({ ...common, box: middle, cell: side, matrix: byWeight, scale: colours(byWeight.data), marks: marks.dw });
      grids.dw.describe("<b>dL/dw</b>", `${w.rows} by ${w.cols}. Arrow keys choose a weight.`);
    }

    grids.x.describe(`Input <b>x ${x.rows}×${x.cols}</b>`, `${x.rows} by ${x.cols} cells. Arrow keys choose a cell.`);
    grids.dx.describe(look.hidden ? "<b>dL/dx ?</b>" : "<b>dL/dx</b>", look.hidden ? "Hidden until one cell is predicted." : `${x.rows} by ${x.cols} gradients. Arrow keys choose a cell.`);
    grids.y.describe(`Output <b>y ${rows}×${cols}</b>`, `${rows} by ${cols} cells. Arrow keys choose a cell.`);
    const lying = stride > 1 ? ", zeros between and around" : ", zeros around";
    grids.dy.describe(seen ? `<b>dL/dy</b>${lying}` : "<b>dL/dy</b>", `${rows} by ${cols} gradients from above.`);
    const hidden = look.hidden && part !== "output";
    setHtml(sum, hidden ? "Predict the gradient first." : sumLine(part, position, told, result, hue) + besides(state, part, position));
    setText(summary, hidden ? "" : describe(part, position, told, result));
  }

  // Three columns; where there is no room for them every value stands beside its gradient instead.
  const inColumns = () => getComputedStyle(stage).gridTemplateColumns.split(" ").length === 3;

  function middleBox() {
    const half = Math.floor(((stage.clientWidth || 900) - 8) / 2);
    return inColumns() ? [MIDDLE, HEIGHT] : [Math.min(MIDDLE, half), Math.min(HEIGHT, half)];
  }

  function boxSize() {
    const width = stage.clientWidth || 900;
    const half = Math.floor((width - 8) / 2);
    return inColumns() ? [Math.min(Math.floor((width - MIDDLE - 24) / 2), 372), HEIGHT] : [half, Math.min(half, HEIGHT)];
  }

  return { element: element("div", {}, stage, sum, summary), draw };
}

// What a test elsewhere found for the same number, while it belongs to the layer that is shown.
function besides({ beside, ...state }, part, [r, c]) {
  const values = beside[part];
  if (!values) return "";
  const same = Object.entries(beside.layer).every(([name, value]) => JSON.stringify(state[name]) === JSON.stringify(value));
  return `<span class="cnn-beside">${same ? `${beside.name}: <b>${show(values[r][c], 6)}</b>` : `${beside.name}: run its cell again for this layer`}</span>`;
}

const signed = (value) => (value < 0 ? `(${show(value)})` : show(value));
const NAMES = { input: "dL/dx", weight: "dL/dw", output: "y" };

function sumLine(part, [r, c], { terms, total }, { pooling, operation, w }, hue) {
  const most = 16;
  const factor = (value) => (pooling && operation === "average pooling" ? `1/${w.data.length}` : signed(value));
  const written = terms.map(({ tap, left, right }) => {
    const [first, second] = part === "input" ? [`<b>${factor(left)}</b>`, signed(right)] : part === "weight" ? [signed(left), signed(right)] : [signed(left), `<b>${factor(right)}</b>`];
    return `<span class="cnn-term" style="--hue:${hue(tap)}">${first}·${second}</span>`;
  });
  const shown = !written.length ? "0 (no window reads it)" : written.length <= most ? written.join(" + ") : `${written.slice(0, most - 3).join(" + ")} + … (${written.length} products)`;
  return `<span class="cnn-role-${part === "output" ? "output" : "gradient"}">${NAMES[part]}[${r}, ${c}]</span> = ${shown} = <strong>${show(total, 6)}</strong>`;
}

const share = ({ operation, w }) => (operation === "max pooling" ? "1" : `1/${w.data.length}`);

function poolRule({ operation, w }) {
  return operation === "max pooling"
    ? `<b>max of ${w.rows}×${w.cols}</b>The whole gradient goes to the cell that won its window; the others get <b>0</b>. No weights, nothing to learn.`
    : `<b>mean of ${w.rows}×${w.cols}</b>Every cell of a window gets <b>1/Q = 1/${w.data.length}</b> of the gradient. No weights, nothing to learn.`;
}

// The picture in words.
function describe(part, [r, c], { terms, total }, { pooling, operation, stride, w }) {
  const place = (at) => `[${at.join(", ")}]`;
  if (part === "output") {
    const words = pooling ? (operation === "max pooling" ? `the largest of ${w.data.length}, at ${place(terms[0].cell)}` : `the mean of ${w.data.length} cells`) : `the sum of ${plural(terms.length, "product")}`;
    return `Forward, y${place([r, c])} = ${show(total, 6)} is ${words}. Backward, its gradient goes back to ${pooling && operation === "max pooling" ? "that cell alone" : "the same cells, through the same factors"}.`;
  }
  if (part === "weight") return `Weight ${place([r, c])} was used in ${plural(terms.length, "window")} on cells of the input. Its gradient is the sum of input times gradient: a correlation of the input with dL/dy${stride > 1 ? `, whose cells lie ${stride} apart` : ""}.`;
  if (!terms.length) return `Input cell ${place([r, c])} ${pooling ? "won no window" : "lies in no window"}: nothing depends on it, its gradient is 0.`;
  const outputs = terms.map(({ output }) => place(output)).join(", ");
  if (pooling) return `Input cell ${place([r, c])} gets its share from ${plural(terms.length, "output")}: ${outputs}.`;
  return `Input cell ${place([r, c])} was used for ${plural(terms.length, "output")}: ${outputs}, each through another weight. Seen from dL/dy the kernel is turned by 180°${stride > 1 ? ", and the stride leaves zeros between the gradients" : ""}.`;
}
