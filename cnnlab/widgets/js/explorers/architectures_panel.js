// One network: its counts, its skyline of weights and work, its table of blocks, and what a unit sees.

import { greyScale } from "../colours.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, grouped } from "../numbers.js";
import { axisOf, brief, denseShare, entriesOf, placeOf, view } from "./architectures_compute.js";
import { buildSkyline } from "./architectures_skyline.js";

const SHADE = "rgba(0,0,0,.5)";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SCALE = greyScale(0, 1);
const HEADS = ["layer", "output", "parameters", "multiply-adds", "field"];

// names: which of the app's settings hold this side's network and layer.
export function buildPanel(app, names) {
  const entries = new Map(); // by network
  const listed = (network) => entries.get(network) ?? entries.set(network, entriesOf(network)).get(network);
  const choose = (number) => app.set({ [names.layer]: number });
  let shown = null; // {network, view} as drawn

  const title = element("p", { class: "cnn-arch-title" });
  const skyline = buildSkyline(choose);
  const share = element("p", { class: "cnn-arch-share" });
  const table = buildTable(app, names, choose);
  const place = (unit) => placeOf(unit, shown.view.units);
  const point = (at) => {
    app.look.place = at;
    app.redraw();
  };
  const key = ({ key: pressed }) => {
    if (!STEPS[pressed]) return false;
    app.set({ place: place(shown.view.unit.map((index, i) => clamp(index + STEPS[pressed][i], 0, shown.view.units[i] - 1))) });
    return true;
  };
  const onPhoto = ([row, column]) => [(row + 0.5) / shown.network.input[1], (column + 0.5) / shown.network.input[2]];
  const photo = new Grid({ name: "input", label: "Photograph", on: { hover: (cell) => point(onPhoto(cell)), leave: () => point(null), press: (cell) => app.set({ place: onPhoto(cell) }), drag: (cell) => app.set({ place: onPhoto(cell) }), key } });
  const map = new Grid({ name: "output", label: "Map of the layer", on: { hover: (cell) => point(place(cell)), leave: () => point(null), press: (cell) => app.set({ place: place(cell) }), drag: (cell) => app.set({ place: place(cell) }), key } });
  const words = element("p", { class: "cnn-arch-words", "aria-live": "polite" });
  const looks = element("div", {}, element("div", { class: "cnn-arch-looks" }, photo.element, map.element), words);
  const root = element("div", { class: "cnn-arch-panel", role: "group" }, title, skyline.element, share, element("div", { class: "cnn-arch-body" }, table.element, looks));
  const picture = pictures(app);

  return {
    element: root,
    // Raise the scale of both skylines to this network's largest block.
    measure(network, most) {
      for (const entry of listed(network)) for (const name of Object.keys(most)) most[name] = Math.max(most[name], entry[name]);
    },
    draw(network, given, state, most) {
      const at = app.look.place ? view(network, given.chosen, app.look.place) : given;
      const dark = app.root.classList.contains("cnn-dark");
      shown = { network, view: at };
      const [channels, rows, columns] = network.input;
      root.setAttribute("aria-label", network.title);
      setHtml(title, `<b>${network.title}</b>, ${network.year} · ${rows}×${columns}×${channels} in · <b>${grouped(network.parameters)}</b> parameters · <b>${brief(network.multiply_adds)}</b> multiply-adds`);
      skyline.draw(listed(network), most, given.chosen, root.clientWidth);
      const dense = denseShare(network);
      setText(share, `Dense layers hold ${percent(dense.parameters)} of the parameters and do ${percent(dense.multiply_adds)} of the multiply-adds.`);
      table.draw(network, listed(network), given.chosen, state, root.clientWidth < 700);

      const wide = !app.root.querySelector(".cnn-two-nets") && root.clientWidth > 900;
      const box = wide ? [290, 170] : [Math.min(220, root.clientWidth * 0.56), Math.min(150, root.clientWidth * 0.38)].map(Math.floor);
      const area = ([[top, bottom], [left, right]]) => ({ at: [top, left], size: [bottom - top, right - left] });
      const marks = [{ style: "around", ...area(at.field), of: [rows, columns], hue: SHADE }];
      if (at.whole.some(([from, to], i) => from < at.field[i][0] || to > at.field[i][1])) marks.push({ style: "reach", ...area(at.whole) });
      marks.push({ style: "current", ...area(at.field) });
      photo.draw({ matrix: matrix(rows, columns), scale: SCALE, box: [box[0], box[0]], cell: fitCell([[rows, columns]], [box[0] - 20, box[0] - 20], 64), marks, dark, picture: picture(rows, columns, channels) });
      photo.describe(`Input <b>${rows}×${columns}</b>`, `${ranges(at.field)} are seen. Arrow keys move the unit.`);
      const [, kind, shape] = network.rows[given.chosen];
      map.draw({ matrix: matrix(...at.units), scale: SCALE, box: [box[1], box[1]], cell: fitCell([at.units], [box[1] - 6, box[1] - 6], 40), marks: [{ style: "current", at: at.unit }], dark, picture: picture(...at.units, channels) });
      map.describe(shape.length === 1 ? `<b>${grouped(shape[0])}</b> numbers` : `Map <b>${at.units.join("×")}</b>`, "Arrow keys choose a unit.");
      setText(words, sentence(network.rows[given.chosen][0], kind, shape, at, [rows, columns]));
    },
  };
}

function sentence(name, kind, shape, { unit, field, size }, [rows, columns]) {
  const who = shape.length === 1 ? `Every unit of ${kind} (${name})` : `Unit [${unit.join(", ")}] of ${kind} (${name})`;
  const [height, width] = field.map(([from, to]) => to - from);
  if (height === rows && width === columns) return `${who} sees the whole picture${size[0] > rows ? `; its field of ${size.join("×")} reaches far into the padding` : ""}.`;
  const cut = height < size[0] || width < size[1] ? `; its whole field is ${size.join("×")}, the rest lies in the padding` : "";
  return `${who} sees ${height}×${width} pixels: ${ranges(field)}${cut}.`;
}

const ranges = (field) => field.map(([from, to], i) => `${["rows", "columns"][i]} ${from}–${to - 1}`).join(", ");
const percent = (share) => (share > 0 && share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`);

// The photograph brought to any number of cells, in grey for networks of one channel; null until the browser has read it.
function pictures(app) {
  const { data } = app.model.get("photograph");
  const scaled = new Map();
  let bitmap = null;
  createImageBitmap(new Blob([data], { type: "image/jpeg" })).then((read) => {
    bitmap = read;
    app.redraw();
  });
  return (rows, columns, channels) => {
    if (!bitmap) return null;
    const key = [rows, columns, channels].join();
    if (!scaled.has(key)) {
      const canvas = new OffscreenCanvas(columns, rows);
      const pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      if (channels === 1) pen.filter = "grayscale(1)";
      pen.drawImage(bitmap, 0, 0, columns, rows);
      scaled.set(key, canvas);
    }
    return scaled.get(key);
  };
}

// The table: a line an entry, and under an open block a line for each of its layers.
function buildTable(app, names, choose) {
  const body = element("tbody");
  const box = element("div", { class: "cnn-arch-table", tabindex: 0, role: "group", "aria-label": "Layers and blocks" }, element("table", { class: "cnn-table" }, element("thead", {}, element("tr", {}, ...HEADS.map((head) => element("th", { scope: "col" }, head)))), body));
  let built = "";
  let lines = []; // {row, first, stop, header}
  let marked = -1;

  function line(kind, name, shape, parameters, multiply_adds, size, brevity, { first, stop, target = first, block = null, inside = false }) {
    const count = brevity ? brief : grouped;
    const cells = [shape.length > 1 ? `${shape[1]}×${shape[2]}×${shape[0]}` : grouped(shape[0]), parameters ? count(parameters) : "·", multiply_adds ? count(multiply_adds) : "·", size.join("×")];
    const open = block?.open;
    const toggle = block ? element("button", { type: "button", class: "cnn-arch-toggle", "aria-expanded": String(open), "aria-label": `${open ? "Close" : "Open"} ${name}`, onclick: block.toggle }, open ? "▾" : "▸") : element("span", { class: "cnn-arch-toggle" });
    const label = element("button", { type: "button", class: "cnn-layer", title: name, onclick: () => choose(target) }, kind);
    const row = element("tr", { class: inside ? "cnn-arch-inside" : "" }, element("th", { scope: "row" }, element("div", {}, toggle, label)), ...cells.map((text) => element("td", {}, text)));
    return { row, label, first, stop, header: Boolean(open) };
  }

  return {
    element: box,
    draw(network, entries, chosen, state, brevity) {
      const name = state[names.network];
      const key = [name, brevity, ...state.opened.filter((block) => block.startsWith(`${name}/`))].join();
      const sizeOf = (row) => [0, 1].map((axis) => axisOf(network.nodes[row[5]], axis)[3]);
      if (built !== key) {
        const fresh = !built.startsWith(`${name},`);
        built = key;
        const focused = box.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label")?.split(" ").at(-1) : null;
        lines = entries.flatMap((entry) => {
          const { kind, first, stop, last, parameters, multiply_adds, rows } = entry;
          const id = `${name}/${entry.name}`;
          const open = state.opened.includes(id);
          const toggle = () => app.set({ opened: open ? app.state.opened.filter((one) => one !== id) : [...app.state.opened, id] });
          const block = stop - first > 1 ? { open, toggle } : null;
          const head = line(kind, entry.name, last[2], parameters, multiply_adds, sizeOf(last), brevity, { first, stop, target: entry.chosen, block });
          if (!open) return [head];
          return [head, ...rows.map((row, i) => line(row[1], row[0], row[2], row[3], row[4], sizeOf(row), brevity, { first: first + i, stop: first + i + 1, inside: true }))];
        });
        body.replaceChildren(...lines.map(({ row }) => row));
        if (focused) [...box.querySelectorAll("[aria-expanded]")].find((one) => one.getAttribute("aria-label").endsWith(` ${focused}`))?.focus();
        if (fresh) box.scrollTop = 0;
        marked = -1;
      }
      if (marked === chosen) return;
      marked = chosen;
      for (const { row, label, first, stop, header } of lines) {
        const current = !header && first <= chosen && chosen < stop;
        row.classList.toggle("cnn-current", current);
        label.setAttribute("aria-pressed", current);
        if (!current) continue;
        const [top, bottom] = [row.offsetTop - 40, row.offsetTop + row.offsetHeight + 20];
        if (top < box.scrollTop) box.scrollTop = top;
        else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
      }
    },
  };
}
