// Step 5 as two curves: the moving averages after each mini-batch, and what each mini-batch alone would say.

import { element } from "../dom.js";
import { Curves } from "../curves.js";
import { clamp, show } from "../numbers.js";

const KINDS = [["mean", "mean", "μ", [-1, 7], [0, 2, 4, 6]], ["variance", "variance", "σ²", [0, 13], [0, 4, 8, 12]]];

export function buildAverages(app, population) {
  const go = ([x]) => app.set({ step: clamp(Math.round(x) - 1, 0, app.state.batches.length - 1) });
  const key = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -5, PageUp: 5, Home: -1000, End: 1000 }[event.key];
    if (by) go([app.state.step + 1 + by]);
    return Boolean(by);
  };
  const charts = KINDS.map(([name, word]) => new Curves({ name, label: `Moving ${word}`, on: { drag: go, key } }));

  return {
    element: element("div", { class: "cnn-plots cnn-stage" }, ...charts.map((chart) => chart.element)),
    draw({ averages, singles, after }, { batches, step, training }) {
      const room = charts[0].element.parentElement.clientWidth;
      const width = room > 640 ? Math.floor((room - 16) / 2) : room;
      const last = batches.length;
      const all = training ? [...averages, after] : averages;
      KINDS.forEach(([name, word, symbol, range, ticks], i) => {
        charts[i].draw({
          box: [width, 146],
          x: { range: [0, last], ticks: [0, 10, 20, 30] },
          y: { range, ticks },
          rules: [{ y: population[name], role: "plain", style: "dashed" }, { x: step + 1, role: "plain", style: "dotted" }],
          lines: [{ points: all.map((one, at) => [at, one[name]]), role: "output", width: 3 }],
          dots: [...singles.map((one, at) => ({ at: [at + 1, clamp(one[name], ...range)], role: "input", small: true })), { at: [all.length - 1, clamp(all.at(-1)[name], ...range)], role: "output", name: show(all.at(-1)[name]), large: true }],
        });
        const present = show(all.at(-1)[name]);
        charts[i].describe(`<b class="cnn-role-output">moving ${symbol}</b> by mini-batch; dashed: all data`, `After ${all.length - 1} mini-batches it is ${present}; all data have ${show(population[name])}. Arrow keys change the mini-batch.`);
      });
    },
  };
}
