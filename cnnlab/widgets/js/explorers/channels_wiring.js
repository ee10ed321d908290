// Which input channel reaches which output channel: one control rewires the diagram, counters compare the cost.

import { mount } from "../app.js";
import { check, choice, menu, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { codeLine, stateLine } from "../facts.js";
import { clamp, grouped, plural } from "../numbers.js";
import { oneOf, pair, realNumber, yesNo } from "../state_text.js";
import { KINDS, reaching, torchLine, wiring } from "./channels_compute.js";
import { buildPredict } from "./channels_predict.js";

const PROPERTIES = ["kind", "channels", "kernel", "size", "stride", "pad", "groups"];
const HEIGHT = 300;
const TOP = 26;
const MOST = 128;
const MOST_WIRES = 1500; // of more, each unit shows its first and its last
const WORDS = {
  standard: "every filter sees every channel",
  "1×1": "a weighted sum of the channels at each place",
  grouped: "each group of filters sees its own channels",
  "depth-wise": "one filter a channel, nothing is mixed",
  separable: "depth-wise, then 1×1",
  shuffled: "grouped, shuffled, grouped again",
};
const FIELDS = { kind: oneOf(...KINDS), channels: pair(1, MOST), kernel: realNumber, size: realNumber, stride: realNumber, pad: yesNo, groups: realNumber };

const divisors = (a, b) => Array.from({ length: Math.min(a, b) }, (_, i) => i + 1).filter((g) => a % g === 0 && b % g === 0);

function render({ model, el }) {
  return mount({ model, el, label: "Wiring explorer", properties: PROPERTIES, compute: wiring, build: (app) => build(app, model.get("examples")) });
}

function build(app, examples) {
  app.look = { unit: null, hidden: false };
  const { look } = app;
  let result = null;

  // The groups must divide both numbers of channels: the nearest ones that do.
  function set(changes) {
    const next = { ...app.state, ...changes };
    const fit = divisors(next.channels[0], next.channels[1]);
    if (!fit.includes(next.groups)) changes.groups = fit.filter((g) => g <= next.groups).at(-1);
    app.set(changes);
  }
  function regroup(value) {
    const fit = divisors(...app.state.channels);
    const { groups } = app.state;
    app.set({ groups: value > groups ? fit.find((g) => g >= value) ?? fit.at(-1) : fit.filter((g) => g <= value).at(-1) });
  }
  const { say } = app;
  const example = menu({ label: "Example", options: [["", "choose …"], ...Object.keys(examples).map((name) => [name, name])], change: (name) => examples[name] && set({ ...examples[name] }) });
  const kind = choice({ label: "Wiring", options: KINDS.map((name) => [name, name]), change: (value) => app.set({ kind: value }) });
  kind.element.classList.add("cnn-ch-kinds");
  const channel = (i) => (value) => set({ channels: app.state.channels.map((old, k) => (k === i ? value : old)) });
  const sliders = {
    inputs: slider({ label: "Channels in", min: 1, max: 32, typedMax: MOST, change: channel(0), say }),
    filters: slider({ label: "Filters", min: 1, max: 32, typedMax: MOST, change: channel(1), say }),
    groups: slider({ label: "Groups", min: 1, max: 32, change: regroup, say }),
    kernel: slider({ label: "Kernel (odd)", min: 1, max: 11, step: 2, change: (value) => app.set({ kernel: value % 2 ? value : value + 1 }), say }),
    size: slider({ label: "Map size", min: 1, max: 64, typedMax: 256, change: (value) => app.set({ size: value }), say }),
    stride: slider({ label: "Stride", min: 1, max: 4, change: (value) => app.set({ stride: value }), say }),
  };
  const pad = check({ label: "pad by half the kernel", change: (on) => app.set({ pad: on }) });
  const controls = element("div", { class: "cnn-controls" }, example.element, element("hr"), ...Object.values(sliders).map(({ element: row }) => row), pad.element);

  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "cnn-ch-wires");
  svg.setAttribute("role", "img");
  const unit = slider({ label: "Output", min: 1, max: 32, change: (value) => point(value - 1) });
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
  const table = element("table", { class: "cnn-ch-table" });
  const words = element("p", { class: "cnn-cost" });
  const predict = buildPredict(app);
  const torch = codeLine("PyTorch");
  const text = stateLine(app, FIELDS);
  const facts = element("div", { class: "cnn-facts" }, table, words, torch.element, text.element);
  app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, kind.element, svg, unit.element, summary, predict.element, facts)));

  function point(value) {
    look.unit = value;
    app.redraw();
  }
  svg.addEventListener("pointermove", (event) => {
    const over = event.target.closest?.("[data-unit]")?.dataset.unit;
    if (over !== undefined) point(Number(over));
  });

  return (next, state) => {
    result = next;
    const { columns } = result.stages;
    const last = columns.at(-1).count;
    const looked = clamp(look.unit ?? 0, 0, last - 1);
    const lit = reaching(result.stages, looked);
    setHtml(svg, drawing(result.stages, svg.clientWidth || 850, looked, lit));
    svg.setAttribute("viewBox", `0 0 ${svg.clientWidth || 850} ${HEIGHT}`);
    svg.setAttribute("aria-label", `${state.kind}: ${columns.map(({ name, count }) => `${count} ${name}`).join(", ")}. Output channel ${looked + 1} sees ${plural(lit[0].size, "input channel")}.`);
    setText(summary, `${state.kind}: ${WORDS[state.kind]}. Output channel ${looked + 1} sees ${lit[0].size} of ${plural(result.inputs, "input channel")}${result.taps > 1 ? `, ${result.taps}×${result.taps} cells of each` : ", one cell of each"}. The maps go from ${state.size}×${state.size} to ${result.output}×${result.output}.`);
    setHtml(table, look.hidden ? "" : costs(result));
    setText(words, look.hidden ? "Predict the number of parameters first." : inWords(result));
    torch.update(torchLine(result, state));
    text.update(state);
    const fit = divisors(...state.channels);
    example.update(Object.keys(examples).find((name) => Object.entries(examples[name]).every(([key, value]) => JSON.stringify(state[key]) === JSON.stringify(value))) ?? "");
    kind.update(state.kind);
    sliders.inputs.update(state.channels[0]);
    sliders.filters.update(result.filters, { disabled: state.kind === "depth-wise" });
    sliders.groups.update(result.groups, { max: ["grouped", "shuffled"].includes(state.kind) ? fit.at(-1) : Math.max(result.groups, fit.at(-1)), disabled: !["grouped", "shuffled"].includes(state.kind) });
    sliders.kernel.update(result.taps, { disabled: state.kind === "1×1" });
    sliders.size.update(state.size);
    sliders.stride.update(state.stride);
    pad.update(state.pad);
    unit.update(looked + 1, { max: last });
    predict.draw(result);
  };
}

const pastel = (group, groups) => `hsl(${Math.round((360 * group) / Math.max(groups, 1)) + 205} 60% 78%)`;

// Columns of squares, one a channel, and the wires between them; what leads to the output looked at is strong.
function drawing({ columns, links }, width, looked, lit) {
  const place = (column, i) => ((HEIGHT - TOP) * (i + 0.5)) / columns[column].count + TOP;
  const across = (column) => 46 + ((width - 92) * column) / (columns.length - 1);
  const size = (column) => clamp((HEIGHT - TOP) / columns[column].count - 2, 2, 28);
  const parts = [];
  links.forEach(({ name, targets }, k) => {
    const faint = [];
    const strong = [];
    for (let a = 0; a < columns[k].count; a++) {
      const [first, last] = targets(a);
      for (let b = first; b <= last; b++) {
        const shines = lit[k].has(a) && lit[k + 1].has(b);
        if (!shines && b !== first && b !== last && columns[k].count * columns[k + 1].count > MOST_WIRES) continue;
        const path = `M${across(k) + 14} ${place(k, a).toFixed(1)}L${across(k + 1) - 14} ${place(k + 1, b).toFixed(1)}`;
        (shines ? strong : faint).push(path);
      }
    }
    parts.push(`<path style="stroke-opacity:${faint.length > 150 ? 0.18 : 0.5}" d="${faint.join("")}"/><path class="cnn-ch-lit" d="${strong.join("")}"/>`);
    parts.push(`<text x="${(across(k) + across(k + 1)) / 2}" y="16">${name}</text>`);
  });
  columns.forEach(({ name, count, groupOf }, k) => {
    const side = size(k);
    const groups = Math.max(...Array.from({ length: count }, (_, i) => groupOf(i))) + 1;
    for (let i = 0; i < count; i++) {
      const [x, y] = [across(k) - 14, place(k, i) - side / 2];
      const pick = k === columns.length - 1 ? ` data-unit="${i}"` : "";
      parts.push(`<rect${pick} class="${lit[k].has(i) ? "cnn-ch-marked" : ""}" style="${side < 12 ? `stroke-width:${lit[k].has(i) ? 1.5 : 0.5}` : ""}" x="${x}" y="${y}" width="28" height="${side}" fill="${pastel(groupOf(i), groups)}"/>`);
      if (side >= 14) parts.push(`<text class="cnn-ch-number"${pick} x="${across(k)}" y="${y + side / 2 + 5}">${i + 1}</text>`);
    }
    parts.push(`<text x="${across(k)}" y="16">${name}</text>`);
  });
  return parts.join("");
}

// Parameters and multiply-adds of the dense layer, the standard layer and this wiring, with bars on a common scale.
function costs({ kind, dense, standard, wired }) {
  const most = Math.log10(dense.parameters + 1);
  const rows = [["dense layer", dense], ["standard convolution", standard], [kind === "standard" ? "this wiring" : kind, wired]];
  const body = rows.map(([name, { parameters, macs }], i) => {
    const part = standard.parameters / parameters;
    const times = part === 1 ? "1" : part >= 1 ? `1/${trim(part)}` : `${trim(1 / part)}×`;
    return `<tr class="${i === 2 ? "cnn-ch-this" : ""}"><th scope="row">${name}</th><td>${grouped(parameters)}</td><td class="cnn-ch-hide"><div class="cnn-ch-bar"><i style="width:${((100 * Math.log10(parameters + 1)) / most).toFixed(1)}%"></i></div></td><td class="cnn-ch-hide">${times}</td><td>${grouped(macs)}</td></tr>`;
  });
  return `<thead><tr><th></th><th scope="col">parameters</th><th scope="col" class="cnn-ch-hide">logarithmic bars</th><th scope="col" class="cnn-ch-hide">against standard</th><th scope="col">multiply-adds</th></tr></thead><tbody>${body.join("")}</tbody>`;
}

const trim = (value) => (value >= 100 ? grouped(Math.round(value)) : String(Number(value.toPrecision(2))));

function inWords({ wired, output }) {
  return `${grouped(wired.weights)} weights + ${plural(wired.biases, "bias").replace("biass", "biases")} = ${grouped(wired.parameters)} parameters. Each weight is used at ${plural(output * output, "place")}: ${grouped(wired.weights)} × ${grouped(output * output)} = ${grouped(wired.macs)} multiply-adds.`;
}

export default { render };
