// Is it a pair of axes? Image, two kernels, two maps, max pooling, decision: every number to be seen and changed.

import { mount } from "../app.js";
import { paleSignedScale, ROLES, signedScale } from "../colours.js";
import { menu, slider } from "../controls.js";
import { correlate } from "../convolution.js";
import { element, setHtml, setText } from "../dom.js";
import { Grid } from "../grid.js";
import { KernelEditor } from "../kernel.js";
import { toMatrix } from "../matrices.js";
import { clamp, show } from "../numbers.js";

const MOST = 9;

// kernels: {name: matrix}.
export function compute({ image, threshold, kernels }) {
  const maps = Object.fromEntries(Object.entries(kernels).map(([name, kernel]) => [name, correlate(toMatrix(image), kernel, [1, 1], [1, 1])]));
  const maxima = Object.fromEntries(Object.entries(maps).map(([name, { data }]) => [name, Math.max(...data)]));
  return { maps, maxima, axes: Object.values(maxima).every((value) => value >= threshold) };
}

function render({ model, el }) {
  const examples = model.get("examples"); // {name: rows}
  const kernels = Object.fromEntries(Object.entries(model.get("kernels")).map(([name, rows]) => [name, toMatrix(rows)]));
  return mount({
    model,
    el,
    label: "Axes classifier",
    properties: ["image", "threshold"],
    compute: (state) => compute({ ...state, kernels }),
    build(app) {
      const look = { at: null, of: null }; // an output cell pointed at, and in which map
      const { say } = app;
      const example = menu({ label: "Example", options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])], change: (name) => examples[name] && app.set({ image: examples[name] }) });
      const threshold = slider({ label: "Threshold", min: 0, max: 4, step: 0.5, say, change: (value) => app.set({ threshold: value }) });
      const editor = new KernelEditor({
        word: "Pixel",
        edit(r, c, value) {
          if (value === null) return app.redraw();
          const image = app.state.image.map((row) => [...row]);
          image[r][c] = clamp(value, -MOST, MOST);
          app.set({ image });
          if (image[r][c] !== value) say(`Pixel: ${show(value)} is outside −${MOST} to ${MOST}; ${show(image[r][c])} is used.`);
        },
        point: () => {},
        refuse: (text) => app.refuse(text),
      });
      editor.element.classList.add("cnn-input");
      const lanes = Object.keys(kernels).map((name) => lane(app, name, look));
      const verdict = element("p", { class: "cnn-ax-verdict", "aria-live": "polite" });
      const summary = element("p", { class: "cnn-summary" });
      const stage = element("div", { class: "cnn-ax" }, editor.element, element("div", { class: "cnn-ax-lanes" }, ...lanes.map((one) => one.element)), verdict);
      app.root.append(element("div", { class: "cnn-across cnn-ax-controls" }, example.element, threshold.element), stage, summary);

      return (result, state) => {
        const dark = app.root.classList.contains("cnn-dark");
        example.update(Object.keys(examples).find((name) => JSON.stringify(examples[name]) === JSON.stringify(state.image)) ?? "");
        threshold.update(state.threshold);
        const image = toMatrix(state.image);
        const under = look.at ? (i) => inWindow(i, look.at) : () => false;
        editor.draw({ kernel: image, scale: paleSignedScale([1, ...image.data]), box: [248, 248], hue: () => "transparent", pointed: null, caption: "Image 4×4" });
        editor.boxes.forEach((box, i) => box.classList.toggle("cnn-ax-seen", under(i)));
        for (const one of lanes) one.draw(kernels, result, state, dark);
        const { vertical, horizontal } = result.maxima;
        const lines = [[vertical, "upright"], [horizontal, "level"]].filter(([value]) => value >= state.threshold).map(([, word]) => word);
        setHtml(verdict, result.axes ? "<b>Axes.</b> Both lines are there." : `<b>No axes.</b> ${lines.length ? `Only an ${lines[0]} line`.replace("an level", "a level") : "No line"} reaches ${show(state.threshold)}.`);
        verdict.classList.toggle("cnn-ax-yes", result.axes);
        setText(summary, look.at ? windowInWords(image, kernels[look.of], look, result.maps[look.of]) : `Vertical: largest of four windows ${show(vertical)}. Horizontal: ${show(horizontal)}. Both must reach ${show(state.threshold)}. Point at a cell of a map to see its window.`);
      };
    },
  });
}

const inWindow = (i, [r, c]) => Math.floor(i / 4) >= r && Math.floor(i / 4) < r + 3 && i % 4 >= c && i % 4 < c + 3;

// One kernel with its map and the largest value in it.
function lane(app, name, look) {
  const point = (at) => {
    Object.assign(look, { at, of: name });
    app.redraw();
  };
  const kernel = new Grid({ name: `${name}-kernel`, label: `Kernel for ${name} lines` });
  kernel.canvas.tabIndex = -1;
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const map = new Grid({
    name: `${name}-map`,
    label: `Map of ${name} lines`,
    on: {
      hover: point,
      leave: () => point(null),
      press: point,
      key({ key }) {
        if (key === "Escape") point(null);
        else if (step[key]) point((look.of === name && look.at ? look.at : [0, 0]).map((place, i) => (look.at && look.of === name ? clamp(place + step[key][i], 0, 1) : place)));
        else return false;
        return true;
      },
    },
  });
  const most = element("p", { class: "cnn-ax-most" });
  return {
    element: element("div", { class: "cnn-ax-lane" }, kernel.element, map.element, most),
    draw(kernels, result, state, dark) {
      const values = result.maps[name];
      const best = values.data.indexOf(result.maxima[name]);
      kernel.draw({ matrix: kernels[name], scale: paleSignedScale(kernels[name].data), box: [132, 132], cell: 44, dark });
      kernel.describe(`<b>${name}</b>`, kernels[name].data.join(" "));
      const marks = [{ style: "linked", at: [Math.floor(best / 2), best % 2], hue: ROLES.output }];
      if (look.at && look.of === name) marks.push({ style: "current", at: look.at });
      map.draw({ matrix: values, scale: signedScale(2 * Math.max(1, ...values.data.map(Math.abs))), box: [132, 132], cell: 62, marks, dark });
      map.describe("map <b>2×2</b>", `${Array.from(values.data, (value) => show(value)).join(", ")}. Arrow keys choose a window.`);
      const enough = result.maxima[name] >= state.threshold;
      setHtml(most, `max = <b>${show(result.maxima[name])}</b><br>${enough ? "≥" : "&lt;"} ${show(state.threshold)} ${enough ? "✓" : "✗"}`);
    },
  };
}

function windowInWords(image, kernel, { at: [r, c] }, map) {
  const terms = Array.from(kernel.data, (weight, i) => {
    const value = image.data[(r + Math.floor(i / 3)) * 4 + c + (i % 3)];
    return `${value < 0 ? `(${show(value)})` : show(value)}·${weight < 0 ? `(${show(weight)})` : show(weight)}`;
  });
  return `${terms.join(" + ")} = ${show(map.data[r * 2 + c])}`;
}

export default { render };
