// Labelled native controls: keyboard, touch and screen readers work without more. Each is {element, update(...)}.

import { element } from "./dom.js";
import { clamp, read, show } from "./numbers.js";

// JupyterLab takes arrow keys for itself unless the input says otherwise.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

// A slider and a number box for one number: a whole one, or with `step: 0.1` one of so many decimals.
// A typed value out of range is clamped, with a word through `say`. `typedMax`: the box takes more than the slider.
export function slider({ label, min, max, change, step = 1, typedMax = null, say = () => {} }) {
  const limits = { min, max: typedMax ?? max };
  const whole = Number.isInteger(step);
  let typing = false; // what stands in the box is not finished: a redraw leaves it alone
  let last = min;
  const range = element("input", { type: "range", min, max, step, "aria-label": label, ...OWN_KEYS, oninput: () => change(range.valueAsNumber) });
  const box = element("input", { type: "number", min, max: limits.max, step, inputmode: whole ? "numeric" : "decimal", "aria-label": `${label}, typed`, ...OWN_KEYS, oninput: () => (typing = true), onblur: () => (typing = false), onchange: typed });
  const row = element("div", { class: "cnn-slider" }, element("span", { class: "cnn-label", "aria-hidden": "true" }, label), range, box);

  function typed() {
    const wish = read(box.value);
    const near = wish ?? last;
    typing = false;
    const value = clamp(whole ? Math.round(near) : near, limits.min, limits.max);
    box.value = value;
    change(value);
    if (wish === null) say(`${label}: a ${whole ? "whole " : ""}number from ${limits.min} to ${limits.max} is needed; ${value} stays.`);
    else if (wish !== value) say(`${label}: ${show(wish)} is outside ${limits.min} to ${limits.max}; ${value} is used.`);
  }

  return {
    element: row,
    update(value, { min = limits.min, max = Number(range.max), shown = true, disabled = false } = {}) {
      Object.assign(limits, { min, max: typedMax ?? max });
      for (const [input, most] of [[range, max], [box, limits.max]]) {
        input.min = min;
        input.max = most;
        input.disabled = disabled;
      }
      range.value = last = value;
      if (!typing && (document.activeElement !== box || Number(box.value) !== value)) box.value = value;
      row.hidden = !shown;
    },
  };
}

// A slider over a few values, such as learning rates, in order; each is shown as it is written.
export function scale({ label, values, change }) {
  const said = element("span", { class: "cnn-value" });
  const range = element("input", { type: "range", min: 0, max: values.length - 1, step: 1, "aria-label": label, ...OWN_KEYS, oninput: () => change(values[range.valueAsNumber]) });
  return {
    element: element("div", { class: "cnn-slider" }, element("span", { class: "cnn-label", "aria-hidden": "true" }, label), range, said),
    update(value) {
      range.value = values.indexOf(value);
      range.setAttribute("aria-valuetext", String(value));
      said.textContent = value;
    },
  };
}

// A menu. options: [[value, text], ...] or, in groups, {group: [[value, text], ...], ...}.
export function menu({ label, options, change }) {
  const choices = (list) => list.map(([value, text]) => element("option", { value }, text));
  const children = Array.isArray(options)
    ? choices(options)
    : Object.entries(options).map(([group, list]) => element("optgroup", { label: group }, ...choices(list)));
  const select = element("select", { "aria-label": label, onchange: () => change(select.value), ...OWN_KEYS }, ...children);
  const row = element("label", { class: "cnn-menu" }, element("span", { class: "cnn-label" }, label), select);
  return {
    element: row,
    update(value, { shown = true } = {}) {
      if (select.value !== value) select.value = value;
      row.hidden = !shown;
    },
  };
}

// A few choices side by side, one of them on.
export function choice({ label, options, change }) {
  const name = `cnn${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value]) => element("input", { type: "radio", name, value: String(value), ...OWN_KEYS, onchange: () => change(value) }));
  const labels = options.map(([, text], i) => element("label", {}, inputs[i], element("span", {}, text)));
  return {
    element: element("fieldset", { class: "cnn-choice" }, element("legend", {}, label), ...labels),
    update(value) {
      for (const input of inputs) input.checked = input.value === String(value);
    },
  };
}

export function check({ label, change }) {
  const box = element("input", { type: "checkbox", ...OWN_KEYS, onchange: () => change(box.checked) });
  const row = element("label", { class: "cnn-check" }, box, label);
  return {
    element: row,
    update(value, { shown = true } = {}) {
      box.checked = value;
      row.hidden = !shown;
    },
  };
}

// Any real number, in a box alone.
export function number({ label, name, change, say = () => {} }) {
  const box = element("input", { type: "text", inputmode: "decimal", size: 5, "aria-label": name ?? label, ...OWN_KEYS, onchange: typed });
  const row = element("label", { class: "cnn-number" }, element("span", { class: "cnn-label" }, label), box);
  let last = 0;
  function typed() {
    const value = read(box.value);
    if (value === null) {
      say(`${label}: “${box.value}” is not a number; ${show(last)} stays.`);
      box.value = last;
    } else change(value);
  }
  return {
    element: row,
    update(value, { shown = true } = {}) {
      last = value;
      if (document.activeElement !== box) box.value = value;
      row.hidden = !shown;
    },
  };
}

export function button(text, click, attributes = {}) {
  return element("button", { type: "button", onclick: click, ...attributes }, text);
}
