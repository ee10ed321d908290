// The parts of every app whose pictures are made in Python: controls from a list, pictures, charts.

import { check, menu, scale, slider } from "./controls.js";
import { Curves } from "./curves.js";
import { element, setText } from "./dom.js";
import { clamp } from "./numbers.js";

const KINDS = { check, menu, scale, slider };
const SIDE = 360; // px that a picture fills at most, in whole multiples of its own pixels

// controls: [{kind: "slider", "scale", "menu" or "check", name, label, ...}] as Python declares them.
export function declaredControls(app, controls) {
  const parts = controls.map(({ kind, name, label, ...more }) => [name, KINDS[kind]({ label, say: app.say, change: (value) => app.set({ [name]: value }), ...more })]);
  return {
    element: element("div", { class: "cnn-controls" }, ...parts.map(([, part]) => part.element)),
    update(state) {
      for (const [name, part] of parts) part.update(state[name]);
    },
  };
}

// Pictures change in place: the new one is decoded before it replaces the old, so nothing flickers.
// pointed: {number of a picture: {across, down, on}}: the state that takes the pointer's place on it, in per cent of its
// width and height, when it is moved over the picture (on: "move") or only pressed ("press"). The same state has
// sliders: the pointer is a quick way to them, not the only one.
export function paintedPictures(app = null, pointed = {}) {
  const holder = element("div", { class: "cnn-pictures" });
  const canvasOf = (number) => {
    const canvas = element("canvas", { class: "cnn-canvas", role: "img" });
    const place = pointed[number];
    if (place) listen(canvas, place, app);
    return canvas;
  };
  return {
    element: holder,
    draw({ pictures, text }) {
      const captions = Object.keys(pictures);
      if (holder.children.length !== captions.length) holder.replaceChildren(...captions.map((_, i) => element("figure", { class: "cnn-grid" }, element("figcaption"), canvasOf(i))));
      return Promise.all(captions.map((caption, i) => paint(holder.children[i], caption, pictures[caption], text)));
    },
  };
}

function listen(canvas, { across, down, on }, app) {
  canvas.classList.add("cnn-follows");
  const take = (event) => {
    const frame = canvas.getBoundingClientRect();
    const share = (at, from, length) => Math.round(100 * clamp((at - from) / length, 0, 1));
    app.set({ [across]: share(event.clientX, frame.left, frame.width), [down]: share(event.clientY, frame.top, frame.height) });
  };
  canvas.addEventListener("pointerdown", take);
  if (on === "move") canvas.addEventListener("pointermove", take);
}

// Shares of 1 as bars below each other: [{name, value, before}]; `before` is a mark on the bar.
export function declaredBars() {
  const holder = element("div", { class: "cnn-shares" });
  const per = (share) => `${(100 * share).toFixed(1)}%`;
  return {
    element: holder,
    draw(bars = []) {
      if (holder.children.length !== bars.length) holder.replaceChildren(...bars.map(() => element("div", { class: "cnn-share" }, element("span"), element("div", {}, element("i"), element("b")), element("span"))));
      bars.forEach(({ name, value, before }, i) => {
        const [label, track, number] = holder.children[i].children;
        setText(label, name);
        setText(number, per(value).replace("%", " %"));
        track.children[0].style.width = per(value);
        track.children[1].style.left = per(before ?? value);
      });
    },
  };
}

async function paint(figure, caption, bytes, text) {
  const [title, canvas] = figure.children;
  setText(title, caption);
  canvas.setAttribute("aria-label", `${caption}. ${text}`);
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const factor = Math.max(1, Math.floor(SIDE / Math.max(bitmap.width, bitmap.height)));
  canvas.width = bitmap.width * factor;
  canvas.height = bitmap.height * factor;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
}

// charts: [{name, text, x, y, lines, dots, rules}] as `Curves.draw` takes them; `text` says the same in words.
export function declaredCharts({ height = 230 } = {}) {
  const holder = element("div", { class: "cnn-charts" });
  let made = [];
  return {
    element: holder,
    draw(charts = []) {
      if (made.map(({ label }) => label).join() !== charts.map(({ name }) => name).join()) {
        made = charts.map(({ name }) => new Curves({ name: "chart", label: name }));
        holder.replaceChildren(...made.map((chart) => chart.element));
      }
      const columns = getComputedStyle(holder).gridTemplateColumns.split(" ").length || 1;
      const width = Math.floor((holder.clientWidth - 20 * (columns - 1)) / columns);
      if (width < 120) return;
      charts.forEach(({ name, text, ...parts }, i) => {
        made[i].draw({ box: [width, height], ...parts });
        made[i].describe(name, text ?? "");
      });
    },
  };
}
