// Where a network's weights and work sit: a bar for each block, weights upwards, multiply-adds downwards.

import { element, setHtml, setText } from "../dom.js";
import { grouped } from "../numbers.js";
import { brief } from "./architectures_compute.js";

const TALL = 52; // px of the largest bar
const BAND = 18; // px between up and down: the side of the map
const HEIGHT = 2 * TALL + BAND + 4;
const BASE = TALL + 2;

export function buildSkyline(choose) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("class", "cnn-skyline");
  svg.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-layer]");
    if (bar) choose(Number(bar.dataset.layer));
  });
  const [weights, work] = ["weights", "work"].map((name) => element("span", { class: `cnn-key-${name}` }));
  return {
    element: element("div", {}, element("p", { class: "cnn-skyline-key" }, weights, work), svg),
    // entries: blocks with their counts; most: what the tallest bars stand for; chosen: number of the chosen layer.
    draw(entries, most, chosen, width) {
      const step = width / entries.length;
      const bar = Math.min(step * 0.82, 44);
      const parts = [];
      let side = null;
      let free = 0; // px from which the next side of the map can be written
      entries.forEach(({ kind, name, first, stop, chosen: target, last, parameters, multiply_adds }, i) => {
        const left = i * step + (step - bar) / 2;
        const up = (TALL * parameters) / most.parameters;
        const down = (TALL * multiply_adds) / most.multiply_adds;
        const here = first <= chosen && chosen < stop;
        parts.push(
          `<g data-layer="${target}" class="cnn-skyline-bar${here ? " cnn-picked" : ""}"><title>${kind} (${name}): ${grouped(parameters)} parameters, ${grouped(multiply_adds)} multiply-adds</title>` +
            `<rect class="cnn-skyline-hit" x="${i * step}" y="0" width="${step}" height="${HEIGHT}"/>` +
            `<rect class="cnn-skyline-weights" x="${left}" y="${BASE - up}" width="${bar}" height="${up}"/>` +
            `<rect class="cnn-skyline-work" x="${left}" y="${BASE + BAND}" width="${bar}" height="${down}"/></g>`,
        );
        const now = last[2].length > 1 ? last[2][1] : 1;
        if (now !== side) {
          side = now;
          const text = String(now);
          const from = Math.max(left, free);
          if (from < left + 3 * step) {
            parts.push(`<text class="cnn-skyline-side" x="${from}" y="${BASE + 14}">${text}</text>`);
            free = from + 9 * text.length + 8;
          }
        }
      });
      setText(weights, `parameters up, tallest bar ${brief(most.parameters)}`);
      setText(work, `multiply-adds down, ${brief(most.multiply_adds)}`);
      svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
      svg.setAttribute("width", width);
      svg.setAttribute("height", HEIGHT);
      const heaviest = entries.reduce((one, other) => (other.parameters > one.parameters ? other : one));
      const busiest = entries.reduce((one, other) => (other.multiply_adds > one.multiply_adds ? other : one));
      svg.setAttribute("aria-label", `Most parameters: ${heaviest.kind}, ${grouped(heaviest.parameters)}. Most multiply-adds: ${busiest.kind}, ${grouped(busiest.multiply_adds)}.`);
      setHtml(svg, parts.join(""));
    },
  };
}
