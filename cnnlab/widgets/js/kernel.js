// The kernel as a table of boxes to type in. Arrow keys walk, hovering or focusing a weight says which one.

import { cellColour, inkOn } from "./colours.js";
import { element, prefersStill, setText } from "./dom.js";
import { clamp, read, show } from "./numbers.js";

export class KernelEditor {
  // on: {edit(row, column, value), point([row, column] or null), refuse(text), word: what a cell is called}
  constructor(on) {
    this.on = on;
    this.caption = element("figcaption");
    this.table = element("div", { class: "cnn-weights", role: "group", "aria-label": on.word ? `${on.word} table` : "Kernel weights" });
    this.element = element("figure", { class: "cnn-grid cnn-kernel" }, this.caption, this.table);
    this.boxes = [];
    this.active = 0;
  }

  // kernel: as applied (turned already for a convolution). hue(i): the colour that marks weight i.
  draw({ kernel, scale, box, hue, pointed, caption }) {
    const { rows, cols, data } = kernel;
    if (this.rows !== rows || this.cols !== cols) this.rebuild(rows, cols);
    const cell = Math.min(Math.floor(Math.min(box[0] / cols, box[1] / rows)), 56);
    Object.assign(this.table.style, { gridTemplateColumns: `repeat(${cols}, ${cell}px)`, gridAutoRows: `${cell}px`, width: `${box[0]}px`, height: `${box[1]}px` });
    this.boxes.forEach((input, i) => {
      const colour = cellColour(scale, data[i]);
      const text = show(data[i], cell < 40 ? 2 : 3);
      if (document.activeElement !== input || !input.$typing) input.value = text;
      input.style.cssText =
        `background:rgb(${colour.join(" ")});color:${inkOn(colour)};--hue:${hue(i)};` +
        `font-size:${clamp(Math.min(cell * 0.42, (cell * 1.5) / Math.max(text.length, 2)), 8, 20)}px`;
      input.classList.toggle("cnn-pointed", Boolean(pointed) && pointed[0] * cols + pointed[1] === i);
    });
    setText(this.caption, caption);
  }

  rebuild(rows, cols) {
    Object.assign(this, { rows, cols, active: Math.min(this.active, rows * cols - 1) });
    while (this.boxes.length > rows * cols) this.boxes.pop().remove();
    while (this.boxes.length < rows * cols) this.table.append(this.boxes[this.boxes.push(this.box(this.boxes.length)) - 1]);
    this.boxes.forEach((box, i) => {
      const [row, col] = this.place(i);
      box.setAttribute("aria-label", `${this.on.word ?? "Weight"}, row ${row + 1}, column ${col + 1}`);
      box.tabIndex = i === this.active ? 0 : -1;
    });
  }

  place(index) {
    return [Math.floor(index / this.cols), index % this.cols];
  }

  // Boxes stay when the table changes its size, so each asks for its row and column when it needs them.
  box(index) {
    const commit = () => {
      if (!input.$typing) return;
      const [row, col] = this.place(index);
      input.$typing = false;
      const value = read(input.value);
      this.on.edit(row, col, value);
      if (value === null) this.on.refuse(`${this.on.word ?? "Weight"} ${row + 1}, ${col + 1}: “${input.value}” is not a number; write one such as 2, −0.5 or 1/9.`);
    };
    const input = element("input", {
      type: "text",
      inputmode: "decimal",
      tabindex: -1,
      autocomplete: "off",
      "data-lm-suppress-shortcuts": "true",
      oninput: () => (input.$typing = true),
      onblur: () => {
        commit();
        this.on.point(null);
      },
      onfocus: () => {
        this.focused(index);
        input.select();
      },
      onpointerenter: () => this.on.point(this.place(index)),
      onpointerleave: () => this.on.point(null),
      onkeydown: (event) => {
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (event.key === "Enter") commit();
        if (event.key === "Escape") input.$typing = false;
        if (!step || (input.$typing && step[1])) return; // while typing, left and right move in the text
        event.preventDefault();
        commit();
        const [row, col] = this.place(index);
        this.boxes[clamp(row + step[0], 0, this.rows - 1) * this.cols + clamp(col + step[1], 0, this.cols - 1)].focus();
      },
    });
    return input;
  }

  focused(index) {
    this.boxes[this.active].tabIndex = -1;
    this.active = index;
    this.boxes[index].tabIndex = 0;
    this.on.point(this.place(index));
  }

  // The half turn that makes a convolution of a correlation, seen: the table turns, its numbers stay upright.
  turn() {
    if (prefersStill()) return;
    const timing = { duration: 450, easing: "ease-in-out" };
    this.table.animate([{ transform: "rotate(-180deg)" }, { transform: "none" }], timing);
    for (const box of this.boxes) box.animate([{ transform: "rotate(180deg)" }, { transform: "none" }], timing);
  }
}
