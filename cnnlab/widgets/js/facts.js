// Lines below a stage: the size formula with the current numbers in it, code to copy, the state as text.

import { button } from "./controls.js";
import { element, setText } from "./dom.js";
import { UserError } from "./errors.js";
import { parse, write } from "./state_text.js";

const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function copyButton(name, source) {
  const told = element("span", { role: "status", class: "cnn-copied" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(source());
      setText(told, "copied");
    } catch {
      setText(told, "select it and press Ctrl+C"); // pages opened as files have no clipboard
    }
    setTimeout(() => setText(told, ""), 2000);
  };
  return [button("Copy", copy, { "aria-label": `Copy ${name}` }), told];
}

// A line of code and its copy button. update(text) sets the code.
export function codeLine(label) {
  const code = element("code", { tabindex: 0 }); // a long line scrolls, by keyboard too
  return {
    element: element("p", { class: "cnn-line" }, element("span", { class: "cnn-label" }, label), code, ...copyButton(`the line of ${label}`, () => code.textContent)),
    update: (text) => setText(code, text),
    text: () => code.textContent,
  };
}

// Several lines of code and their copy button. update(text) sets the code.
export function codeBlock(label) {
  const code = element("pre", { tabindex: 0, class: "cnn-code" });
  return {
    element: element("div", {}, element("p", { class: "cnn-line" }, element("span", { class: "cnn-label" }, label), ...copyButton(`the code in ${label}`, () => code.textContent)), code),
    update: (text) => setText(code, text),
  };
}

// The state as a short text: to copy, and to paste one back. fields: see state_text.js.
export function stateLine(app, fields) {
  const box = element("input", { type: "text", class: "cnn-state", spellcheck: "false", "aria-label": "State as text: copy it, or paste one and press Enter", ...OWN_KEYS, onchange: load });
  function load() {
    try {
      app.set(parse(box.value, fields));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      app.refuse(error.message);
    }
  }
  return {
    element: element("p", { class: "cnn-line" }, element("span", { class: "cnn-label" }, "State"), box, ...copyButton("the state", () => box.value)),
    update(state) {
      if (document.activeElement !== box) box.value = write(state, fields);
    },
  };
}

// ⌊(n + p + p − (d(k − 1) + 1)) / s⌋ + 1 as MathML, then the same with numbers.
export function sizeFormula(word, { n, taps, stride, dilation, pads: [before, after], size, reach }, hidden) {
  const number = (value, role) => `<mn class="cnn-role-${role}">${value}</mn>`;
  const op = (sign) => `<mo>${sign}</mo>`;
  const kernel = dilation > 1 ? `<mo>(</mo>${number(dilation, "kernel")}<mo>·</mo><mo>(</mo>${number(taps, "kernel")}${op("−")}<mn>1</mn><mo>)</mo>${op("+")}<mn>1</mn><mo>)</mo>` : number(taps, "kernel");
  const padding = before === after ? `<mn>2</mn>${op("·")}${number(before, "padding")}` : `${number(before, "padding")}${op("+")}${number(after, "padding")}`;
  const side = (name) => `<msub><mi class="cnn-role-padding">p</mi><mtext>${name}</mtext></msub>`;
  const padded = before === after ? '<mn>2</mn><mi class="cnn-role-padding">p</mi>' : `${side("before")}${op("+")}${side("after")}`;
  const floor = (top) => `<mrow><mo>⌊</mo><mfrac><mrow>${top}</mrow>${number(stride, "stride")}</mfrac><mo>⌋</mo></mrow>${op("+")}<mn>1</mn>`;
  const symbol = `<mo>⌊</mo><mfrac><mrow><mi class="cnn-role-input">n</mi>${op("+")}${padded}${op("−")}${dilation > 1 ? '<mo>(</mo><mi class="cnn-role-kernel">d</mi><mo>(</mo><mi class="cnn-role-kernel">k</mi><mo>−</mo><mn>1</mn><mo>)</mo><mo>+</mo><mn>1</mn><mo>)</mo>' : '<mi class="cnn-role-kernel">k</mi>'}</mrow><mi class="cnn-role-stride">s</mi></mfrac><mo>⌋</mo>${op("+")}<mn>1</mn>`;
  const room = n + before + after - reach;
  const worked = hidden ? "<mo>?</mo>" : `${floor(`<mn>${room}</mn>`)}${op("=")}${number(size, "output")}`;
  return `<div class="cnn-size"><span class="cnn-label">${word}</span><math>${symbol}${op("=")}${floor(`${number(n, "input")}${op("+")}${padding}${op("−")}${kernel}`)}${op("=")}${worked}</math></div>`;
}
