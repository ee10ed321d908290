// Below the stage: the size formula of each axis with its numbers in, what the layer costs, the line of PyTorch.

import { element, setHtml } from "../dom.js";
import { codeLine, sizeFormula, stateLine } from "../facts.js";
import { grouped } from "../numbers.js";
import { oneOf, pair, yesNo } from "../state_text.js";
import { torchLine, WORDS } from "./arithmetic_compute.js";

const named = oneOf("valid", "same", "full");
const FIELDS = {
  mode: oneOf("2-D", "transposed", "1-D", "causal"),
  size: pair(1, 256),
  kernel: pair(1, 11),
  stride: pair(1, 8),
  dilation: pair(1, 8),
  padding: { parse: (text, name) => (/^[a-z]+$/.test(text) ? named.parse(text, name) : pair(0, 11).parse(text, name)) },
  output_padding: pair(0, 7),
  channels: pair(1, 1024),
  bias: yesNo,
  position: pair(0, 2000),
};

export function buildFacts(app) {
  const formula = element("div", { class: "cnn-formula cnn-two-lines" });
  const tiles = element("div", { class: "cnn-tiles" });
  const torch = codeLine("PyTorch");
  const text = stateLine(app, FIELDS);

  return {
    element: element("div", { class: "cnn-facts" }, formula, tiles, torch.element, text.element),
    draw(result, state) {
      const { axes, series, cost } = result;
      const { hidden } = app.look;
      const write = state.mode === "transposed" ? transposedFormula : sizeFormula;
      const alike = ["n", "taps", "stride", "dilation", "size", "extra"].every((key) => axes[0][key] === axes[1][key]) && axes[0].pads.join() === axes[1].pads.join();
      const lines = series ? [["cells", axes[1]]] : alike ? [["each axis", axes[0]]] : axes.map((axis, i) => [WORDS[i], axis]);
      setHtml(formula, lines.map(([word, axis]) => write(word, axis, hidden)).join(""));
      setHtml(tiles, tilesOf(cost, axes, state, series, hidden));
      torch.update(torchLine(state, axes));
      text.update(state);
    },
  };
}

// Bytes as people write them.
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  const [size, unit] = value < 1e6 ? [value / 1e3, "kB"] : value < 1e9 ? [value / 1e6, "MB"] : [value / 1e9, "GB"];
  return `${Number(size.toPrecision(3))} ${unit}`;
}

function tilesOf({ parameters, macs, places, memory, shape }, axes, { mode, channels: [inputs, filters], bias }, series, hidden) {
  const window = `${(series ? [axes[1].taps] : axes.map(({ taps }) => taps)).join("·")}·${inputs}`;
  const tile = (name, value, how) => `<div><span>${name}</span><b>${value}</b><small>${how}</small></div>`;
  const total = memory.input + memory.weights + memory.output;
  return [
    tile("Output", hidden ? "?" : shape.join(" × "), series ? "filters × cells" : "filters × rows × columns"),
    tile("Parameters", grouped(parameters), `${bias ? `(${window} + 1)` : window}·${filters}`),
    tile("Multiply-adds", hidden ? "?" : grouped(macs), hidden ? "" : `${window}·${filters} × ${grouped(places)} ${mode === "transposed" ? "input cell" : "place"}${places === 1 ? "" : "s"}`),
    tile("Memory: in, weights, out", hidden ? "?" : bytes(total), hidden ? "" : `${bytes(memory.input)} + ${bytes(memory.weights)} + ${bytes(memory.output)}`),
  ].join("");
}

// (n − 1)·s + d(k − 1) + 1 − 2p + o as MathML, then the same with numbers.
function transposedFormula(word, { n, taps, stride, dilation, pads: [crop], extra, size }, hidden) {
  const op = (sign) => `<mo>${sign}</mo>`;
  const line = (value, kernel, tag) => {
    const put = (part, role) => `<${tag} class="cnn-role-${role}">${part}</${tag}>`;
    return `<mo>(</mo>${put(value.n, "input")}${op("−")}<mn>1</mn><mo>)</mo>${op("·")}${put(value.s, "stride")}${op("+")}${kernel(put)}${op("−")}<mn>2</mn>${op("·")}${put(value.p, "padding")}${op("+")}${put(value.o, "padding")}`;
  };
  const dilated = (d, k) => (put) => (dilation > 1 ? `${put(d, "kernel")}${op("·")}<mo>(</mo>${put(k, "kernel")}${op("−")}<mn>1</mn><mo>)</mo>${op("+")}<mn>1</mn>` : put(k, "kernel"));
  const symbols = line({ n: "n", s: "s", p: "p", o: "o" }, dilated("d", "k"), "mi");
  const numbers = line({ n, s: stride, p: crop, o: extra }, dilated(dilation, taps), "mn");
  return `<div class="cnn-size"><span class="cnn-label">${word}</span><math>${symbols}${op("=")}${numbers}${op("=")}${hidden ? "<mo>?</mo>" : `<mn class="cnn-role-output">${size}</mn>`}</math></div>`;
}
