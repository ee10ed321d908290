// The stage: the photograph with the chosen unit's field, and the map that the unit belongs to.

import { greyScale, ROLES } from "../colours.js";
import { element, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, plural } from "../numbers.js";
import { seen, readBy, unitsSeeing } from "./receptive_table.js";

const MARGIN = 14; // px around the photograph: room for what a unit sees of the padding
const SHADE = "rgba(0,0,0,.5)";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SCALE = greyScale(0, 1);
const BLANK = new OffscreenCanvas(1, 1);

export function buildStage(app) {
  const { look } = app;
  const photographs = app.model.get("photographs");
  const bitmaps = {}; // name -> what the browser made of the JPEG
  let result = null;

  const pointAt = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  const choose = (unit) => {
    look.unit = null;
    app.set({ unit });
  };
  const photo = new Grid({
    name: "input",
    label: "Photograph",
    on: {
      hover: (pixel) => pointAt({ pixel }),
      leave: () => pointAt({ pixel: null }),
      press: (pixel) => app.set({ pixel }),
      drag: (pixel) => app.set({ pixel }),
      key: ({ key }) => {
        const { size, pixel } = app.state;
        if (key === "Escape") app.set({ pixel: null });
        else if (STEPS[key]) app.set({ pixel: stepped(pixel ?? [size, size].map((n) => Math.floor(n / 2)), key, size, pixel ? 1 : 0) });
        else return false;
        return true;
      },
    },
  });
  const map = new Grid({
    name: "output",
    label: "Map of the layer",
    on: {
      hover: (unit) => pointAt({ unit }),
      leave: () => pointAt({ unit: null }),
      press: choose,
      drag: choose,
      key: ({ key }) => {
        if (!STEPS[key]) return false;
        choose(stepped(result.unit, key, result.rows[result.number].n, 1));
        return true;
      },
    },
  });
  const credit = element("small", { class: "cnn-credit" });
  photo.element.append(credit);
  const view = new Grid({ name: "view", label: "What the unit sees" });
  view.canvas.tabIndex = -1;
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const stage = element("div", { class: "cnn-stage cnn-receptive" }, photo.element, element("div", { class: "cnn-middle" }, map.element, view.element));

  const stepped = (at, key, n, by) => at.map((place, i) => clamp(place + by * STEPS[key][i], 0, n - 1));

  // The photograph brought to n×n pixels; grey until the browser has read it.
  const scaled = new Map();
  function pictureOf(name, n) {
    if (!bitmaps[name]) {
      bitmaps[name] = "under way";
      createImageBitmap(new Blob([photographs[name].data], { type: "image/jpeg" })).then((bitmap) => {
        bitmaps[name] = bitmap;
        app.redraw();
      });
    }
    if (bitmaps[name] === "under way") return null;
    const key = `${name} ${n}`;
    if (!scaled.has(key)) {
      if (scaled.size > 40) scaled.clear();
      const canvas = new OffscreenCanvas(n, n);
      const pen = canvas.getContext("2d");
      pen.imageSmoothingQuality = "high";
      pen.drawImage(bitmaps[name], 0, 0, n, n);
      scaled.set(key, canvas);
    }
    return scaled.get(key);
  }

  function draw(next, state) {
    result = next;
    const { layers, rows, number } = result;
    const row = rows[number];
    const n = rows[0].n;
    const dark = app.root.classList.contains("cnn-dark");
    const unit = look.unit && look.unit.every((place) => place < row.n) ? look.unit : result.unit;
    const pixel = look.pixel && look.pixel.every((place) => place < n) ? look.pixel : result.pixel;
    const field = look.unit ? unit.map((place) => seen(layers, rows, number, place)) : result.field;
    const whole = unit.map((place) => [row.first + place * row.jump, row.first + place * row.jump + row.size]);
    const read = look.unit ? unit.map((place) => readBy(layers, rows, number, place)) : result.read;
    const area = ([[top, bottom], [left, right]]) => ({ at: [top, left], size: [bottom - top, right - left] });

    // The photograph: all but the field in shade, what lies in the padding dashed, the pixels really read dotted.
    const box = boxes();
    const cell = fitCell([[n, n]], [box[0] - 2 * MARGIN, box[0] - 2 * MARGIN], 64);
    const marks = [];
    const [[top, bottom], [left, right]] = field;
    if (!look.hidden) {
      marks.push({ style: "around", ...area(field), of: [n, n], hue: SHADE });
      const holes = read[0].length < bottom - top || read[1].length < right - left;
      if (holes && read[0].length * read[1].length <= 1600) for (const r of read[0]) for (const c of read[1]) marks.push({ style: "fill", at: [r + 0.2, c + 0.2], size: [0.6, 0.6], hue: ROLES.kernel });
      if (whole.some(([from, to], i) => from < field[i][0] || to > field[i][1])) marks.push({ style: "reach", ...area(whole) });
      if (bottom > top && right > left) marks.push({ style: "current", ...area(field) });
    }
    if (pixel) marks.push({ style: "current", at: pixel }, { style: "linked", at: spot(pixel, cell).at, size: spot(pixel, cell).size, hue: "#56B4E9" });
    photo.draw({ matrix: matrix(n, n), scale: SCALE, box: [box[0], box[0]], cell, marks, dark, picture: pictureOf(state.picture, n) });
    photo.describe(`Input <b>${n}×${n}</b>`, `${n} by ${n} pixels. Arrow keys choose a pixel, Escape lets it go.`);
    setText(credit, photographs[state.picture].credit);

    // The map, tinted by the picture so that one finds one's way.
    const mapCell = fitCell([[row.n, row.n]], [box[1], box[1]], 64);
    const units = pixel && pixel.map((place) => unitsSeeing(layers, rows, number, place));
    const onMap = units && units[0][1] > 0 && units[1][1] > 0 ? [{ style: "fill", ...area(units), hue: "rgba(86,180,233,.45)" }, { style: "linked", ...area(units), hue: "#0072B2" }] : [];
    map.draw({ matrix: matrix(row.n, row.n), scale: SCALE, box: [box[1], box[1]], cell: mapCell, marks: [...onMap, { style: "current", at: unit }], dark, picture: pictureOf(state.picture, row.n) });
    map.describe(`Map of ${row.name} <b>${look.hidden ? "?" : `${row.n}×${row.n}`}</b>`, `${row.n} by ${row.n} units. Arrow keys choose a unit.`);
    const side = row.size;
    view.draw({ matrix: matrix(side, side), scale: SCALE, box: [box[1], box[2]], cell: fitCell([[side, side]], [box[1] - 4, box[2] - 4], 40), marks: [{ style: "reach", at: [0, 0], size: [side, side] }], dark, picture: look.hidden ? BLANK : crop(pictureOf(state.picture, n), field, whole, side) });
    view.describe(look.hidden ? "" : `<span class="cnn-role-output">[${unit.join(", ")}]</span> sees`, look.hidden ? "Hidden until its size is predicted." : ranges(field));
    setText(summary, look.hidden ? "" : describe({ row, number, unit, field, whole, read, pixel, units, layers }));
  }

  // Room for the photograph, for the map and for what the unit sees, whatever the stack.
  function boxes() {
    const width = stage.clientWidth || 900;
    if (getComputedStyle(stage).gridTemplateColumns.split(" ").length < 3) return [Math.min(width, 372), Math.min(width, 340), 220];
    return [Math.min(360, Math.floor(width * 0.36)), Math.min(180, Math.floor(width * 0.195)), 168];
  }

  return { element: stage, summary, draw };
}

// What a unit sees, enlarged; what lies in the padding stays empty.
function crop(picture, [[top, bottom], [left, right]], whole, side) {
  const canvas = new OffscreenCanvas(side, side);
  if (picture && bottom > top && right > left)
    canvas.getContext("2d").drawImage(picture, left, top, right - left, bottom - top, left - whole[1][0], top - whole[0][0], right - left, bottom - top);
  return canvas;
}

// A single pixel of a large photograph is too small to see: its mark is not.
function spot([r, c], cell) {
  const side = Math.max(1, 12 / cell);
  return { at: [r + (1 - side) / 2, c + (1 - side) / 2], size: [side, side] };
}

function ranges([[top, bottom], [left, right]]) {
  if (top >= bottom || left >= right) return "nothing but padding";
  const range = (word, from, to) => (to - from === 1 ? `${word} ${from}` : `${word}s ${from}–${to - 1}`);
  return `${range("row", top, bottom)}, ${range("column", left, right)}`;
}

// The picture in words; what a learner may miss comes first.
function describe({ row, number, unit, field, whole, read, pixel, units }) {
  const parts = [];
  if (pixel) {
    const count = units.map(([from, to]) => to - from);
    parts.push(
      count[0] * count[1]
        ? `Pixel [${pixel.join(", ")}] is seen by ${plural(count[0] * count[1], "unit")} of ${row.name}: ${ranges(units)}.`
        : `Pixel [${pixel.join(", ")}] is seen by no unit of ${row.name}.`,
    );
  }
  if (!number) return [...parts, "The input itself: every unit is one pixel. Choose a layer."].join(" ");
  const [height, width] = field.map(([from, to]) => to - from);
  parts.push(`Unit [${unit.join(", ")}] of ${row.name} sees ${ranges(field)} (edges ${field.map((pair) => pair.join(" to ")).join(" and ")}).`);
  if (height < row.size || width < row.size) parts.push(`Its whole field is ${row.size}×${row.size}; the rest lies in the padding (dashed).`);
  const holes = read[0].length * read[1].length;
  if (holes < height * width) parts.push(`It really reads ${holes} of these ${height * width} pixels (orange): dilation or stride leaves holes.`);
  return parts.join(" ");
}
