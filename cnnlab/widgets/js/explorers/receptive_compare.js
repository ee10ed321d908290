// One large kernel against several 3×3 layers that see the same field.

import { mount } from "../app.js";
import { greyScale } from "../colours.js";
import { slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { grouped } from "../numbers.js";

// The browser's twin of KernelComparison.compute.
export function compute({ layers, channels, side }) {
  const kernel = 2 * layers + 1;
  let line = [1]; // ways along one axis: every layer adds three neighbours
  for (let i = 0; i < layers; i++) line = Array.from({ length: line.length + 2 }, (_, k) => [0, 1, 2].reduce((sum, tap) => sum + (line[k - tap] ?? 0), 0));
  const both = (count) => [count(kernel), layers * count(3)];
  return {
    kernel,
    filter_weights: both((k) => k * k * channels),
    weights: both((k) => k * k * channels * channels),
    multiply_adds: both((k) => k * k * channels * channels * side * side),
    ways: matrix(kernel, kernel, Float64Array.from(line.flatMap((down) => line.map((across) => down * across)))),
  };
}

const LINES = [
  ["filter_weights", "weights of one filter", ({ channels }, k) => `${k}²·${channels}`],
  ["weights", "weights with as many filters as channels", ({ channels }, k) => `${k}²·${channels}·${channels}`],
  ["multiply_adds", "multiply-adds on the whole map", ({ channels, side }, k) => `${k}²·${channels}·${channels}·${side}²`],
];

function render({ model, el }) {
  const limits = model.get("limits");
  return mount({
    model,
    el,
    label: "One large kernel or several small ones",
    properties: ["layers", "channels", "side"],
    compute,
    build(app) {
      const sliders = [
        ["layers", "3×3 layers"],
        ["channels", "Channels"],
        ["side", "Map side"],
      ].map(([name, label]) => [name, slider({ label, min: limits[name][0], max: limits[name][1], change: (value) => app.set({ [name]: value }), say: app.say })]);
      const grids = [new Grid({ name: "large", label: "Ways through one kernel" }), new Grid({ name: "small", label: "Ways through the small layers" })];
      const rows = LINES.map(([, label]) => [label, ...[0, 1, 2].map(() => element("td"))]);
      const heads = [0, 1].map(() => element("th", { scope: "col" }));
      const table = element(
        "table",
        { class: "cnn-table cnn-costs" },
        element("thead", {}, element("tr", {}, element("td"), ...heads, element("th", { scope: "col" }, "share"))),
        element("tbody", {}, ...rows.map(([label, ...cells]) => element("tr", {}, element("th", { scope: "row" }, label), ...cells))),
      );
      const words = element("p", { class: "cnn-compare-words", "aria-live": "polite" });
      app.root.append(
        element("div", { class: "cnn-controls cnn-across" }, ...sliders.map(([, one]) => one.element)),
        element("div", { class: "cnn-compare" }, ...grids.map((grid) => grid.element), element("div", {}, table, words)),
      );

      return (result, state) => {
        const dark = app.root.classList.contains("cnn-dark");
        const { kernel, ways } = result;
        for (const [name, one] of sliders) one.update(state[name]);
        const side = Math.min(270, app.root.clientWidth > 1000 ? Math.floor((app.root.clientWidth - 520) / 2) : app.root.clientWidth);
        const cell = fitCell([[kernel, kernel]], [side, side], 54);
        const single = matrix(kernel, kernel, new Float64Array(kernel * kernel).fill(1));
        [single, ways].forEach((counts, i) => grids[i].draw({ matrix: counts, scale: greyScale(0, Math.max(...counts.data), true), box: [side, side], cell, dark, digits: 4 }));
        const names = [`one ${kernel}×${kernel}`, `${state.layers} of 3×3`];
        grids[0].describe(`${names[0]}: one way each`, "Each pixel reaches the unit once, through its own weight.");
        grids[1].describe(`${names[1]}: ways through`, `The middle pixel reaches the unit on ${Math.max(...ways.data)} ways, a corner on one.`);
        names.forEach((name, i) => setText(heads[i], name));
        LINES.forEach(([key, , terms], i) => {
          const [large, small] = result[key];
          setHtml(rows[i][1], `<small>${terms(state, kernel)} =</small> <b>${grouped(large)}</b>`);
          setHtml(rows[i][2], `<small>${state.layers}·${terms(state, 3)} =</small> <b>${grouped(small)}</b>`);
          setText(rows[i][3], `${Math.round((100 * small) / large)} %`);
        });
        setText(
          words,
          `Both see ${kernel}×${kernel} pixels. The small ones do it with ${grouped(result.weights[1])} weights instead of ${grouped(result.weights[0])}, and ${state.layers} activations instead of one. ` +
            `The middle pixel has ${Math.max(...ways.data)} ways to the unit, a corner has one: the middle counts most, before anything is learned.`,
        );
      };
    },
  });
}

export default { render };
