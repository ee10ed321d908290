// A grid of cells on a canvas: colours, numbers, marks, pointer and keyboard. All that it knows comes with draw().

import { colourAt, colourIndex, inkOn, packedColours } from "./colours.js";
import { element } from "./dom.js";
import { clamp, show } from "./numbers.js";

export const LEAST_FOR_NUMBERS = 22; // px: smaller cells show colours alone

// The cell size that fits all the [rows, cols] given into a box, so that grids beside each other compare.
export function fitCell(sizes, [width, height], most = 56) {
  const room = Math.min(...sizes.map(([rows, cols]) => Math.min(width / cols, height / rows)));
  return room >= 4 ? Math.min(Math.floor(room), most) : room;
}

export class Grid {
  // on: {hover(cell), leave(), press(cell), drag(cell), release(), key(event)}; cells are [row, column].
  constructor({ name, label, on = {} }) {
    this.canvas = element("canvas", { class: "cnn-canvas", tabindex: 0, role: "application", "aria-roledescription": "grid", "aria-label": label });
    this.caption = element("figcaption");
    this.element = element("figure", { class: `cnn-grid cnn-${name}` }, this.caption, this.canvas);
    this.label = label;
    this.shown = null;
    this.pressed = false;
    const listen = (type, handle) => this.canvas.addEventListener(type, handle);
    listen("pointerdown", (event) => {
      const cell = this.cellAt(event);
      if (!cell || event.button) return;
      this.pressed = true;
      this.canvas.setPointerCapture(event.pointerId);
      on.press?.(cell);
    });
    listen("pointermove", (event) => {
      const cell = this.cellAt(event, this.pressed);
      if (!cell) on.leave?.();
      else if (this.pressed) on.drag?.(cell);
      else on.hover?.(cell);
    });
    const release = () => {
      if (this.pressed) on.release?.();
      this.pressed = false;
    };
    listen("pointerup", release);
    listen("pointercancel", release);
    listen("pointerleave", () => !this.pressed && on.leave?.());
    listen("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && on.key?.(event)) {
        event.preventDefault();
        event.stopPropagation(); // JupyterLab and Voila have keys of their own
      }
    });
    this.canvas.dataset.lmSuppressShortcuts = "true";
  }

  // The cell under the pointer; null outside. While dragging, the nearest one.
  cellAt(event, nearest = false) {
    if (!this.shown) return null;
    const { matrix, cell, left, top } = this.shown;
    const frame = this.canvas.getBoundingClientRect();
    const row = Math.floor((event.clientY - frame.top - top) / cell);
    const col = Math.floor((event.clientX - frame.left - left) / cell);
    if (nearest) return [clamp(row, 0, matrix.rows - 1), clamp(col, 0, matrix.cols - 1)];
    return row >= 0 && col >= 0 && row < matrix.rows && col < matrix.cols ? [row, col] : null;
  }

  // matrix, scale: what and in which colours (COLOURED: three values a cell). box: [width, height] in px, fixed by the page. cell: px a cell.
  // kind(r, c): "padding", "unused", "hidden" or "". marks: [{at, size, style, hue, text}], drawn in order.
  // picture: a canvas or bitmap shown in place of the numbers' colours (a photograph in colour).
  draw({ matrix, scale, box, cell, kind = null, marks = [], dark = false, digits = 3, frame = null, picture = null }) {
    const [width, height] = box;
    const left = Math.round((width - matrix.cols * cell) / 2);
    const top = Math.round((height - matrix.rows * cell) / 2);
    this.shown = { matrix, cell, left, top };
    const ratio = globalThis.devicePixelRatio || 1;
    const { canvas } = this;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.setTransform(ratio, 0, 0, ratio, left * ratio, top * ratio);
    const ink = dark ? "#fff" : "#111";
    if (picture) paintPicture(pen, picture, matrix, cell);
    else paintCells(pen, { matrix, scale, cell, kind, dark });
    if (cell >= 8) paintLines(pen, matrix, cell, dark);
    if (cell >= LEAST_FOR_NUMBERS && !picture) paintNumbers(pen, { matrix, scale, cell, kind, marks, digits, dark });
    if (frame) outline(pen, frame.at, frame.size, cell, { colour: frame.colour, width: 2 });
    for (const mark of marks) MARKS[mark.style](pen, mark, cell, ink);
  }

  describe(caption, description) {
    if (this.caption.$text !== caption) this.caption.innerHTML = this.caption.$text = caption;
    const label = `${this.label}. ${description}`;
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
  }
}

// Two canvases to paint on before the one that is seen; made once, as large as was ever needed.
const scratch = [new OffscreenCanvas(1, 1), new OffscreenCanvas(1, 1)];

function scratchPen(which, width, height) {
  const canvas = scratch[which];
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  return canvas.getContext("2d", { willReadFrequently: true });
}

function paintCells(pen, { matrix, scale, cell, kind, dark }) {
  const { rows, cols } = matrix;
  const small = scratchPen(0, cols, rows);
  small.putImageData(imageOf(matrix, scale, kind, dark), 0, 0);
  const ratio = pen.getTransform().a;
  if (Number.isInteger(cell * ratio)) {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small.canvas, 0, 0, cols, rows, 0, 0, cols * cell, rows * cell);
  } else {
    // Cells that are no whole number of pixels: enlarge sharply past the size, then shrink smoothly, so all look alike.
    const factor = Math.ceil(cell * ratio);
    const large = scratchPen(1, cols * factor, rows * factor);
    large.imageSmoothingEnabled = false;
    large.globalCompositeOperation = "copy";
    large.drawImage(small.canvas, 0, 0, cols, rows, 0, 0, cols * factor, rows * factor);
    pen.imageSmoothingEnabled = true;
    pen.drawImage(large.canvas, 0, 0, cols * factor, rows * factor, 0, 0, cols * cell, rows * cell);
  }
  if (kind) hatch(pen, matrix, cell, kind, dark);
}

function imageOf({ rows, cols, data }, scale, kind, dark) {
  const image = new ImageData(cols, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const [plain, faded] = scale.rgb ? [] : [packedColours(scale), packedColours(scale, true, dark)];
  for (let r = 0, i = 0; r < rows; r++)
    for (let c = 0; c < cols; c++, i++) {
      const what = kind ? kind(r, c) : "";
      if (what === "hidden" || Number.isNaN(data[i])) continue;
      if (scale.rgb) image.data.set([...colourAt(scale, data, i, what === "padding", dark), 255], 4 * i);
      else pixels[i] = (what === "padding" ? faded : plain)[colourIndex(scale, data[i])];
    }
  return image;
}

function paintPicture(pen, picture, { rows, cols }, cell) {
  pen.imageSmoothingEnabled = cell < 4; // large cells keep sharp edges
  pen.drawImage(picture, 0, 0, cols * cell, rows * cell);
}

// Cells that the kernel never reaches carry diagonal lines; cells not computed yet stay empty.
function hatch(pen, { rows, cols }, cell, kind, dark) {
  pen.save();
  pen.beginPath();
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) if (kind(r, c) === "unused") pen.rect(c * cell, r * cell, cell, cell);
  pen.clip();
  pen.strokeStyle = dark ? "#ffb3c7" : "#a3123f";
  pen.lineWidth = cell >= 8 ? 1.5 : 1;
  pen.beginPath();
  const gap = cell >= 8 ? 7 : 4;
  for (let x = -rows * cell; x < cols * cell; x += gap) {
    pen.moveTo(x, rows * cell);
    pen.lineTo(x + rows * cell, 0);
  }
  pen.stroke();
  pen.restore();
}

function paintLines(pen, { rows, cols }, cell, dark) {
  pen.strokeStyle = dark ? "rgba(255,255,255,.28)" : "rgba(0,0,0,.22)";
  pen.lineWidth = 1;
  pen.beginPath();
  for (let r = 0; r <= rows; r++) {
    pen.moveTo(0, r * cell);
    pen.lineTo(cols * cell, r * cell);
  }
  for (let c = 0; c <= cols; c++) {
    pen.moveTo(c * cell, 0);
    pen.lineTo(c * cell, rows * cell);
  }
  pen.stroke();
}

function paintNumbers(pen, { matrix, scale, cell, kind, marks, digits, dark }) {
  const raised = new Set(marks.filter((mark) => mark.text).map(({ at: [r, c] }) => r * matrix.cols + c));
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (let r = 0, i = 0; r < matrix.rows; r++)
    for (let c = 0; c < matrix.cols; c++, i++) {
      const what = kind ? kind(r, c) : "";
      if (what === "hidden") continue;
      const colour = colourAt(scale, matrix.data, i, what === "padding", dark);
      pen.fillStyle = inkOn(colour);
      if (scale.rgb) {
        paintThree(pen, colour, r, c, cell);
        continue;
      }
      const text = show(matrix.data[i], digits);
      const size = clamp(Math.min(cell * 0.44, (cell * 1.44) / Math.max(text.length, 2)), 8, 22);
      pen.font = `${what === "padding" ? "italic " : ""}${size}px ${NUMBER_FONT}`;
      pen.fillText(text, (c + 0.5) * cell, (r + (raised.has(i) ? 0.4 : 0.52)) * cell);
    }
}

// Red, green and blue below each other, where there is room for three.
function paintThree(pen, colour, r, c, cell) {
  if (cell < 34) return;
  pen.font = `${clamp(cell * 0.29, 10, 18)}px ${NUMBER_FONT}`;
  colour.forEach((value, i) => pen.fillText(show(Math.round(value)), (c + 0.5) * cell, (r + 0.2 + 0.31 * i) * cell));
}

const NUMBER_FONT = '"DejaVu Sans", Verdana, system-ui, sans-serif';

function outline(pen, [row, col], [rows, cols], cell, { colour, width, dash = [] }) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dash);
  pen.strokeRect(col * cell, row * cell, cols * cell, rows * cell);
  pen.setLineDash([]);
}

// A dark line between light ones (or the reverse): seen on every picture, also where a cell is a single pixel.
function strong(pen, [row, col], [rows, cols], cell, ink) {
  const least = 12 / cell;
  const [height, width] = [Math.max(rows, least), Math.max(cols, least)];
  const at = [row + (rows - height) / 2, col + (cols - width) / 2];
  const line = cell >= 8 ? 3 : 2;
  outline(pen, at, [height, width], cell, { colour: ink === "#fff" ? "#000" : "#fff", width: line + 2 });
  outline(pen, at, [height, width], cell, { colour: ink, width: line });
}

const MARKS = {
  // The current window or cell.
  current: (pen, { at, size = [1, 1] }, cell, ink) => strong(pen, at, size, cell, ink),
  // All that a dilated window reaches over.
  reach: (pen, { at, size }, cell, ink) => outline(pen, at, size, cell, { colour: ink, width: 1.5, dash: [5, 4] }),
  // A region tinted.
  fill: (pen, { at: [r, c], size: [rows, cols], hue }, cell) => {
    pen.fillStyle = hue;
    pen.fillRect(c * cell, r * cell, cols * cell, rows * cell);
  },
  // All but a region tinted; `of`: rows and columns of the whole grid.
  around: (pen, { at: [r, c], size: [rows, cols], of, hue }, cell) => {
    pen.fillStyle = hue;
    pen.beginPath();
    pen.rect(0, 0, of[1] * cell, of[0] * cell);
    pen.rect(c * cell, r * cell, cols * cell, rows * cell);
    pen.fill("evenodd");
  },
  // Cells that belong to what is hovered in another grid.
  linked: (pen, { at, size = [1, 1], hue }, cell) => outline(pen, at, size, cell, { colour: hue ?? "#CC79A7", width: cell >= 8 ? 3 : 1.5 }),
  // A cell under one weight: the weight's bar along the foot and the weight itself.
  tap: (pen, { at: [r, c], hue, text }, cell) => {
    pen.fillStyle = hue;
    pen.fillRect(c * cell + 1, (r + 1) * cell - Math.max(3, cell * 0.09), cell - 2, Math.max(2, cell * 0.09));
    if (!text || cell < 36) return;
    const size = clamp(cell * 0.26, 10, 14);
    pen.font = `bold ${size}px ${NUMBER_FONT}`;
    pen.textAlign = "right";
    pen.textBaseline = "alphabetic";
    const width = pen.measureText(text).width + 4;
    pen.fillStyle = "rgba(255,255,255,.88)";
    pen.fillRect((c + 1) * cell - width - 1, (r + 0.9) * cell - size - 2, width, size + 2);
    pen.fillStyle = "#7a4b00";
    pen.fillText(text, (c + 1) * cell - 3, (r + 0.9) * cell - 3);
  },
};
