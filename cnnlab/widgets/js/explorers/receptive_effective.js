// Theoretical against effective field: the measured gradient of one unit, at every depth, drawn over what it can see.

import { mount } from "../app.js";
import { greyScale } from "../colours.js";
import { choice, menu, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { decode } from "../payload.js";
import { show } from "../numbers.js";

const SIDE = 340; // px of the picture

// What was measured stands in the payload; this picks it, and puts it on the largest square of all depths.
export function compute({ depth, kind, view, depths, fields, photograph }) {
  const index = depths.indexOf(depth);
  const { shades, effectives } = fields[kind];
  const strength = decode(shades[index]);
  const side = 2 * Math.max(...depths) + 1;
  const margin = (side - strength.rows) / 2;
  const shown = matrix(side, side);
  const behind = view === "photograph" ? decode(photograph).data : null;
  for (let r = 0, i = 0; r < strength.rows; r++)
    for (let c = 0; c < strength.cols; c++, i++) {
      const at = (r + margin) * side + c + margin;
      shown.data[at] = behind ? behind[at] * Math.sqrt(strength.data[i] / 255) : strength.data[i];
    }
  // The square root that comes nearest: least squares of a·√depth.
  const a = depths.reduce((sum, d, i) => sum + Math.sqrt(d) * effectives[i], 0) / depths.reduce((sum, d) => sum + d, 0);
  return { field: 2 * depth + 1, effective: effectives[index], effectives, shown, side, root: a };
}

function render({ model, el }) {
  const [depths, fields, photograph, share] = ["depths", "fields", "photograph", "share"].map((name) => model.get(name));
  return mount({
    model,
    el,
    label: "Effective receptive field",
    properties: ["depth", "kind", "view"],
    compute: (state) => compute({ ...state, depths, fields, photograph }),
    build(app) {
      const nearest = (wish) => depths.reduce((best, d) => (Math.abs(d - wish) < Math.abs(best - wish) ? d : best));
      const place = slider({ label: "Layers", min: 1, max: depths.at(-1), change: (wish) => app.set({ depth: moved(wish) }), say: app.say });
      // Between two measured depths the slider jumps on in the direction it was moved.
      const moved = (wish) => {
        const { depth } = app.state;
        if (depths.includes(wish)) return wish;
        if (Math.abs(wish - depth) !== 1) return nearest(wish);
        return wish > depth ? depths.find((d) => d > depth) : depths.findLast((d) => d < depth);
      };
      const kind = menu({ label: "Network", options: Object.keys(fields).map((name) => [name, name]), change: (name) => app.set({ kind: name }) });
      const view = choice({ label: "Show", options: [["gradient", "the gradient"], ["photograph", "the photo through it"]], change: (name) => app.set({ view: name }) });
      const picture = new Grid({ name: "strength", label: "Gradient of one unit" });
      const chart = new Curves({ name: "chart", label: "Field against depth" });
      const words = element("p", { class: "cnn-summary cnn-effective-words", "aria-live": "polite" });
      app.root.append(
        element("div", { class: "cnn-controls cnn-across" }, place.element, kind.element, view.element),
        element("div", { class: "cnn-effective" }, picture.element, chart.element),
        words,
      );

      return (result, state) => {
        const { field, effective, effectives, shown, side, root } = result;
        const dark = app.root.classList.contains("cnn-dark");
        const most = depths.at(-1);
        place.update(state.depth);
        kind.update(state.kind);
        view.update(state.view);
        const box = Math.min(SIDE, app.root.clientWidth);
        const square = (size) => ({ at: [(side - size) / 2, (side - size) / 2], size: [size, size] });
        picture.draw({
          matrix: shown,
          scale: greyScale(0, 255),
          box: [box, box],
          cell: fitCell([[side, side]], [box, box]),
          marks: [{ style: "linked", ...square(field), hue: "#56B4E9" }, { style: "linked", ...square(effective), hue: "#E69F00" }],
          dark,
        });
        setHtml(picture.caption, `<span class="cnn-role-input">can see ${field}×${field}</span> · <span class="cnn-role-kernel">answers to ${effective}×${effective}</span>`);
        picture.canvas.setAttribute("aria-label", `Gradient of one unit: brightest in the middle. The theoretical field is ${field} pixels wide, ${Math.round(100 * share)} percent of the gradient lie in the middle ${effective}.`);
        const width = Math.min(760, app.root.clientWidth > 760 ? app.root.clientWidth - SIDE - 24 : app.root.clientWidth);
        chart.draw({
          box: [width, Math.min(SIDE, width)],
          x: { range: [0, most + 1], name: "layers of 3×3" },
          y: { range: [0, 2 * most + 4], name: "pixels wide" },
          lines: [
            { points: depths.map((d) => [d, 2 * d + 1]), role: "input", name: "can see: 2·layers + 1", label: depths.length - 2, lift: -12 },
            { points: Array.from({ length: 65 }, (_, i) => (i * most) / 64).map((d) => [d, root * Math.sqrt(d)]), role: "kernel", style: "dashed", name: `answers to: about ${show(root, 2)}·√layers`, ...(width < 600 ? { at: [most, 3], lift: 0 } : { label: 40, anchor: "start", lift: 28 }) },
          ],
          dots: depths.map((d, i) => ({ at: [d, effectives[i]], role: "kernel", large: d === state.depth })),
        });
        chart.describe("Field against depth", `With ${state.depth} layers a unit can see ${field} pixels and answers to ${effective}.`);
        setText(
          words,
          `${state.depth === 1 ? "1 layer" : `${state.depth} layers`}, ${state.kind}: a unit can see ${field}×${field} pixels, but ${Math.round(100 * share)} % of its gradient lie in the middle ${effective}×${effective}, ` +
            `${Math.round((100 * effective ** 2) / field ** 2)} % of that area. What it can see grows with the number of layers, what it answers to about with its square root.`,
        );
      };
    },
  });
}

export default { render };
