// The controls of "Build your own": the images, the chosen layer's settings, and the layers to add.

import { button, menu, slider } from "../controls.js";
import { element, setText } from "../dom.js";
import { LAST, wordOf } from "./build_compute.js";

const LABELS = { channels: "Channels", kernel: "Kernel", stride: "Stride", padding: "Padding", size: "Size", percent: "Percent", features: "Outputs", inputs: "Inputs" };
const SHORT = { conv: "Conv", depthwise: "Depth-wise", norm: "Batch norm", relu: "ReLU", maxpool: "Max pool", avgpool: "Avg pool", adaptive: "Avg to size", dropout: "Dropout", flatten: "Flatten", linear: "Dense" };
export const KEYS = { c: "conv", w: "depthwise", n: "norm", r: "relu", m: "maxpool", a: "avgpool", g: "adaptive", d: "dropout", f: "flatten", l: "linear" };

export function buildControls(app, { dropAt }) {
  const { model, say } = app;
  const presets = model.get("presets"); // {name: state}
  const limits = model.get("limits");
  const ofImages = [["size", "Input size"], ["channels", "Channels in"], ["classes", "Classes"]].map(([name, label]) => [name, slider({ label, min: limits[name][0], max: limits[name][1], change: (value) => app.set({ [name]: value }), say })]);
  const preset = menu({
    label: "Start from",
    options: [["", "your own"], ...Object.keys(presets).map((name) => [name, name])],
    change: (name) => (presets[name] ? app.set(presets[name]) : app.redraw()),
  });

  const title = element("p", { class: "cnn-chosen" });
  const settings = Object.keys(LABELS).map((name) => [name, slider({ label: LABELS[name], min: 0, max: 1, change: (value) => change({ [name]: value }), say })]);
  const change = (changes) => app.set({ layers: app.state.layers.map((layer, i) => (i === app.at() - 1 ? { ...layer, ...changes } : layer)) });

  const letter = Object.fromEntries(Object.entries(KEYS).map(([key, kind]) => [kind, key]));
  const palette = Object.keys(limits.kinds).map((kind) => {
    const one = button(SHORT[kind], () => app.add(kind), { title: `${wordOf(kind)}; in the table the key ${letter[kind]}`, class: "cnn-block" });
    one.addEventListener("pointerup", (event) => {
      const number = one.contains(document.elementFromPoint(event.clientX, event.clientY)) ? null : dropAt(event);
      if (number !== null) app.add(kind, number);
    });
    one.addEventListener("pointerdown", (event) => one.setPointerCapture(event.pointerId));
    return one;
  });
  const remove = button("Remove", () => app.remove());
  const up = button("Move up", () => app.move(app.at(), app.at() - 1));
  const down = button("Move down", () => app.move(app.at(), app.at() + 1));

  return {
    element: element(
      "div",
      { class: "cnn-controls" },
      preset.element,
      ...ofImages.map(([, { element: row }]) => row),
      element("hr"),
      title,
      ...settings.map(([, { element: row }]) => row),
      element("div", { class: "cnn-tools" }, remove, up, down),
      element("hr"),
      element("p", { class: "cnn-label" }, "Add after it, or drag into the table:"),
      element("div", { class: "cnn-tools cnn-palette" }, ...palette),
    ),
    draw({ rows }, state) {
      const at = app.at();
      const layer = state.layers[at - 1];
      preset.update(Object.keys(presets).find((name) => ["size", "channels", "classes", "layers"].every((key) => same(presets[name][key], state[key]))) ?? "");
      for (const [name, one] of ofImages) one.update(state[name]);
      setText(title, layer ? `Layer ${at}: ${rows[at].name}` : at ? `The last layer: ${LAST}` : "The input: choose a layer");
      const known = layer ? limits.kinds[layer.kind] : {};
      for (const [name, one] of settings) {
        const [min, max] = known[name] ?? [0, 1];
        one.update(layer?.[name] ?? 0, { min, max, shown: name in known });
      }
      for (const one of palette) one.disabled = state.layers.length >= limits.layers;
      remove.disabled = !layer;
      up.disabled = !layer || at <= 1;
      down.disabled = !layer || at === state.layers.length;
    },
  };
}

// Python may list a layer's settings in another order.
function same(a, b) {
  if (!Array.isArray(a)) return a === b;
  return a.length === b.length && a.every((layer, i) => Object.keys(layer).every((key) => layer[key] === b[i][key]));
}
