// One change of a block, before and after: parameters, multiply-adds, field and activations, live.

import { mount } from "../app.js";
import { choice, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { grouped } from "../numbers.js";
import { brief } from "./architectures_compute.js";

const HIDDEN = 4096;
const CLASSES = 1000;

// A step: kernel (0: pooling of the whole map), channels in and out, groups, side of its output. No biases.
function stepsOf({ change, channels, side }) {
  const conv = (kernel, inputs = channels, outputs = channels, groups = 1) => ({ kernel, inputs, outputs, groups, side });
  const dense = (inputs, outputs) => ({ ...conv(1, inputs, outputs), side: 1 });
  const quarter = channels / 4;
  if (change === "stack") return [[conv(7)], [conv(3), conv(3), conv(3)]];
  if (change === "bottleneck") return [[conv(3), conv(3)], [conv(1, channels, quarter), conv(3, quarter, quarter), conv(1, quarter, channels)]];
  if (change === "separable") return [[conv(3)], [conv(3, channels, channels, channels), conv(1)]];
  const first = { ...conv(side, channels, HIDDEN), side: 1 };
  return [
    [first, dense(HIDDEN, HIDDEN), dense(HIDDEN, CLASSES)],
    [{ ...conv(0), groups: 1, side: 1 }, dense(channels, CLASSES)],
  ];
}

const weights = ({ kernel, inputs, outputs, groups }) => (kernel ** 2 * inputs * outputs) / groups;

// The browser's twin of OneChange.compute.
export function compute(state) {
  return stepsOf(state).map((steps) => ({
    steps,
    parameters: steps.reduce((sum, step) => sum + weights(step), 0),
    multiply_adds: steps.reduce((sum, step) => sum + weights(step) * step.side ** 2, 0),
    field: 1 + steps.reduce((sum, { kernel }) => sum + (kernel || state.side) - 1, 0),
  }));
}

const WORDS = {
  stack: "The same field with fewer weights, and two more activations in between. This is what VGG did (2014).",
  bottleneck: "The 1×1 layers take the channels down and up again, so that the 3×3 works on a quarter of them. The field of one block shrinks from 5 to 3: deep ResNets (50 and more layers) make up for it by many blocks.",
  separable: "Space and channels one after the other: a 3×3 for every channel by itself, then a 1×1 across the channels. MobileNet is built of these (2017).",
  head: "The dense layers of AlexNet and VGG read every cell of the last map with weights of its own. Averaging each map first leaves one number a channel; GoogLeNet, ResNet and nearly all that came later do so.",
};

function render({ model, el }) {
  const [limits, changes] = [model.get("limits"), model.get("changes")];
  return mount({
    model,
    el,
    label: "One change",
    properties: ["change", "channels", "side"],
    compute,
    build(app) {
      const form = choice({ label: "Change", options: Object.entries(changes), change: (change) => app.set({ change }) });
      const channels = slider({ label: "Channels", min: limits.channels[0], max: limits.channels[1], change: (value) => app.set({ channels: 4 * Math.round(value / 4) }), say: app.say });
      const side = slider({ label: "Map side", min: limits.side[0], max: limits.side[1], change: (value) => app.set({ side: value }), say: app.say });
      form.element.classList.add("cnn-change-form");
      const columns = ["before", "after"].map((name) => ({ steps: element("div", { class: "cnn-change-steps" }), element: element("div", { class: "cnn-change-side" }), name }));
      for (const { element: root, steps, name } of columns) root.append(element("p", { class: "cnn-change-name" }, name), steps);
      const rows = ["parameters", "multiply-adds", "field", "layers with weights"].map((label) => [label, ...[0, 1, 2].map(() => element("td"))]);
      const table = element(
        "table",
        { class: "cnn-table cnn-costs" },
        element("thead", {}, element("tr", {}, element("td"), ...["before", "after", "share"].map((head) => element("th", { scope: "col" }, head)))),
        element("tbody", {}, ...rows.map(([label, ...cells]) => element("tr", {}, element("th", { scope: "row" }, label), ...cells))),
      );
      const words = element("p", { class: "cnn-change-words", "aria-live": "polite" });
      app.root.append(form.element, element("div", { class: "cnn-controls cnn-across" }, channels.element, side.element), element("div", { class: "cnn-change" }, ...columns.map((column) => column.element), element("div", {}, table, words)));

      return (sides, state) => {
        form.update(state.change);
        channels.update(state.channels);
        side.update(state.side);
        columns.forEach((column, i) => setHtml(column.steps, sides[i].steps.map((step) => box(step, state)).join('<span class="cnn-change-arrow" aria-hidden="true">↓</span>')));
        const [before, after] = sides;
        const lines = [
          [before.parameters, after.parameters],
          [before.multiply_adds, after.multiply_adds],
          [before.field, after.field],
          sides.map(({ steps }) => steps.filter(({ kernel }) => kernel).length),
        ];
        lines.forEach(([one, other], i) => {
          const text = (value) => (i === 2 ? `${value}×${value}` : grouped(value));
          setHtml(rows[i][1], `<b>${text(one)}</b>`);
          setHtml(rows[i][2], `<b>${text(other)}</b>`);
          setText(rows[i][3], i < 2 ? percent(other / one) : "");
        });
        setText(words, WORDS[state.change]);
      };
    },
  });
}

function percent(share) {
  return share < 0.01 ? `${(100 * share).toPrecision(2)} %` : `${Math.round(100 * share)} %`;
}

function box(step, state) {
  const { kernel, inputs, outputs, groups, side } = step;
  const cells = weights(step);
  const dense = side === 1 && state.change === "head";
  const what = !kernel ? "average of each map" : dense ? `dense, ${grouped(outputs)}` : `${kernel}×${kernel}${groups > 1 ? " depth-wise" : ""}, ${grouped(inputs)} → ${grouped(outputs)}`;
  const terms = !kernel ? "no weights" : dense ? `${kernel > 1 ? `${kernel}²·` : ""}${inputs}·${outputs} = ${brief(cells)}` : `${kernel > 1 ? `${kernel}²·` : ""}${groups > 1 ? outputs : `${inputs}·${outputs}`} = ${brief(cells)}`;
  return `<div class="cnn-ch-box"><b>${what}</b><small>${terms}${kernel && !dense ? `, on ${side}² cells` : ""}</small></div>`;
}

export default { render };
