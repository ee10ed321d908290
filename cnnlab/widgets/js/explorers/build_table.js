// The stack as a table: choose a layer, drag it, read its shape and counts; where it breaks, why and two repairs.

import { button } from "../controls.js";
import { element, setText } from "../dom.js";
import { dragRows } from "../drag_rows.js";
import { grouped } from "../numbers.js";
import { shapeText } from "./build_compute.js";
import { KEYS } from "./build_controls.js";

const HEADS = [
  ["layer", "kind, with its number; kernel/stride and padding p"],
  ["output", "channels × rows × columns, or numbers in a list"],
  ["parameters", "numbers that training changes"],
  ["multiply-adds", "for one image"],
  ["memory", "of its result for one image, in 32-bit numbers"],
  ["field", "pixels on a side that a unit sees"],
  ["jump", "pixels from one unit’s field to the next"],
];

export function buildTable(app) {
  const body = element("tbody");
  const head = element("thead", {}, element("tr", {}, ...HEADS.map(([text, title]) => element("th", { scope: "col", title }, text))));
  const box = element("div", { class: "cnn-layers cnn-built", tabindex: 0, role: "group", "aria-label": "Layers; arrow keys choose, Alt with them moves, Delete removes, letters add", "data-lm-suppress-shortcuts": "true" }, element("table", { class: "cnn-table" }, head, body));
  const why = element("p", { class: "cnn-why" });
  const repairs = [0, 1].map((i) => button("", () => repair(i), { class: "cnn-repair" }));
  const trouble = element("div", { class: "cnn-trouble", role: "alert" }, why, ...repairs);
  let rows = [];
  let broken = null;
  const drag = dragRows(box, { rows: () => rows.slice(0, -1).map(({ row }) => row), grab: (number) => app.select(number), move: app.move });

  function repair(i) {
    const [, layers, selected] = broken.repairs[i];
    app.set({ layers, selected });
  }
  function makeRow(number, last) {
    const name = element("button", { type: "button", class: "cnn-layer", onclick: () => app.select(number) });
    const cells = HEADS.slice(1).map(() => element("td"));
    return { row: element("tr", {}, element("th", { scope: "row" }, element("div", {}, drag.grip(last ? 0 : number), name)), ...cells), name, cells };
  }
  box.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.ctrlKey || event.metaKey) return;
    if (step && event.altKey) app.move(app.at(), app.at() + step);
    else if (step) app.select(Math.max(0, Math.min(app.at() + step, rows.length - 1)));
    else if (event.key === "Delete" || event.key === "Backspace") app.remove();
    else if (KEYS[event.key] && !event.altKey) app.add(KEYS[event.key]);
    else return;
    event.preventDefault();
    box.focus();
  });

  let shown = -1;
  return {
    element: element("div", {}, box, trouble),
    // The number of the row after which something let go of at a place is put, or null outside the table.
    dropAt({ clientX, clientY }) {
      const { left, right, top, bottom } = box.getBoundingClientRect();
      const inside = clientX > left && clientX < right && clientY > top && clientY < bottom;
      return inside ? rows.slice(0, -1).filter(({ row }) => row.getBoundingClientRect().top <= clientY).length - 1 : null;
    },
    draw(result, state) {
      if (rows.length !== result.rows.length) {
        rows = result.rows.map((_, i) => makeRow(i, i === result.rows.length - 1));
        body.replaceChildren(...rows.map(({ row }) => row));
      }
      broken = result.broken;
      const most = Object.fromEntries(["parameters", "multiply_adds", "memory"].map((key) => [key, Math.max(1, ...result.rows.map((row) => row[key]))]));
      result.rows.forEach((row, i) => {
        const { row: line, name, cells } = rows[i];
        line.classList.toggle("cnn-current", i === app.at());
        line.classList.toggle("cnn-misfit", broken?.number === i);
        name.setAttribute("aria-pressed", i === app.at());
        setText(name, `${row.name}${settingsOf(state.layers[i - 1])}`);
        const { parameters, multiply_adds, memory } = row;
        const field = row.field && !row.field.from ? row.field : null;
        const values = [row.shape ? shapeText(row.shape) : "?", counted(parameters), counted(multiply_adds), memory ? bytes(memory) : "", field ? `${field.size}×${field.size}` : "·", field ? field.jump : "·"];
        values.forEach((value, k) => setText(cells[k], row.shape || k === 0 ? String(value) : ""));
        [parameters / most.parameters, multiply_adds / most.multiply_adds, memory / most.memory].forEach((share, k) => cells[k + 1].style.setProperty("--share", `${100 * share}%`));
      });
      trouble.classList.toggle("cnn-fits", !broken);
      setText(why, broken ? `✗ ${broken.name} does not fit. ${broken.why}` : "✓ Every layer fits the one before it.");
      repairs.forEach((one, i) => {
        one.hidden = !broken;
        if (broken) setText(one, broken.repairs[i][0]);
      });
      const number = app.at();
      if (shown !== number) {
        shown = number;
        const { row } = rows[number];
        const [top, bottom] = [row.offsetTop - 60, row.offsetTop + row.offsetHeight + 30];
        if (top < box.scrollTop) box.scrollTop = top;
        else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
      }
    },
  };
}

const counted = (count) => (count ? grouped(count) : "");

// 1.5 MB is 1,500,000 bytes.
export function bytes(count) {
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) if (count >= factor) return `${Number((count / factor).toPrecision(3))} ${unit}`;
  return `${count} B`;
}

function settingsOf(layer) {
  if (!layer) return "";
  const { kernel, stride, padding, size, percent, inputs } = layer;
  if (kernel) return ` ${kernel}/${stride}${padding ? ` p${padding}` : ""}`;
  if (size) return ` ${size}×${size}`;
  if (percent !== undefined) return ` ${percent} %`;
  return inputs ? ` of ${grouped(inputs)}` : "";
}
