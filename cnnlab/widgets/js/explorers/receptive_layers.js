// The table of layers: choose one, drag it to another place, read what its units see.

import { element, setText } from "../dom.js";
import { dragRows } from "../drag_rows.js";
import { show } from "../numbers.js";
import { moveLayer } from "./receptive_controls.js";
import { startOf, unitsSeeing } from "./receptive_table.js";

const HEADS = [
  ["layer", "kernel/stride, padding p, dilation d"],
  ["map", "cells on a side of the layer’s map"],
  ["start", "centre of the first unit’s field, in pixels from the edge"],
  ["jump", "pixels from one unit’s field to the next"],
  ["field", "pixels on a side that a unit sees"],
  ["see it", "units that see the chosen pixel"],
];

export function buildLayers(app) {
  const body = element("tbody");
  const table = element("table", { class: "cnn-table" }, element("thead", {}, element("tr", {}, ...HEADS.map(([text, title]) => element("th", { scope: "col", title }, text)))), body);
  const box = element("div", { class: "cnn-layers", tabindex: 0, role: "group", "aria-label": "Layers and what their units see" }, table);
  let rows = [];
  const drag = dragRows(box, { rows: () => rows.map(({ row }) => row), grab: (number) => app.select(number), move: (from, to) => moveLayer(app, from, to) });

  function makeRow(number) {
    const name = element("button", { type: "button", class: "cnn-layer", onclick: () => app.select(number) });
    const cells = HEADS.slice(1).map(() => element("td"));
    const row = element("tr", {}, element("th", { scope: "row" }, element("div", {}, drag.grip(number), name)), ...cells);
    return { row, name, cells };
  }
  let shown = -1;
  return {
    element: box,
    draw({ layers, rows: made, number, seeing, pixel }, state) {
      if (rows.length !== made.length) {
        rows = made.map((_, i) => makeRow(i));
        body.replaceChildren(...rows.map(({ row }) => row));
      }
      const { look } = app;
      const pointed = look.pixel ?? pixel;
      made.forEach((row, i) => {
        const chosen = i === number;
        const { row: line, name, cells } = rows[i];
        line.classList.toggle("cnn-current", chosen);
        name.setAttribute("aria-pressed", chosen);
        setText(name, i ? `${row.name} ${settings(layers[i - 1])}` : "input");
        name.disabled = look.hidden;
        const units = pointed && (look.pixel ? pointed.map((place) => unitsSeeing(layers, made, i, Math.min(place, state.size - 1))) : seeing[i]);
        const known = !look.hidden || i < number;
        const values = [row.n, show(startOf(row), 6), row.jump, row.size, units ? units.map(([from, to]) => to - from).join("×") : "·"];
        values.forEach((value, k) => setText(cells[k], known ? String(value) : "?"));
        line.title = i ? "" : "the picture itself";
      });
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

// "7/2 p3 d2": what is 1 (stride, dilation) or 0 (padding) goes without saying.
function settings({ kernel, stride, padding, dilation }) {
  return [stride > 1 ? `${kernel}/${stride}` : kernel, padding ? `p${padding}` : "", dilation > 1 ? `d${dilation}` : ""].filter(Boolean).join(" ");
}
