// The parts of every app whose pictures are made in Python: controls from a list, pictures, charts.

import { check, menu, scale, slider } from "./controls.js";
import { Curves } from "./curves.js";
import { element, setText } from "./dom.js";

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
export function paintedPictures() {
  const holder = element("div", { class: "cnn-pictures" });
  return {
    element: holder,
    draw({ pictures, text }) {
      const captions = Object.keys(pictures);
      if (holder.children.length !== captions.length) holder.replaceChildren(...captions.map(() => element("figure", { class: "cnn-grid" }, element("figcaption"), element("canvas", { class: "cnn-canvas", role: "img" }))));
      return Promise.all(captions.map((caption, i) => paint(holder.children[i], caption, pictures[caption], text)));
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
