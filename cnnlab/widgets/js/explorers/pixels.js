// Images are numbers: pixels under the pointer, channels, and what a change of view does to the distance in pixel space.

import { mount } from "../app.js";
import { COLOURED, greyScale } from "../colours.js";
import { button, choice, menu, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { clamp, grouped, show } from "../numbers.js";
import { decode } from "../payload.js";
import { compare, inColour } from "./pixels_compute.js";
import { buildWager } from "./wager.js";

const VIEW = [
  ["right", "Right, px", -24, 24],
  ["down", "Down, px", -24, 24],
  ["scale", "Scale, %", 50, 200],
  ["angle", "Turn, °", -180, 180],
  ["light", "Light, %", 0, 200],
  ["cover", "Cover, px", 0, 64],
];
const SAME = { right: 0, down: 0, scale: 100, angle: 0, light: 100, cover: 0 };
const PROPERTIES = ["input", ...Object.keys(SAME), "channels", "zoom", "position"];
const CHANNELS = ["red", "green", "blue"];
const GREY = greyScale(0, 255);

function render({ model, el }) {
  const payloads = model.get("pictures");
  const pictures = Object.fromEntries(Object.entries(payloads).map(([name, payload]) => [name, inColour(decode(payload))]));
  return mount({
    model,
    el,
    label: "Pixels explorer",
    properties: PROPERTIES,
    compute: (state) => compare(pictures, state),
    build(app) {
      app.look = { hover: null, channel: 0, hidden: false }; // what is pointed at; never saved
      const parts = [buildControls(app, payloads), buildStage(app), buildWager(app, wager(Object.keys(pictures)))];
      parts[1].element.append(parts[2].element);
      app.root.append(element("div", { class: "cnn-columns" }, parts[0].element, parts[1].element));
      return (result, state) => parts.forEach((part) => part.draw(result, state));
    },
  });
}

// A picture and one change of its view: is anything else nearer now?
function wager(names) {
  const pick = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
  const changes = [() => ({ right: pick(2, 16) }), () => ({ angle: pick(5, 60) }), () => ({ light: pick(50, 85) }), () => ({ scale: pick(105, 160) }), () => ({ cover: pick(10, 40) })];
  return {
    start: "Predict the distance",
    random: () => ({ ...SAME, input: names[pick(0, names.length - 1)], ...changes[pick(0, changes.length - 1)]() }),
    question: "Pixel by pixel, is something in the list nearer to the original?",
    options: [[true, "yes, something is"], [false, "no, this is nearest"]],
    judge(guess, { mse, distances }) {
      const nearer = distances.filter((one) => one.mse < mse).map((one) => one.name);
      return [guess === nearer.length > 0, nearer.length ? `Nearer: ${listed(nearer)}.` : `Next comes ${distances[0].name}.`];
    },
  };
}

function buildControls(app, payloads) {
  const examples = app.model.get("examples"); // {name: state}
  const { say } = app;
  const example = menu({ label: "Example", options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])], change: (name) => examples[name] && app.set(examples[name]) });
  const input = menu({ label: "Picture", options: Object.keys(payloads).map((name) => [name, name]), change: (name) => app.set({ input: name }) });
  const sliders = VIEW.map(([name, label, min, max]) => [name, slider({ label, min, max, say, change: (value) => app.set({ [name]: value }) })]);
  const channels = choice({ label: "Channels", options: [["together", "in colour"], ["apart", "channels apart"]], change: (value) => app.set({ channels: value }) });
  channels.element.classList.add("cnn-px-channels");
  const zoom = slider({ label: "Zoom, cells", min: 3, max: 25, step: 2, say, change: (value) => app.set({ zoom: value % 2 ? value : value + 1 }) });
  const credit = element("small", { class: "cnn-soft" });
  const whole = element(
    "div",
    { class: "cnn-controls" },
    example.element,
    input.element,
    element("hr"),
    ...sliders.map(([, one]) => one.element),
    button("Back to the original", () => app.set(SAME)),
    element("hr"),
    channels.element,
    zoom.element,
    credit,
  );
  return {
    element: whole,
    draw(_, state) {
      example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => state[key] === value)) ?? "");
      input.update(state.input);
      for (const [name, one] of sliders) one.update(state[name]);
      channels.update(state.channels);
      zoom.update(state.zoom);
      setText(credit, payloads[state.input].credit);
    },
  };
}

function buildStage(app) {
  const { look } = app;
  let shown = null;
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const point = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  const moveTo = (position, channel) => {
    Object.assign(look, { hover: null, channel });
    app.set({ position });
  };
  const on = (channel) => ({
    hover: (cell) => point({ hover: cell, channel }),
    leave: () => point({ hover: null }),
    press: (cell) => moveTo(cell, channel),
    drag: (cell) => moveTo(cell, channel),
    key({ key }) {
      if (!steps[key]) return false;
      moveTo(app.state.position.map((place, i) => clamp(place + steps[key][i], 0, shown.seen.rows - 1)), channel);
      return true;
    },
  });
  const grids = ["First picture", "Second picture", "Third picture"].map((label, i) => new Grid({ name: `view${i}`, label, on: on(i) }));
  const near = new Grid({ name: "near", label: "Neighbourhood" });
  near.canvas.tabIndex = -1;
  const headline = element("p", { class: "cnn-px-far" });
  const rows = element("tbody");
  const table = element("table", { class: "cnn-px-distances" }, element("caption", {}, "Distance to the original, mean squared"), rows);
  const verdict = element("p", { class: "cnn-verdict" });
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const views = element("div", { class: "cnn-px-views" }, ...grids.map((grid) => grid.element));
  const beside = element("div", { class: "cnn-px-beside" }, headline, table, verdict);
  const whole = element("div", { class: "cnn-main" }, views, element("div", { class: "cnn-px-under" }, near.element, beside), summary);

  function draw(result, state) {
    shown = result;
    const { seen, original, mse } = result;
    const dark = app.root.classList.contains("cnn-dark");
    const apart = state.channels === "apart";
    const [r, c] = look.hover ?? state.position;
    const width = Math.min(192, Math.floor(((views.clientWidth || 900) - 32) / 3));
    const box = [width, width];
    const cell = width / seen.rows;
    const half = (state.zoom - 1) / 2;
    const corner = [r, c].map((place) => clamp(place - half, 0, seen.rows - state.zoom));
    const marks = [{ style: "current", at: corner, size: [state.zoom, state.zoom] }];
    const plane = (picture, k) => ({ rows: picture.rows, cols: picture.cols, data: picture.data.filter((_, i) => i % 3 === k) });
    const planes = [0, 1, 2].map((k) => (apart ? plane(seen, k) : null));
    const shownThere = apart ? planes.map((matrix) => [matrix, GREY]) : [[original, COLOURED], [seen, COLOURED], [differences(seen, original), GREY]];
    shownThere.forEach(([matrix, scale], i) => grids[i].draw({ matrix, scale, box, cell, marks, dark }));
    const size = `${seen.rows}×${seen.cols}`;
    const captions = apart ? CHANNELS.map((name) => (width < 150 ? `<b>${name}</b>` : `<b>${name}</b> ${size}`)) : ["original", width < 150 ? "<b>changed</b>" : `<b>changed</b> ${size}×3`, "difference"];
    const told = apart ? CHANNELS.map((name) => `The ${name} values of the changed picture.`) : ["The original picture.", "The changed picture.", "How far each pixel moved, dark for not at all."];
    grids.forEach((grid, i) => grid.describe(captions[i], `${told[i]} Arrow keys choose a pixel.`));

    const part = apart ? cut(planes[look.channel], 1, corner, state.zoom) : cut(seen, 3, corner, state.zoom);
    const room = Math.min(300, views.clientWidth || 300);
    near.draw({ matrix: part, scale: apart ? GREY : COLOURED, box: [room, room], cell: fitCell([[state.zoom, state.zoom]], [room, room], 100), marks: [{ style: "current", at: [r - corner[0], c - corner[1]] }], dark });
    near.describe(apart ? `<b>${CHANNELS[look.channel]}</b> values there` : "red, green, blue there", `${state.zoom} by ${state.zoom} pixels around row ${r}, column ${c} of the changed picture.`);

    const count = seen.data.length;
    setHtml(headline, look.hidden ? "<b>?</b>" : `<b>${grouped(Math.round(Math.sqrt(mse * count)))}</b> = √( ${grouped(count)} values × ${grouped(Math.round(mse))} ): Euclidean distance to the original`);
    const most = 1.3 * Math.max(...result.distances.map((one) => one.mse));
    const line = (name, value, mine, text = grouped(Math.round(value))) =>
      `<tr${mine ? ' class="cnn-px-mine"' : ""}><th scope="row">${name}</th><td><span style="width:${Math.min(100, (100 * value) / most).toFixed(1)}%"></span></td><td>${text}</td></tr>`;
    setHtml(rows, (look.hidden ? line("this change", 0, true, "?") : line("this change", mse, true)) + result.distances.map(({ name, mse: far }) => line(name, far)).join(""));
    const passed = result.distances.filter((one) => one.mse < mse).map((one) => one.name);
    setText(verdict, look.hidden ? "" : mse === 0 ? "Nothing has changed: distance 0." : passed.length ? `Pixel by pixel, this is farther from the original than ${listed(passed)}.` : "Still nearer to the original than every other picture here.");
    const at = 3 * (r * seen.cols + c);
    const [red, green, blue] = seen.data.slice(at, at + 3);
    setText(summary, `Pixel in row ${r}, column ${c}: red ${red}, green ${green}, blue ${blue}. ${sentence(state)}${look.hidden ? "" : ` Mean squared distance ${grouped(Math.round(mse))}.`}`);
  }

  return { element: whole, draw };
}

// The part of `picture` from `corner` on, `size` cells a side, `depth` values each.
function cut(picture, depth, [top, left], size) {
  const data = new Float64Array(size * size * depth);
  for (let r = 0; r < size; r++) {
    const from = depth * ((top + r) * picture.cols + left);
    data.set(picture.data.subarray(from, from + depth * size), depth * r * size);
  }
  return { rows: size, cols: size, data };
}

// For each pixel the root of its mean squared difference.
function differences(a, b) {
  const data = Float64Array.from({ length: a.rows * a.cols }, (_, i) => Math.sqrt([0, 1, 2].reduce((sum, k) => sum + (a.data[3 * i + k] - b.data[3 * i + k]) ** 2, 0) / 3));
  return { rows: a.rows, cols: a.cols, data };
}

const listed = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0]);

function sentence(state) {
  const words = VIEW.filter(([name]) => state[name] !== SAME[name]).map(([name, label]) => `${label.toLowerCase().replace(",", ` ${show(state[name])}`)}`);
  return `${state.input}${words.length ? `: ${words.join(", ")}` : " unchanged"}.`;
}

export default { render };
