// The controls of the convolution explorer: what to look at, with which kernel, how it moves.

import { button, check, choice, menu, number, slider } from "../controls.js";
import { element } from "../dom.js";
import { UserError } from "../errors.js";
import { readPicture } from "../picture.js";
import { table } from "../state_text.js";

export const MOST_TAPS = 11; // the largest kernel, and the largest picture that is drawn, on one axis
export const MOST_SIDE = 112;
const OWN = "own";
const AXES = [
  ["stride", "Stride", 1, 8],
  ["dilation", "Dilation", 1, 5],
  ["padding", "Padding", 0, 11],
];

export function buildControls(app) {
  const { look, model } = app;
  const kernels = model.get("kernels"); // {family: {name: rows}}
  const examples = model.get("examples"); // {name: state}
  const say = app.say;
  let linked = true;
  look.brush = 1;

  const example = menu({
    label: "Example",
    options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])],
    change(name) {
      if (!examples[name]) return;
      linked = true; // drawn apart again where rows and columns differ
      Object.assign(look, { scanned: Infinity, hover: null });
      app.set({ position: [0, 0], ...examples[name] });
    },
  });

  const groups = {};
  for (const [name, { group }] of Object.entries(app.pictures)) (groups[group] ??= []).push([name, name]);
  const input = menu({
    label: "Input",
    options: { ...groups, "Yours": [[OWN, "your own cells or picture"]] },
    change(name) {
      if (name !== OWN || app.state.own) app.set({ input: name });
      else file.click();
    },
  });
  const file = element("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/bmp,image/webp", hidden: true, "aria-label": "Picture file", onchange: upload });
  const paint = check({ label: "Paint cells with", change: (on) => Object.assign(look, { painting: on }) && app.redraw() });
  const brush = number({ label: "", name: "Brush value", change: (value) => (look.brush = value), say });
  const inputTools = element("div", { class: "cnn-tools" }, paint.element, brush.element, button("Picture …", () => file.click()), file);

  async function upload() {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return app.redraw();
    try {
      const { image, note } = await readPicture(chosen, MOST_SIDE);
      app.setOwn(image);
      say(note);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      app.refuse(error.message);
      app.redraw();
    }
  }

  const families = Object.fromEntries(Object.entries(kernels).map(([family, members]) => [family, Object.keys(members).map((name) => [name, name])]));
  const gallery = menu({
    label: "Kernel",
    options: { ...families, "Yours": [["", "your own weights"]] },
    change(name) {
      const rows = Object.values(kernels).find((members) => members[name])?.[name];
      if (rows) app.set({ kernel: rows });
      else app.redraw();
    },
  });
  const resize = (axis) => (size) => {
    const { kernel } = app.state;
    const wanted = linked ? [size, size] : [kernel.length, kernel[0].length].map((old, i) => (i === axis ? size : old));
    app.set({ kernel: resized(kernel, wanted) });
  };
  const heights = [slider({ label: "Kernel size", min: 1, max: MOST_TAPS, change: resize(0), say }), slider({ label: "Kernel columns", min: 1, max: MOST_TAPS, change: resize(1), say })];
  const pasted = element("textarea", { rows: 3, placeholder: "1 0 -1\n2 0 -2\n1 0 -1", "aria-label": "Kernel as text", "data-lm-suppress-shortcuts": "true" });
  const paste = element("details", { class: "cnn-paste" }, element("summary", {}, "Type or paste a kernel"), pasted, button("Use it", usePasted));
  function usePasted() {
    try {
      app.set({ kernel: table(MOST_TAPS).parse(pasted.value, "kernel") });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      app.refuse(error.message);
    }
  }

  const operation = choice({
    label: "Operation",
    options: [[false, "correlation"], [true, "convolution"]],
    change: (flip) => app.set({ flip }),
  });

  const link = check({ label: "rows and columns alike", change: (on) => relink(on) });
  function relink(on) {
    linked = on;
    const same = (pair) => (typeof pair === "string" ? pair : [pair[0], pair[0]]);
    const { stride, dilation, padding, kernel } = app.state;
    if (on) app.set({ stride: same(stride), dilation: same(dilation), padding: same(padding), kernel: resized(kernel, [kernel.length, kernel.length]) });
    else app.redraw();
  }
  const sliders = Object.fromEntries(
    AXES.map(([name, label, min, max]) => {
      const change = (axis) => (value) => {
        const old = typeof app.state[name] === "string" ? [0, 0] : app.state[name];
        app.set({ [name]: linked ? [value, value] : old.map((kept, i) => (i === axis ? value : kept)) });
      };
      return [name, [slider({ label, min, max, change: change(0), say }), slider({ label: `${label}, columns`, min, max, change: change(1), say })]];
    }),
  );

  const padding = menu({
    label: "Padding",
    options: [["valid", "valid: none"], ["same", "same: keep the size"], ["full", "full: every overlap"], ["number", "a number of cells"]],
    change: (kind) => app.set({ padding: kind === "number" ? shownPadding : kind }),
  });
  const mode = menu({
    label: "filled with",
    options: [["zeros", "zeros"], ["reflect", "a reflection"], ["replicate", "the edge repeated"], ["circular", "the other side"], ["constant", "a constant"]],
    change: (padding_mode) => app.set({ padding_mode }),
  });
  const fill = number({ label: "Constant", change: (value) => app.set({ fill: value }), say });
  let shownPadding = [1, 1];

  const whole = element(
    "div",
    { class: "cnn-controls" },
    example.element,
    element("hr"),
    input.element,
    inputTools,
    element("hr"),
    gallery.element,
    ...heights.map(({ element: row }) => row),
    paste,
    operation.element,
    element("hr"),
    ...sliders.stride.map(({ element: row }) => row),
    ...sliders.dilation.map(({ element: row }) => row),
    padding.element,
    ...sliders.padding.map(({ element: row }) => row),
    mode.element,
    fill.element,
    link.element,
  );

  function draw({ axes }, state) {
    const { kernel } = state;
    const pairs = { stride: state.stride, dilation: state.dilation, padding: state.padding };
    if (linked && ([state.stride, state.dilation, state.padding].some((pair) => typeof pair !== "string" && pair[0] !== pair[1]) || kernel.length !== kernel[0].length)) linked = false;
    link.update(linked);
    example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => key === "position" || JSON.stringify(state[key]) === JSON.stringify(value))) ?? "");
    input.update(state.input);
    paint.update(look.painting);
    brush.update(look.brush);
    gallery.update(Object.values(kernels).flatMap(Object.entries).find(([, rows]) => JSON.stringify(rows) === JSON.stringify(kernel))?.[0] ?? "");
    heights[0].update(kernel.length);
    heights[1].update(kernel[0].length, { shown: !linked });
    operation.update(state.flip);
    const numeric = typeof state.padding !== "string";
    if (numeric) shownPadding = state.padding;
    else pairs.padding = axes.map(({ pads }) => pads[0]);
    for (const [name] of AXES)
      sliders[name].forEach((one, axis) => one.update(pairs[name][axis], { shown: (axis === 0 || !linked) && (name !== "padding" || numeric) }));
    padding.update(numeric ? "number" : state.padding);
    const padded = axes.some(({ pads }) => pads[0] + pads[1] > 0);
    mode.update(state.padding_mode);
    mode.element.classList.toggle("cnn-idle", !padded);
    fill.update(state.fill, { shown: state.padding_mode === "constant" });
  }

  return { element: whole, draw };
}

// The kernel grown by zeros or cut, about its middle, so that the weights stay where they are seen.
export function resized(rows, [height, width]) {
  const [top, left] = [Math.floor((height - rows.length) / 2), Math.floor((width - rows[0].length) / 2)];
  return Array.from({ length: height }, (_, r) => Array.from({ length: width }, (_, c) => rows[r - top]?.[c - left] ?? 0));
}
