// The controls of the receptive-field explorer: a stack to start from, the picture, and the chosen layer's settings.

import { button, menu, slider } from "../controls.js";
import { element, setText } from "../dom.js";

export const SETTINGS = [
  ["kernel", "Kernel"],
  ["stride", "Stride"],
  ["padding", "Padding"],
  ["dilation", "Dilation"],
];

export function buildControls(app) {
  const { model, say } = app;
  const presets = model.get("presets"); // {name: state}
  const limits = model.get("limits");

  const preset = menu({
    label: "Stack of layers",
    options: [["", "your own"], ...Object.keys(presets).map((name) => [name, name])],
    change(name) {
      app.look.unit = app.look.pixel = null;
      if (presets[name]) app.set(presets[name]);
      else app.redraw();
    },
  });
  const picture = menu({
    label: "Photograph",
    options: Object.keys(model.get("photographs")).map((name) => [name, name]),
    change: (name) => app.set({ picture: name }),
  });
  const size = slider({ label: "Input size", min: limits.size[0], max: limits.size[1], change: (value) => app.select(app.state.selected, { size: value }), say });

  const title = element("p", { class: "cnn-chosen" });
  const sliders = SETTINGS.map(([name, label]) => {
    const [min, max] = limits[name];
    return [name, slider({ label, min, max, change: (value) => change({ [name]: value }), say })];
  });
  const at = () => Math.min(app.state.selected, app.state.layers.length);
  const change = (settings) => app.select(at(), { layers: app.state.layers.map((layer, i) => (i === at() - 1 ? { ...layer, ...settings } : layer)) });

  const add = button("Add a layer", () => {
    const layers = [...app.state.layers];
    layers.splice(at(), 0, { name: freeName(layers), kernel: 3, stride: 1, padding: 1, dilation: 1 });
    app.select(at() + 1, { layers });
  });
  const remove = button("Remove", () => app.select(Math.max(at() - 1, Math.min(1, app.state.layers.length - 1)), { layers: app.state.layers.filter((_, i) => i !== at() - 1) }));
  const move = (by) => () => moveLayer(app, at(), at() + by);
  const up = button("Move up", move(-1));
  const down = button("Move down", move(1));

  return {
    element: element(
      "div",
      { class: "cnn-controls" },
      preset.element,
      picture.element,
      size.element,
      element("hr"),
      title,
      ...sliders.map(([, { element: row }]) => row),
      element("div", { class: "cnn-tools" }, add, remove, up, down),
    ),
    draw(_, state) {
      const { layers } = state;
      const layer = layers[at() - 1];
      preset.update(Object.keys(presets).find((name) => ["size", "layers"].every((key) => same(presets[name][key], state[key]))) ?? "");
      picture.update(state.picture);
      size.update(state.size);
      setText(title, layer ? `Layer ${at()}: ${layer.name}` : "The input: choose a layer");
      for (const [name, one] of sliders) one.update(layer ? layer[name] : name === "kernel" || name === "stride" || name === "dilation" ? 1 : 0, { disabled: !layer });
      add.disabled = layers.length >= limits.layers;
      remove.disabled = !layer;
      up.disabled = at() <= 1;
      down.disabled = !layer || at() === layers.length;
    },
  };
}

// Python may list a layer's settings in another order.
function same(a, b) {
  if (!Array.isArray(a)) return a === b;
  return a.length === b.length && a.every((layer, i) => Object.keys(layer).every((key) => layer[key] === b[i][key]));
}

// Put layer `from` (1 is the first) where layer `to` stands.
export function moveLayer(app, from, to) {
  const layers = [...app.state.layers];
  if (from === to || to < 1 || to > layers.length) return;
  layers.splice(to - 1, 0, ...layers.splice(from - 1, 1));
  app.select(to, { layers });
}

function freeName(layers) {
  const taken = new Set(layers.map(({ name }) => name));
  let number = 1;
  while (taken.has(`new${number}`)) number += 1;
  return `new${number}`;
}
