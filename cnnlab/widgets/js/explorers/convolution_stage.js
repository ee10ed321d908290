// The stage: input, kernel and products, output. Pointing anywhere shows what belongs to it everywhere else.

import { extent, paleSignedScale, ROLES, tapHue } from "../colours.js";
import { seenBy, tapCell } from "../convolution.js";
import { matrix } from "../matrices.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { scaleBar, scalesOf } from "../scales.js";
import { KernelEditor } from "../kernel.js";
import { clamp, plural, read, show } from "../numbers.js";

const MIDDLE = 224; // px, the column of the kernel
const MOST_LINKED = 3000; // marks that one hover may draw

export function buildStage(app) {
  const { look } = app;
  let result = null;
  let lastFlip = app.state.flip;

  const pointAt = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  // The output cell whose window lies nearest with its middle to a cell of the padded input.
  const windowAround = ([r, c]) =>
    [r, c].map((place, i) => {
      const axis = result.axes[i];
      return clamp(Math.round((place - (axis.reach - 1) / 2) / axis.stride), 0, axis.size - 1);
    });
  const moveTo = (position) => {
    Object.assign(look, { hover: null, scanned: Infinity });
    app.set({ position });
  };

  const input = new Grid({
    name: "input",
    label: "Input",
    on: {
      hover: (cell) => pointAt({ input: cell }),
      leave: () => pointAt({ input: null }),
      press: (cell) => (look.painting ? paint(cell) : moveTo(windowAround(cell))),
      drag: (cell) => (look.painting ? paint(cell) : moveTo(windowAround(cell))),
      key: (event) => inputKey(event),
    },
  });
  const kernel = new KernelEditor({
    edit: (r, c, value) => {
      const { flip } = app.state;
      const rows = app.state.kernel.map((row) => [...row]);
      if (value === null) return app.redraw();
      rows[flip ? rows.length - 1 - r : r][flip ? rows[0].length - 1 - c : c] = value;
      app.set({ kernel: rows });
    },
    point: (tap) => pointAt({ tap }),
    refuse: (text) => app.refuse(text),
  });
  const products = new Grid({ name: "products", label: "Products", on: { hover: (tap) => pointAt({ tap }), leave: () => pointAt({ tap: null }), key: () => false } });
  const output = new Grid({
    name: "output",
    label: "Output",
    on: {
      hover: (cell) => pointAt({ hover: cell }),
      leave: () => pointAt({ hover: null }),
      press: moveTo,
      drag: moveTo,
      key: (event) => outputKey(event),
    },
  });
  output.element.append(element("div", { class: "cnn-cover", hidden: true }, "?"));
  const cover = output.element.lastChild;
  const scaleBars = [input, output].map((grid) => {
    const bar = element("div", { class: "cnn-scale", "aria-hidden": "true" });
    grid.element.append(bar);
    return bar;
  });
  const sum = element("p", { class: "cnn-sum", tabindex: 0, role: "group", "aria-label": "Sum of products" });
  sum.addEventListener("pointerover", (event) => {
    const index = event.target.closest?.("[data-tap]")?.dataset.tap;
    pointAt({ tap: index === undefined ? null : [Math.floor(index / result.applied.cols), index % result.applied.cols] });
  });
  sum.addEventListener("pointerleave", () => pointAt({ tap: null }));
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });

  const middle = element("div", { class: "cnn-middle" }, kernel.element, products.element);
  const stage = element("div", { class: "cnn-stage" }, input.element, middle, output.element);
  const whole = element("div", {}, stage, sum, summary);

  function paint([r, c]) {
    const { image, axes } = result;
    const row = r - axes[0].pads[0];
    const col = c - axes[1].pads[0];
    if (row < 0 || col < 0 || row >= image.rows || col >= image.cols) return;
    const data = Float64Array.from(image.data);
    data[row * image.cols + col] = look.brush;
    app.setOwn(matrix(image.rows, image.cols, data));
  }

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const stepped = ([r, c], key, rows, cols) => [clamp(r + STEPS[key][0], 0, rows - 1), clamp(c + STEPS[key][1], 0, cols - 1)];

  function outputKey({ key }) {
    if (!STEPS[key]) return false;
    const { rows, cols } = result.output;
    moveTo(stepped(pinned(), key, rows, cols));
    return true;
  }

  function inputKey({ key }) {
    const { padded, axes } = result;
    const at = look.input ?? [axes[0].pads[0], axes[1].pads[0]];
    if (STEPS[key]) pointAt({ input: look.input ? stepped(at, key, padded.rows, padded.cols) : at });
    else if (key === "Escape") pointAt({ input: null });
    else if (look.painting && (key === " " || key === "Enter")) paint(at);
    else if (read(key) !== null && look.painting) {
      look.brush = read(key);
      paint(at);
    } else if (key === " " || key === "Enter") moveTo(windowAround(at));
    else return false;
    return true;
  }

  const pinned = () => app.state.position.map((place, i) => clamp(place, 0, result.axes[i].size - 1));

  function draw(next, state) {
    result = next;
    const { axes, padded, applied, image } = result;
    const dark = app.root.classList.contains("cnn-dark");
    const position = look.hover ?? pinned();
    const [r, c] = position.map((place, i) => clamp(place, 0, axes[i].size - 1));
    const count = applied.data.length;
    const hue = (i) => tapHue(i, count);
    const { inputScale, outputScale, inputNote, outputNote } = scalesOf(result);
    if (state.flip !== lastFlip) kernel.turn();
    lastFlip = state.flip;

    const box = boxSize();
    const cell = fitCell([[padded.rows, padded.cols], [result.output.rows, result.output.cols]], box);
    const tap = look.tap && look.tap[0] < applied.rows && look.tap[1] < applied.cols ? look.tap : null;

    // Input: the window with its weights, cells under one weight, the cell pointed at.
    const window = [];
    const taps = [];
    for (let a = 0, i = 0; a < applied.rows; a++)
      for (let b = 0; b < applied.cols; b++, i++) {
        const at = tapCell(result, [r, c], [a, b]);
        taps.push(at);
        if (cell >= 12) window.push({ style: "tap", at, hue: hue(i), text: show(applied.data[i], 2) });
      }
    const [first, last] = [taps[0], taps[count - 1]];
    const reach = [last[0] - first[0] + 1, last[1] - first[1] + 1];
    if (state.dilation.some((apart, i) => apart > 1 && axes[i].taps > 1)) {
      window.push({ style: "reach", at: first, size: reach });
      if (cell >= 4) for (const at of taps) window.push({ style: "current", at });
    } else window.push({ style: "current", at: first, size: reach });
    if (tap) {
      const index = tap[0] * applied.cols + tap[1];
      if (result.output.data.length <= MOST_LINKED)
        for (let y = 0; y < axes[0].size; y++) for (let x = 0; x < axes[1].size; x++) window.push({ style: "linked", at: tapCell(result, [y, x], tap), hue: hue(index) });
      window.push({ style: "current", at: taps[index] });
    }
    const pointed = look.input && look.input[0] < padded.rows && look.input[1] < padded.cols ? look.input : null;
    if (pointed) window.push({ style: "current", at: pointed });
    const [top, left] = [axes[0].pads[0], axes[1].pads[0]];
    const unused = axes.map(({ uncovered }, i) => (i ? padded.cols : padded.rows) - uncovered);
    const kind = (row, col) =>
      row >= unused[0] || col >= unused[1] ? "unused" : row < top || col < left || row >= top + image.rows || col >= left + image.cols ? "padding" : "";
    input.draw({ matrix: padded, scale: inputScale, box, cell, kind, marks: window, dark, frame: { at: [top, left], size: [image.rows, image.cols], colour: ROLES.input } });

    // Output: the current cell, and the cells that the input cell pointed at feeds.
    const marks = [{ style: "current", at: [r, c] }];
    const fed = [];
    if (pointed) for (const [y, a] of seenBy(axes[0], pointed[0])) for (const [x, b] of seenBy(axes[1], pointed[1])) fed.push({ at: [y, x], tap: a * applied.cols + b });
    for (const { at, tap: index } of fed) marks.push({ style: "linked", at, hue: hue(index) });
    const scanned = look.scanned;
    const done = Number.isFinite(scanned) ? (row, col) => (row * axes[1].size + col > scanned ? "hidden" : "") : null;
    output.draw({ matrix: result.output, scale: outputScale, box, cell, kind: done, marks, dark, digits: 3 });
    cover.hidden = !look.hidden;
    Object.assign(cover.style, { width: `${box[0]}px`, height: `${box[1]}px` });

    // Kernel and products.
    kernel.draw({ kernel: applied, scale: paleSignedScale(applied.data), box: [MIDDLE, Math.max(box[1] - 166, 130)], hue, pointed: tap, caption: state.flip ? `Kernel ${applied.rows}×${applied.cols}, turned by 180°` : `Kernel ${applied.rows}×${applied.cols}` });
    const values = Float64Array.from(taps, ([row, col]) => padded.data[row * padded.cols + col]);
    const product = matrix(applied.rows, applied.cols, Float64Array.from(values, (value, i) => value * applied.data[i]));
    const productBox = [MIDDLE, 126];
    products.draw({
      matrix: product,
      scale: paleSignedScale(product.data),
      box: productBox,
      cell: fitCell([[product.rows, product.cols]], productBox),
      marks: tap ? [{ style: "current", at: tap }] : [],
      dark,
    });

    // The same in words.
    const value = result.output.data[r * result.output.cols + c];
    products.describe("Input × weight", `${product.rows} by ${product.cols} products; their sum is ${show(value)}`);
    setHtml(sum, look.hidden ? "Predict the output size first." : sumLine([r, c], values, applied.data, value, tap && tap[0] * applied.cols + tap[1], hue));
    const sizes = `${image.rows}×${image.cols}`;
    const paddedSizes = `${padded.rows}×${padded.cols}`;
    input.describe(
      `Input <b>${sizes}</b>${paddedSizes === sizes ? "" : `, padded ${paddedSizes}`}`,
      `${image.rows} by ${image.cols} cells. Arrow keys choose a cell${look.painting ? ", digits paint it" : ", Space moves the window there"}.`,
    );
    const outputSizes = `${axes[0].size}×${axes[1].size}`;
    output.describe(look.hidden ? "Output <b>?</b>" : `Output <b>${outputSizes}</b>`, look.hidden ? "Hidden until its size is predicted." : `${axes[0].size} by ${axes[1].size} cells. Arrow keys move the window.`);
    setHtml(scaleBars[0], scaleBar(inputScale, inputNote, app.pictures[state.input]?.credit));
    setHtml(scaleBars[1], scaleBar(outputScale, outputNote));
    setText(summary, look.hidden ? "" : describe(result, [r, c], pointed && { at: [pointed[0] - top, pointed[1] - left], value: padded.data[pointed[0] * padded.cols + pointed[1]], fed }));
  }

  // The room for input and output, the same for both and for every setting.
  function boxSize() {
    const width = stage.clientWidth || 900;
    const beside = getComputedStyle(stage).gridTemplateColumns.split(" ").length === 3;
    const side = beside ? Math.floor((width - MIDDLE - 32) / 2) : width;
    return [Math.min(side, 400), Math.min(side, 372)];
  }

  return { element: whole, draw };
}

// "Output (0, 0) = 3·0 + 3·1 + ... = 12", each term linked to its weight.
function sumLine([r, c], values, weights, total, tap, hue) {
  const most = 25;
  const terms = Array.from(values, (value, i) => {
    const weight = weights[i] < 0 ? `(${show(weights[i])})` : show(weights[i]);
    return `<span data-tap="${i}" class="${i === tap ? "cnn-term cnn-pointed" : "cnn-term"}" style="--hue:${hue(i)}">${value < 0 ? `(${show(value)})` : show(value)}·<b>${weight}</b></span>`;
  });
  const shown = terms.length <= most ? terms.join(" + ") : `${terms.slice(0, most - 5).join(" + ")} + … (${terms.length} products)`;
  return `<span class="cnn-role-output">output[${r}, ${c}]</span> = ${shown} = <strong>${show(total, 6)}</strong>`;
}

// The text equivalent of the picture; what a learner may miss comes first.
function describe({ image, axes, applied, output }, [r, c], pointed) {
  const [least, most] = extent(output.data);
  const place = (value) => {
    const index = output.data.indexOf(value);
    return `row ${Math.floor(index / output.cols)}, column ${index % output.cols}`;
  };
  const parts = [];
  if (pointed) {
    const inside = pointed.at[0] >= 0 && pointed.at[1] >= 0 && pointed.at[0] < image.rows && pointed.at[1] < image.cols;
    const what = inside ? `Input row ${pointed.at[0]}, column ${pointed.at[1]}` : "This padding cell";
    parts.push(`${what} = ${show(pointed.value)} feeds ${plural(pointed.fed.length, "output cell")}.`);
  }
  const bare = axes.flatMap(({ uncovered }, i) => (uncovered ? [plural(uncovered, i ? "column" : "row")] : []));
  if (bare.length) parts.push(`Not covered at the end (hatched): ${bare.join(" and ")}, too little for one more whole step.`);
  axes.forEach(({ pads: [before, after] }, i) => {
    if (before !== after) parts.push(`Padding of the ${i ? "columns" : "rows"} is lopsided: ${before} before, ${after} after.`);
  });
  parts.push(
    `Window of row ${r}, column ${c}: sum ${show(output.data[r * output.cols + c], 6)}.`,
    `Input ${image.rows}×${image.cols}, kernel ${applied.rows}×${applied.cols}, output ${axes[0].size}×${axes[1].size}: largest ${show(most)} at ${place(most)}, smallest ${show(least)} at ${place(least)}.`,
  );
  return parts.join(" ");
}
