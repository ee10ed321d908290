// The inception module: four branches side by side, 1×1 bottlenecks in front of the large kernels, and what it saves.

import { mount } from "../app.js";
import { choice, slider } from "../controls.js";
import { element, setHtml, setText } from "../dom.js";
import { grouped } from "../numbers.js";
import { inception } from "./channels_compute.js";

const PROPERTIES = ["bottlenecks", "reduce3", "reduce5", "project", "depth", "size"];
const BRANCHES = { "1x1": "1×1", "3x3": "3×3", "5x5": "5×5", pool: "pooling" };
const COLOURS = { "1x1": "#9ecae1", "3x3": "#f5c26b", "5x5": "#8fd1b8", pool: "#e3b5cf" };
const LECTURE = { reduce3: 64, reduce5: 64, project: 64, depth: 256, size: 28 };

function render({ model, el }) {
  const filters = model.get("filters");
  return mount({
    model,
    el,
    label: "Inception explorer",
    properties: PROPERTIES,
    compute: (state) => inception(state, filters),
    build,
  });
}

function build(app) {
  const { say } = app;
  const set = (name) => (value) => app.set({ [name]: value });
  const form = choice({ label: "Module", options: [[false, "naive"], [true, "bottlenecks"]], change: set("bottlenecks") });
  const sliders = {
    reduce3: slider({ label: "before 3×3", min: 1, max: 256, change: set("reduce3"), say }),
    reduce5: slider({ label: "before 5×5", min: 1, max: 256, change: set("reduce5"), say }),
    project: slider({ label: "after pooling", min: 1, max: 256, change: set("project"), say }),
    depth: slider({ label: "Channels in", min: 1, max: 512, typedMax: 1024, change: set("depth"), say }),
    size: slider({ label: "Map size", min: 1, max: 64, change: set("size"), say }),
  };
  const reset = element("button", { type: "button", onclick: () => app.set({ ...LECTURE }) }, "The lecture’s widths");
  const controls = element("div", { class: "cnn-controls" }, form.element, ...Object.values(sliders).map(({ element: row }) => row), reset);
  const top = element("p", { class: "cnn-ch-joint" });
  const module = element("div", { class: "cnn-ch-module" });
  const bottom = element("p", { class: "cnn-ch-joint" });
  const bars = element("div", { "aria-hidden": "true" });
  const total = element("p", { class: "cnn-sum cnn-ch-total", "aria-live": "polite" });
  const note = element("p", { class: "cnn-summary" });
  app.root.append(element("div", { class: "cnn-columns" }, controls, element("div", { class: "cnn-main" }, top, module, bottom, bars, total, note)));

  return (result, state) => {
    form.update(state.bottlenecks);
    for (const [name, one] of Object.entries(sliders)) one.update(state[name], { disabled: !state.bottlenecks && ["reduce3", "reduce5", "project"].includes(name) });
    setHtml(top, `Input: ${state.size}×${state.size}, <b>${state.depth} channels</b>`);
    setHtml(module, Object.entries(result.branches).map(([name, layers]) => branch(name, layers)).join(""));
    setHtml(bottom, `Stacked: ${result.outputs.join(" + ")} = <b>${result.channels} channels</b> (naive: ${result.naiveChannels})`);
    setHtml(bars, stack("naive", result.naive, result.naiveTotal, result.naiveTotal) + stack("now", result.totals, result.total, Math.max(result.naiveTotal, result.total)));
    const share = Math.round((100 * result.total) / result.naiveTotal);
    setHtml(total, `<strong>${grouped(result.total)}</strong> multiply-adds (${millions(result.total)}), ${share} % of the naive module’s ${grouped(result.naiveTotal)} (${millions(result.naiveTotal)}).`);
    setText(note, state.bottlenecks ? words(result, state) : "Every branch works on all channels of the input, and pooling hands all of them on: the stack grows with every module.");
  };
}

const millions = (value) => `${value >= 1e7 ? Math.round(value / 1e6) : Number((value / 1e6).toPrecision(2))}M`;

function branch(name, layers) {
  const boxes = layers.map(({ kernel, channels, macs, pool }, i) => {
    const narrow = layers.length > 1 && kernel === 1;
    const what = pool ? "3×3 max pooling" : `${kernel}×${kernel}, ${channels} filters`;
    return `<div class="cnn-ch-box${narrow ? " cnn-ch-narrow" : ""}" style="grid-row:${layers.length === 1 ? 2 : i + 1}"><b>${what}</b><small>${macs ? grouped(macs) : "no multiply-adds"}</small></div>`;
  });
  return `<div class="cnn-ch-branch" role="group" aria-label="Branch ${BRANCHES[name]}">${boxes.join("")}</div>`;
}

function stack(name, totals, total, most) {
  const parts = Object.entries(totals)
    .filter(([, value]) => value)
    .map(([key, value]) => `<i style="width:${((100 * value) / total).toFixed(2)}%;background:${COLOURS[key]};color:#111">${value / most > 0.06 ? `${BRANCHES[key]} ${millions(value)}` : ""}</i>`);
  return `<div class="cnn-ch-row"><span class="cnn-label">${name}</span><div class="cnn-ch-track"><div class="cnn-ch-stack" style="width:${((100 * total) / most).toFixed(2)}%">${parts.join("")}</div></div></div>`;
}

// At the lecture's widths: why another number is often printed.
function words({ totals, branches, total }, state) {
  const kept = Object.entries(LECTURE).every(([name, value]) => state[name] === value);
  if (!kept) return `The 1×1 layers cost ${millions(branches["3x3"][0].macs + branches["5x5"][0].macs + branches.pool[1].macs)} themselves; the 3×3 branch takes ${millions(totals["3x3"])}, the 5×5 branch ${millions(totals["5x5"])}.`;
  const twice = total + branches["3x3"][1].macs;
  return `For these widths ${millions(twice)} is often printed: that is this sum with the 3×3 layer counted twice (${grouped(total)} + ${grouped(branches["3x3"][1].macs)} = ${grouped(twice)}).`;
}

export default { render };
