// The controls of the backpropagation explorer: the layer, its numbers, and which gradient is explained.

import { choice, menu, slider } from "../controls.js";
import { element } from "../dom.js";

const MOST = 8; // rows and columns of the input
const TAPS = 4;

export function buildControls(app) {
  const { say } = app;
  const examples = app.model.get("examples"); // {name: state}
  const set = (changes) => {
    app.look.part = null;
    app.set(changes);
  };

  const example = menu({ label: "Example", options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])], change: (name) => examples[name] && set(examples[name]) });
  const operation = menu({
    label: "Layer",
    options: ["convolution", "max pooling", "average pooling"].map((name) => [name, name]),
    change: (name) => {
      const pooling = name !== "convolution";
      const { kernel, stride, part, padding } = app.state;
      const window = pooling && kernel.length !== kernel[0].length ? square(2, 0) : kernel;
      set({ operation: name, kernel: pooling || window.flat().some(Boolean) ? window : square(window.length, 1), stride: pooling ? Math.max(stride, Math.min(2, window.length)) : stride, padding: pooling ? Math.min(padding, Math.floor(window.length / 2)) : padding, part: pooling && part === "weight" ? "output" : part });
    },
  });
  const input = slider({ label: "Input size", min: 3, max: MOST, change: (n) => set({ input: numbers(n, n) }), say });
  const kernel = slider({ label: "Kernel size", min: 1, max: TAPS, change: (n) => set({ kernel: resized(app.state.kernel, n) }), say });
  const stride = slider({ label: "Stride", min: 1, max: 3, change: (value) => set({ stride: value }), say });
  const padding = slider({ label: "Padding", min: 0, max: 3, change: (value) => set({ padding: value }), say });
  const upstream = menu({ label: "Gradient from above, dL/dy", options: [["numbers", "whole numbers"], ["ones", "1 everywhere: L is the sum of y"], ["one cell", "1 in the middle, else 0"]], change: (rule) => set({ upstream: rule }) });
  const part = choice({ label: "Explain", options: [["input", "dL/dx"], ["weight", "dL/dw"], ["output", "y"]], change: (name) => set({ part: name }) });

  return {
    element: element(
      "div",
      { class: "cnn-controls" },
      example.element,
      element("hr"),
      operation.element,
      ...[input, kernel, stride, padding].map((one) => one.element),
      upstream.element,
      element("hr"),
      element("span", { class: "cnn-label", "aria-hidden": "true" }, "Explain a cell of"),
      part.element,
    ),
    draw({ pooling }, state) {
      example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => ["position", "part"].includes(key) || JSON.stringify(state[key]) === JSON.stringify(value))) ?? "");
      operation.update(state.operation);
      input.update(Math.max(state.input.length, state.input[0].length));
      kernel.update(Math.max(state.kernel.length, state.kernel[0].length));
      stride.update(state.stride);
      padding.update(state.padding, { max: pooling ? Math.floor(Math.min(state.kernel.length, state.kernel[0].length) / 2) : 3 });
      upstream.update(state.upstream);
      part.update(state.part);
      const weight = part.element.querySelector('input[value="weight"]');
      weight.disabled = pooling;
      weight.parentElement.classList.toggle("cnn-off", pooling);
    },
  };
}

const square = (n, value) => Array.from({ length: n }, () => new Array(n).fill(value));

// Small whole numbers; the same stand in apps/backprop_menu.py.
export function numbers(rows, cols) {
  return Array.from({ length: rows }, (_, r) => Array.from({ length: cols }, (_, c) => (5 * r + 3 * c + 2 * r * r * c) % 8));
}

function resized(kernel, n) {
  return Array.from({ length: n }, (_, r) => Array.from({ length: n }, (_, c) => kernel[r]?.[c] ?? ((r + 2 * c) % 3) - 1));
}
