// The moving diagram: input cells, window, output cells, all of one size. A series is drawn as two strips with links.

import { ROLES, roleScale } from "../colours.js";
import { seenBy } from "../convolution.js";
import { element, setHtml, setText } from "../dom.js";
import { fitCell, Grid } from "../grid.js";
import { matrix } from "../matrices.js";
import { clamp, plural } from "../numbers.js";
import { player } from "../player.js";
import { WORDS } from "./arithmetic_compute.js";

const HEIGHT = 300; // px of the cells of a picture
const STRIP = 58; // px of the cells of a series
const LINKS = 156; // px between the two strips of a series
const WINDOW = "rgba(255, 166, 0, 0.5)";
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function buildStage(app) {
  const { look } = app;
  let result = null;

  const pointAt = (changes) => {
    Object.assign(look, changes);
    app.redraw();
  };
  const moveTo = (position) => {
    look.small = null;
    app.set({ position });
  };
  // The window whose middle lies nearest to a cell of the big side.
  const windowAround = (cell) =>
    cell.map((place, i) => {
      const { reach, stride, small } = result.pictures[i];
      return clamp(Math.round((place - (reach - 1) / 2) / stride), 0, small - 1);
    });
  const pinned = () => app.state.position.map((place, i) => clamp(place, 0, result.pictures[i].small - 1));
  const isBig = (name) => (result.mode === "transposed") === (name === "output");

  const grids = ["input", "output"].map(
    (name) =>
      new Grid({
        name,
        label: name === "input" ? "Input" : "Output",
        on: {
          hover: (cell) => pointAt(isBig(name) ? { big: cell, small: null } : { small: cell, big: null }),
          leave: () => pointAt({ big: null, small: null }),
          press: (cell) => moveTo(isBig(name) ? windowAround(cell) : cell),
          drag: (cell) => moveTo(isBig(name) ? windowAround(cell) : cell),
          key: ({ key }) => keyed(name, key),
        },
      }),
  );
  const [input, output] = grids;
  const cover = element("div", { class: "cnn-cover", hidden: true }, "?");
  output.element.append(cover);
  const links = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  links.setAttribute("class", "cnn-arith-links");
  links.setAttribute("aria-hidden", "true");
  const stage = element("div", { class: "cnn-stage cnn-arith" }, input.element, links, output.element);
  const legend = element("p", { class: "cnn-summary cnn-legend" });
  const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });

  function keyed(name, key) {
    const step = STEPS[key];
    if (!step) return false;
    const { pictures } = result;
    const big = isBig(name);
    const from = big ? look.big ?? pictures.map(({ real }) => real[0]) : pinned();
    const to = from.map((place, i) => clamp(place + (big && !look.big ? 0 : step[i]), 0, (big ? pictures[i].big : pictures[i].small) - 1));
    if (big) pointAt({ big: to });
    else moveTo(to);
    return true;
  }

  const windows = player({
    app,
    word: "window",
    count: () => result.pictures[0].small * result.pictures[1].small,
    here: () => pinned()[0] * result.pictures[1].small + pinned()[1],
    go: (index) => moveTo([Math.floor(index / result.pictures[1].small), index % result.pictures[1].small]),
  });

  function draw(next) {
    if (result && ["mode", "size", "kernel", "stride", "dilation", "padding"].some((name) => last[name] !== app.state[name])) windows.stop();
    last = { ...app.state };
    result = next;
    const { series, axes, pictures } = result;
    const dark = app.root.classList.contains("cnn-dark");
    const back = result.mode === "transposed";
    const at = (look.small ?? pinned()).map((place, i) => clamp(place, 0, pictures[i].small - 1));
    const pointed = look.big?.every((place, i) => place < pictures[i].big) ? look.big : null;
    stage.classList.toggle("cnn-arith-series", series);

    const big = product(pictures, "uses");
    const small = product(pictures, "holds");
    const width = stage.clientWidth || 900;
    const beside = !series && getComputedStyle(stage).gridTemplateColumns.split(" ").length > 1;
    const side = Math.min(beside ? Math.floor((width - 24) / 2) : width, 460);
    const box = series ? [width, STRIP] : [side, HEIGHT];
    const cell = fitCell([[big.rows, big.cols], [small.rows, small.cols]], series ? [box[0] - 8, box[1] - 6] : box, 50);

    const kind = (r, c) => {
      if (!pictures[0].uses[r] || !pictures[1].uses[c]) return "unused";
      return [r, c].every((place, i) => place >= pictures[i].real[0] && place < pictures[i].real[0] + pictures[i].real[1]) ? "" : "padding";
    };
    const marks = windowMarks(pictures, at);
    const fed = pointed ? seenBy(pictures[0], pointed[0]).flatMap(([y]) => seenBy(pictures[1], pointed[1]).map(([x]) => [y, x])) : [];
    if (pointed) marks.push({ style: "current", at: pointed });
    const frame = { at: pictures.map(({ real }) => real[0]), size: pictures.map(({ real }) => real[1]), colour: back ? ROLES.output : ROLES.input };
    const smallMarks = [{ style: "current", at }, ...fed.map((place) => ({ style: "linked", at: place, hue: "#D55E00" }))];
    const smallWidth = series ? small.cols * cell + 8 : box[0];
    const sideways = series ? strips(pictures[1], cell, width, result.mode) : {};
    const [bigGrid, smallGrid] = back ? [output, input] : [input, output];
    bigGrid.draw({ matrix: big, scale: roleScale(back ? "output" : "input", Math.max(...big.data)), box, cell, kind, marks, dark, frame });
    smallGrid.draw({ matrix: small, scale: roleScale(back ? "input" : "output", Math.max(...small.data)), box: [smallWidth, box[1]], cell, kind: null, marks: smallMarks, dark });
    smallGrid.canvas.style.marginLeft = series ? `${sideways.left}px` : "";
    bigGrid.canvas.style.marginLeft = "";
    if (series) drawLinks(links, pictures[1], { cell, width, at: at[1], ...sideways, hidden: look.hidden });
    links.style.display = series ? "" : "none";
    cover.hidden = !look.hidden;
    Object.assign(cover.style, { width: `${box[0]}px`, height: `${box[1]}px` });
    windows.update();
    windows.element.style.visibility = look.hidden ? "hidden" : ""; // it counts the windows

    // The same in words.
    const count = (pick) => (series ? `${pick(1)} cells` : `${pick(0)}×${pick(1)}`);
    const frameSize = count((i) => pictures[i].big);
    const wide = pictures.some(({ big: all, real }) => all !== real[1]);
    input.describe(`Input <b>${count((i) => axes[i].n)}</b>${wide && !back ? `, padded ${frameSize}` : ""}`, "Arrow keys choose a cell.");
    output.describe(look.hidden ? "Output <b>?</b>" : `Output <b>${count((i) => axes[i].size)}</b>${wide && back ? ` of ${frameSize}, the rest is cropped` : ""}`, look.hidden ? "Hidden for now." : "Arrow keys choose a cell.");
    setText(legend, back ? "Numbers: in the input, to how many output cells a cell adds; in the output, how many input cells add to it." : "Numbers: in the input, how many windows use a cell; in the output, how many input cells its window holds.");
    setText(summary, look.hidden ? "" : describe(result, at, pointed, fed.length));
  }
  let last = {};

  const whole = element("div", {}, stage, legend, summary);
  return { element: whole, player: windows.element, draw };
}

function product([rows, cols], key) {
  return matrix(rows[key].length, cols[key].length, Float64Array.from(rows[key].flatMap((down) => cols[key].map((across) => down * across))));
}

function windowMarks(pictures, at) {
  const [down, across] = pictures.map(({ taps, stride, dilation }, i) => Array.from({ length: taps }, (_, a) => at[i] * stride + a * dilation));
  const marks = down.flatMap((r) => across.map((c) => ({ style: "fill", at: [r, c], size: [1, 1], hue: WINDOW })));
  const dilated = pictures.some(({ dilation, taps }) => dilation > 1 && taps > 1);
  marks.push({ style: dilated ? "reach" : "current", at: [down[0], across[0]], size: pictures.map(({ reach }) => reach) });
  if (dilated) for (const r of down) for (const c of across) marks.push({ style: "current", at: [r, c] });
  return marks;
}

// Where the strips of a series lie: the left edges of their cells, and of the canvas of the output.
function strips({ big, small, real }, cell, width, mode) {
  const top = Math.round((width - big * cell) / 2);
  const bottom = mode === "causal" ? top + real[0] * cell : Math.round((width - small * cell) / 2);
  return { top, bottom, left: bottom - 4 };
}

// Lines from the cells of a window down to its output cell: all of them faint, the present one's strong.
function drawLinks(svg, { small, taps, stride, dilation }, { cell, width, top, bottom, at, hidden }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${LINKS}`);
  svg.setAttribute("width", width);
  svg.setAttribute("height", LINKS);
  const line = (i, a) => `M${top + (i * stride + a * dilation + 0.5) * cell} 4L${bottom + (i + 0.5) * cell} ${LINKS - 2}`;
  const fan = (i) => Array.from({ length: taps }, (_, a) => line(i, a)).join("");
  const all = cell >= 8 ? Array.from({ length: small }, (_, i) => fan(i)).join("") : "";
  setHtml(svg, hidden ? "" : `<path class="cnn-faint" d="${all}"/><path class="cnn-strong" d="${fan(at)}"/>`);
}

// The text equivalent of the picture; what a learner may miss comes first.
function describe({ mode, series, axes, pictures }, at, pointed, fed) {
  const back = mode === "transposed";
  const used = series ? [1] : [0, 1];
  const word = (i) => (series ? "cells" : WORDS[i]);
  const parts = [];
  if (pointed) parts.push(`This cell is in ${plural(fed, "window")}.`);
  const bare = used.filter((i) => axes[i].uncovered).map((i) => plural(axes[i].uncovered, word(i).slice(0, -1)));
  if (bare.length) parts.push(`Not covered at the end (hatched): ${bare.join(" and ")}, too little for one more whole step.`);
  if (used.some((i) => pictures[i].uses.slice(0, pictures[i].reached).includes(0))) parts.push("Hatched cells between the windows are in none of them: the stride steps over them.");
  if (used.some((i) => axes[i].extra)) parts.push(`Output padding adds ${used.filter((i) => axes[i].extra).map((i) => plural(axes[i].extra, word(i).slice(0, -1))).join(" and ")} at the end.`);
  for (const i of used) {
    const [before, after] = axes[i].pads;
    if (before !== after) parts.push(mode === "causal" ? `All ${before} padding cells stand in front: no output looks ahead.` : `Padding of the ${word(i)} is lopsided: ${before} before, ${after} after.`);
  }
  if (!back && used.some((i) => axes[i].pads[0] === axes[i].pads[1] && axes[i].pads[0] >= axes[i].reach)) parts.push("The padding is as wide as the kernel or wider: the outermost windows see no input (0).");
  const range = (i) => {
    const from = at[i] * axes[i].stride - axes[i].pads[0];
    return `${word(i)} ${`${from}`.replace("-", "−")} to ${`${from + axes[i].reach - 1}`.replace("-", "−")}`;
  };
  const place = used.map((i) => `${series ? "cell" : WORDS[i].slice(0, -1)} ${at[i]}`).join(", ");
  parts.push(back ? `Input ${place} adds to output ${used.map(range).join(", ")}.` : `Output ${place} reads input ${used.map(range).join(", ")}.`);
  const sizes = (key) => used.map((i) => axes[i][key]).join("×");
  parts.push(`Input ${sizes("n")}, kernel ${sizes("taps")}, output ${sizes("size")}.`);
  return parts.join(" ");
}
