// A bar turned and moved over a simple and a complex cell of the visual cortex: what they answer, and their curves.

import { mount } from "../app.js";
import { extent, greyScale, signedScale } from "../colours.js";
import { button, choice, slider } from "../controls.js";
import { Curves } from "../curves.js";
import { element, setHtml, setText } from "../dom.js";
import { Grid } from "../grid.js";
import { clamp, show } from "../numbers.js";
import { player } from "../player.js";
import { ANGLES, compute, OFFSETS, REACH, SIZE } from "./hubel_wiesel_compute.js";

const BAR = [
  ["angle", "Angle, °", 0, 180, 1],
  ["offset", "Place, cells", -REACH, REACH, 0.5],
  ["width", "Width, cells", 1, 8, 0.5],
];
const CELL = [
  ["preferred", "Its angle, °", 0, 180, 5],
  ["wavelength", "Wave, cells", 6, 12, 0.5],
  ["phase", "Phase, °", 0, 345, 15],
];
const PROPERTIES = ["angle", "offset", "width", "light", "preferred", "wavelength", "phase"];
const near = (list, value) => list.reduce((best, at, i) => (Math.abs(at - value) < Math.abs(list[best] - value) ? i : best), 0);

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Hubel and Wiesel’s bar",
    properties: PROPERTIES,
    compute,
    build(app) {
      // Which places of the curves have been visited; null: the whole curves are shown.
      app.look = { angles: null, offsets: null };
      const parts = [buildControls(app), buildStage(app)];
      app.root.append(element("div", { class: "cnn-columns" }, parts[0].element, parts[1].element));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

function buildControls(app) {
  const { look, say } = app;
  const make = ([name, label, min, max, step]) => [name, slider({ label, min, max, step, say, change: (value) => app.set({ [name]: value }) })];
  const sliders = [...BAR.map(make), ...CELL.map(make)];
  const light = choice({ label: "Bar", options: [[true, "light bar"], [false, "dark bar"]], change: (value) => app.set({ light: value }) });
  const turn = player({
    app,
    word: "angle",
    count: () => ANGLES.length,
    here: () => near(ANGLES, app.state.angle),
    go: (index) => app.set({ angle: ANGLES[index] }),
    onPlay: (index) => index === 0 && Object.assign(look, { angles: new Set() }),
  });
  const erase = button("Erase curves", () => {
    Object.assign(look, { angles: new Set(), offsets: new Set() });
    app.redraw();
  });
  const whole = button("Show curves", () => {
    Object.assign(look, { angles: null, offsets: null });
    app.redraw();
  });
  const rows = sliders.map(([, one]) => one.element);
  const controls = element(
    "div",
    { class: "cnn-controls" },
    element("b", {}, "The bar"),
    ...rows.slice(0, BAR.length),
    light.element,
    element("hr"),
    element("b", {}, "The cells"),
    ...rows.slice(BAR.length),
    element("hr"),
    element("div", { class: "cnn-tools" }, erase, whole),
    turn.element,
  );
  return {
    element: controls,
    draw(_, state) {
      for (const [name, one] of sliders) one.update(state[name]);
      light.update(state.light);
      turn.update();
    },
  };
}

function buildStage(app) {
  const { look } = app;
  // Where the pointer is, measured across the bar: the bar goes there.
  const moveTo = ([r, c]) => {
    const turn = (app.state.angle * Math.PI) / 180;
    const across = (c - (SIZE - 1) / 2) * Math.sin(turn) + (r - (SIZE - 1) / 2) * Math.cos(turn);
    app.set({ offset: clamp(Math.round(2 * across) / 2, -REACH, REACH) });
  };
  const keys = { ArrowUp: ["angle", 2, 0, 180], ArrowDown: ["angle", -2, 0, 180], ArrowLeft: ["offset", -0.5, -REACH, REACH], ArrowRight: ["offset", 0.5, -REACH, REACH] };
  const retina = new Grid({
    name: "input",
    label: "Retina",
    on: {
      press: moveTo,
      drag: moveTo,
      key({ key }) {
        if (!keys[key]) return false;
        const [name, by, low, high] = keys[key];
        app.set({ [name]: clamp(app.state[name] + by, low, high) });
        return true;
      },
    },
  });
  const grids = ["Simple cell", "Complex cell, first field", "Complex cell, second field"].map((label, i) => new Grid({ name: `field${i}`, label }));
  for (const grid of grids) grid.canvas.tabIndex = -1;
  const gauges = ["simple", "complex"].map((name) => {
    const number = element("b");
    const length = element("span", { class: `cnn-hw-${name}` });
    return { number, length, element: element("div", { class: "cnn-hw-gauge" }, element("span", {}, `${name} cell`), element("span", { class: "cnn-hw-bar" }, length), number) };
  });
  const tuning = new Curves({ name: "tuning", label: "Tuning curve", on: { drag: ([x]) => app.set({ angle: clamp(Math.round(x), 0, 180) }) , key: () => false } });
  const place = new Curves({ name: "place", label: "Answer by place", on: { drag: ([x]) => app.set({ offset: clamp(Math.round(2 * x) / 2, -REACH, REACH) }), key: () => false } });
  const fields = element("div", { class: "cnn-hw-cells" }, retina.element, ...grids.map((grid) => grid.element));
  const charts = element("div", { class: "cnn-hw-charts" }, tuning.element, place.element);
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const whole = element("div", { class: "cnn-main" }, fields, element("div", { class: "cnn-hw-gauges" }, ...gauges.map((gauge) => gauge.element)), charts, summary);

  function draw(result, state) {
    const dark = app.root.classList.contains("cnn-dark");
    const room = fields.clientWidth || 860;
    const columns = room > 600 ? 4 : 2;
    const cell = Math.min(5, Math.floor((room - 12 * (columns - 1)) / columns / SIZE));
    const box = [cell * SIZE, cell * SIZE];
    const light = result.stimulus.data.map((value) => (state.light ? value : 255 - value));
    retina.draw({ matrix: { ...result.stimulus, data: light }, scale: greyScale(0, 255), box, cell, dark });
    retina.describe("<b>Bar</b> on the retina", `A ${state.light ? "light" : "dark"} bar ${show(state.width)} cells wide, ${show(state.angle)} degrees, ${show(state.offset)} cells from the middle. Arrow keys up and down turn it, left and right move it.`);
    const scale = signedScale(Math.max(...extent(result.even.data).map(Math.abs)));
    const outside = (r, c) => (result.stimulus.data[r * SIZE + c] < 128 ? "padding" : "");
    [result.even, result.even, result.odd].forEach((matrix, i) => grids[i].draw({ matrix, scale, box, cell, kind: outside, dark }));
    grids[0].describe("<b>simple</b> cell", "Its weights: red answers to light, blue to dark; strong colours lie under the bar.");
    grids[1].describe("<b>complex</b>: field 1", "The first of the two fields of the complex cell, that of the simple cell.");
    grids[2].describe("<b>complex</b>: field 2", "The second field of the complex cell: the waves a quarter period on.");
    gauges.forEach(({ number, length }, i) => {
      const value = [result.simple, result.complex][i];
      setText(number, `${Math.round(value)} %`);
      length.style.width = `${Math.min(100, value)}%`;
    });

    look.angles?.add(near(ANGLES, state.angle));
    look.offsets?.add(near(OFFSETS, state.offset));
    const width = Math.floor(room > 600 ? (room - 20) / 2 : room);
    const y = { range: [0, 100], ticks: [0, 25, 50, 75, 100], name: "answer, %" };
    drawCurves(tuning, { box: [width, 226], x: { range: [0, 180], ticks: [0, 45, 90, 135, 180], name: "angle of the bar, °" }, y }, ANGLES, result.byAngle, look.angles, state.angle, result);
    drawCurves(place, { box: [width, 226], x: { range: [-REACH, REACH], ticks: [-15, -10, -5, 0, 5, 10, 15], name: "place of the bar, cells from the middle" }, y }, OFFSETS, result.byOffset, look.offsets, state.offset, result);
    const half = (key) => halfWidth(result.byAngle.map((one) => one[key]));
    const key = '<span class="cnn-hw-key cnn-role-input">simple</span><span class="cnn-hw-key cnn-role-output">complex</span>';
    tuning.describe(`<b>Turned</b>${key}`, look.angles ? `Drawn at ${look.angles.size} angles so far.` : `Simple cell best at ${half("simple").best}°, complex cell at ${half("complex").best}°.`);
    place.describe(`<b>Moved aside</b>${key}`, look.offsets ? `Drawn at ${look.offsets.size} places so far.` : `The simple cell answers at ${answering(result.byOffset, "simple")} of ${OFFSETS.length} places with half of its best or more, the complex cell at ${answering(result.byOffset, "complex")}.`);
    setText(summary, describe(result, state, look.angles ? null : half("simple"), look.offsets ? null : ["simple", "complex"].map((key) => answering(result.byOffset, key) / 2)));
  }

  return { element: whole, draw };
}

function drawCurves(chart, axes, places, values, visited, at, now) {
  const lines = [];
  const dots = [];
  for (const [key, role, style] of [["simple", "input"], ["complex", "output", "dashed"]]) {
    const points = values.map((one, i) => [places[i], one[key]]);
    if (!visited) lines.push({ points, role, style, width: 3 });
    else for (const i of visited) dots.push({ at: points[i], role });
  }
  dots.push({ at: [at, now.complex], role: "output", large: true }, { at: [at, now.simple], role: "input" });
  chart.draw({ ...axes, rules: [{ x: at, style: "dotted" }], lines, dots });
}

// The best place of a tuning curve and how far to either side the answer stays above half of it.
function halfWidth(values) {
  const best = values.indexOf(Math.max(...values));
  const above = values.filter((value) => value >= values[best] / 2).length;
  return { best: ANGLES[best], width: above * 2, none: values[best] < 1 };
}

function answering(values, key) {
  const most = Math.max(...values.map((one) => one[key]));
  return values.filter((one) => most > 1 && one[key] >= most / 2).length;
}

function describe(result, state, tuning, widths) {
  const parts = [`Simple cell ${show(result.simple, 2)} %, complex cell ${show(result.complex, 2)} % of the largest possible answer.`];
  if (tuning) parts.push(tuning.none ? "Here no angle excites the simple cell." : `At least half of its best: simple cell over ${tuning.width}° about ${tuning.best}°`);
  if (widths && tuning && !tuning.none) parts[1] += `; moved aside over ${show(widths[0])} cells, the complex cell over ${show(widths[1])}.`;
  return parts.join(" ");
}

export default { render };
