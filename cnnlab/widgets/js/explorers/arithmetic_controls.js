// The controls of the arithmetic explorer: which kind of layer, its input, its window, its channels.

import { check, choice, menu, slider } from "../controls.js";
import { element } from "../dom.js";
import { isSeries, RANGES } from "./arithmetic_compute.js";

const MOST_SIZE = 256;
const MOST_CHANNELS = 1024;
// name, label, lowest, highest on the slider, highest typed
const AXES = [
  ["size", "Input size", 1, 32, MOST_SIZE],
  ["kernel", "Kernel", 1, 11],
  ["stride", "Stride", 1, 8],
  ["dilation", "Dilation", 1, 8],
  ["padding", "Padding", 0, 11],
  ["output_padding", "Output pad.", 0, 7],
];

export function buildControls(app) {
  const examples = app.model.get("examples"); // {group: {name: settings}}
  const { say } = app;
  let linked = true;
  let axes = null;
  let shownPadding = [1, 1];

  // Changes, with the output padding kept below the stride or the dilation.
  function set(changes) {
    const next = { ...app.state, ...changes };
    if (next.mode === "transposed") {
      const most = [0, 1].map((i) => Math.max(next.stride[i], next.dilation[i]) - 1);
      changes.output_padding = next.output_padding.map((value, i) => Math.min(value, most[i]));
    }
    app.set(changes);
  }

  const example = menu({
    label: "Example",
    options: { "": [["", "choose …"]], ...Object.fromEntries(Object.entries(examples).map(([group, members]) => [group, Object.keys(members).map((name) => [name, name])])) },
    change(name) {
      const settings = Object.values(examples).find((members) => members[name])?.[name];
      if (!settings) return;
      linked = true; // drawn apart again where rows and columns differ
      app.set({ position: [0, 0], puzzle: [], found: [], ...settings });
    },
  });

  const mode = choice({
    label: "Kind of layer",
    options: [["2-D", "2-D"], ["transposed", "transposed"], ["1-D", "1-D"], ["causal", "causal"]],
    change(kind) {
      const changes = { mode: kind, puzzle: [], found: [], position: [0, 0] };
      const { state } = app;
      if (isSeries(state.mode) && !isSeries(kind)) for (const [name] of AXES) if (Array.isArray(state[name])) changes[name] = [state[name][1], state[name][1]];
      if (kind === "transposed" && !Array.isArray(state.padding)) changes.padding = [axes[1].pads[0], axes[1].pads[0]];
      set(changes);
    },
  });

  const alike = () => linked || isSeries(app.state.mode) || app.state.puzzle.length > 0;
  const sliders = Object.fromEntries(
    AXES.map(([name, label, min, max, typedMax]) => {
      const change = (axis) => (value) => {
        const old = Array.isArray(app.state[name]) ? app.state[name] : [0, 0];
        set({ [name]: alike() ? [value, value] : old.map((kept, i) => (i === axis ? value : kept)) });
      };
      return [name, [slider({ label, min, max, typedMax, change: change(0), say }), slider({ label: `${label}, columns`, min, max, typedMax, change: change(1), say })]];
    }),
  );
  const padding = menu({
    label: "Padding",
    options: [["number", "a number of cells"], ["valid", "valid: none"], ["same", "same: keep the size"], ["full", "full: every overlap"]],
    change: (kind) => app.set({ padding: kind === "number" ? shownPadding : kind }),
  });
  const link = check({ label: "rows and columns alike", change: relink });
  function relink(on) {
    linked = on;
    const changes = {};
    if (on) for (const [name] of AXES) if (Array.isArray(app.state[name])) changes[name] = [app.state[name][0], app.state[name][0]];
    if (on) set(changes);
    else app.redraw();
  }
  const note = element("p", { class: "cnn-label" });

  const channel = (index) => (value) => app.set({ channels: app.state.channels.map((old, i) => (i === index ? value : old)) });
  const channels = [slider({ label: "Channels in", min: 1, max: 64, typedMax: MOST_CHANNELS, change: channel(0), say }), slider({ label: "Filters", min: 1, max: 64, typedMax: MOST_CHANNELS, change: channel(1), say })];
  const bias = check({ label: "bias: one number a filter", change: (on) => app.set({ bias: on }) });

  const rows = (name) => sliders[name].map(({ element: row }) => row);
  const whole = element(
    "div",
    { class: "cnn-controls" },
    example.element,
    mode.element,
    element("hr"),
    ...rows("size"),
    ...rows("kernel"),
    ...rows("stride"),
    ...rows("dilation"),
    padding.element,
    ...rows("padding"),
    note,
    ...rows("output_padding"),
    link.element,
    element("hr"),
    ...channels.map(({ element: row }) => row),
    bias.element,
  );

  function draw(result, state) {
    axes = result.axes;
    const series = isSeries(state.mode);
    const puzzling = state.puzzle.length > 0;
    const pairs = Object.fromEntries(AXES.map(([name]) => [name, state[name]]));
    const numeric = Array.isArray(state.padding);
    if (numeric) shownPadding = state.padding;
    else pairs.padding = axes.map(({ pads }) => pads[0]);
    if (linked && !series && !puzzling && Object.values(pairs).some(([first, second]) => first !== second)) linked = false;
    const used = { padding: numeric && state.mode !== "causal", output_padding: state.mode === "transposed" };
    for (const [name, , min, max] of AXES)
      sliders[name].forEach((one, axis) => {
        const limits = puzzling && RANGES[name] ? { min: RANGES[name][0], max: RANGES[name][1] } : { min, max };
        if (name === "output_padding") limits.max = Math.min(limits.max, Math.max(state.stride[axis], state.dilation[axis]) - 1);
        const value = pairs[name][series ? 1 : axis];
        one.update(value, { ...limits, shown: (axis === 0 || !alike()) && (used[name] ?? true), disabled: (puzzling && name === "size") || limits.max === limits.min });
      });
    example.update(nameOf(examples, state));
    mode.update(state.mode);
    padding.update(numeric ? "number" : state.padding, { shown: state.mode !== "causal" && state.mode !== "transposed" && !puzzling });
    note.hidden = state.mode !== "causal";
    note.textContent = `Padding: ${axes[1].pads[0]} in front, none behind`;
    link.update(linked, { shown: !series && !puzzling });
    channels.forEach((one, i) => one.update(state.channels[i]));
    bias.update(state.bias);
  }

  return { element: whole, draw };
}

function nameOf(examples, state) {
  for (const members of Object.values(examples))
    for (const [name, settings] of Object.entries(members)) if (Object.entries(settings).every(([key, value]) => JSON.stringify(state[key]) === JSON.stringify(value))) return name;
  return "";
}
