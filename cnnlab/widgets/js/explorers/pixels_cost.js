// A dense layer against a convolution: parameters for an image of this size.

import { mount } from "../app.js";
import { choice, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setHtml, setText } from "../dom.js";
import { grouped, show } from "../numbers.js";

const SLIDERS = [
  ["height", "Rows", 8, 512],
  ["width", "Columns", 8, 512],
  ["channels", "Channels", 1, 64],
  ["filters", "Filters", 1, 64],
  ["kernel", "Kernel size", 1, 11],
];
const UNITS = 100;

export function compute({ height, width, channels, filters, kernel, dense }) {
  const values = height * width * channels;
  const outputs = height * width * filters;
  const units = dense === "same" ? outputs : UNITS;
  return { values, outputs, units, dense: units * (values + 1), convolution: filters * (channels * kernel * kernel + 1) };
}

function render({ model, el }) {
  const examples = model.get("examples");
  return mount({
    model,
    el,
    label: "Dense layer against convolution",
    properties: [...SLIDERS.map(([name]) => name), "dense"],
    compute,
    build(app) {
      const example = menu({ label: "Example", options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])], change: (name) => examples[name] && app.set(examples[name]) });
      const sliders = SLIDERS.map(([name, label, min, max]) => [name, slider({ label, min, max, say: app.say, change: (value) => app.set({ [name]: value }) })]);
      const layer = choice({ label: "Dense layer", options: [["same", "all outputs"], ["few", `${UNITS} outputs`]], change: (dense) => app.set({ dense }) });
      const controls = element("div", { class: "cnn-controls" }, example.element, ...sliders.map(([, one]) => one.element), element("span", { class: "cnn-label" }, "Dense layer with"), layer.element);
      const lines = element("div", { class: "cnn-dc-costs" });
      const verdict = element("p", { class: "cnn-verdict" });
      const chart = new Curves({ name: "growth", label: "Parameters by the size of the image" });
      const main = element("div", { class: "cnn-main" }, lines, verdict, chart.element);
      app.root.append(element("div", { class: "cnn-columns" }, controls, main));

      return (result, state) => {
        example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => state[key] === value)) ?? "");
        for (const [name, one] of sliders) one.update(state[name]);
        layer.update(state.dense);
        const { height, width, channels, filters, kernel } = state;
        const row = (name, sum, total) => `<span>${name}</span><span>${sum}</span><b>${total}</b>`;
        setHtml(
          lines,
          row("the image", `${height} × ${width} × ${channels} =`, `${grouped(result.values)} numbers`) +
            row('<span class="cnn-role-gradient">dense layer</span>', `${grouped(result.units)} × (${grouped(result.values)} + 1) =`, grouped(result.dense)) +
            row('<span class="cnn-role-output">convolution</span>', `${filters} × (${kernel} × ${kernel} × ${channels} + 1) =`, grouped(result.convolution)),
        );
        setText(verdict, `${show(result.dense / result.convolution, 2).startsWith("0") ? "Here the dense layer needs less" : `The dense layer needs ${told(result.dense / result.convolution)} times as many parameters`}; at 4 bytes each ${bytes(result.dense)} against ${bytes(result.convolution)}.`);
        const sides = Array.from({ length: 25 }, (_, i) => 8 * 64 ** (i / 24));
        const at = (side) => compute({ ...state, height: side, width: side });
        const side = Math.sqrt(height * width);
        chart.draw({
          box: [Math.max(280, main.clientWidth || 800), 300],
          x: { range: [8, 512], ticks: [8, 16, 32, 64, 128, 256, 512], name: "side of a square image, pixels", log: true, text: String },
          y: { range: [1, 1e15], ticks: [1, 1e3, 1e6, 1e9, 1e12, 1e15], name: "parameters", log: true },
          rules: [{ x: side, style: "dotted" }],
          lines: [
            { points: sides.map((one) => [one, at(one).dense]), role: "gradient", style: "dashed", name: "dense layer" },
            { points: sides.map((one) => [one, result.convolution]), role: "output", name: "convolution" },
          ],
          dots: [
            { at: [side, result.dense], role: "gradient" },
            { at: [side, result.convolution], role: "output" },
          ],
        });
        chart.describe("<b>The image grows</b>, both axes logarithmic", `Dense ${grouped(result.dense)} parameters, convolution ${grouped(result.convolution)} at every size.`);
      };
    },
  });
}

const told = (ratio) => (ratio >= 10 ? grouped(Math.round(ratio)) : show(ratio, 2));

function bytes(parameters) {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(Math.floor(Math.log10(4 * parameters) / 3), units.length - 1);
  return `${show((4 * parameters) / 1000 ** power, 3)} ${units[power]}`;
}

export default { render };
