// Curves on axes, drawn as SVG: lines with their names, boxes, dots, and a pointer that says where it is on the axes.

import { element, setHtml } from "./dom.js";
import { clamp, show } from "./numbers.js";

const PAD = { left: 62, right: 12, top: 10, foot: 26 };
const NAMED = 18; // px more below where the axis has a name
const DASHES = { dashed: "7 5", dotted: "2 5" };

export class Curves {
  // on: {drag([x, y]), release(), key(event)}: where the pointer is in the units of the axes. Without them a picture.
  constructor({ name, label, on = {} }) {
    const active = Boolean(on.drag || on.key);
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const attributes = { class: "cnn-curves", role: active ? "application" : "img", "aria-label": label };
    if (active) Object.assign(attributes, { tabindex: 0, "aria-roledescription": "chart", "data-lm-suppress-shortcuts": "true" });
    for (const [key, value] of Object.entries(attributes)) this.svg.setAttribute(key, value);
    this.caption = element("figcaption");
    this.element = element("figure", { class: `cnn-grid cnn-${name}` }, this.caption, this.svg);
    this.label = label;
    this.frame = null;
    let pressed = false;
    const drag = (event) => {
      const box = this.svg.getBoundingClientRect();
      on.drag?.(this.frame.value(event.clientX - box.left, event.clientY - box.top));
    };
    if (on.drag) {
      this.svg.addEventListener("pointerdown", (event) => {
        if (event.button || !this.frame) return;
        pressed = true;
        this.svg.setPointerCapture(event.pointerId);
        drag(event);
      });
      this.svg.addEventListener("pointermove", (event) => pressed && drag(event));
      for (const type of ["pointerup", "pointercancel"])
        this.svg.addEventListener(type, () => {
          if (pressed) on.release?.();
          pressed = false;
        });
    }
    this.svg.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && on.key?.(event)) {
        event.preventDefault();
        event.stopPropagation(); // JupyterLab and Voila have keys of their own
      }
    });
  }

  // box: [width, height] in px. x, y: {range: [low, high], ticks: [...], name, log, text(tick)}. Drawn in this order:
  // boxes: [{x: [from, to], y: [low, high], role, strength}] filled, the fainter the smaller the strength (0 to 1)
  // rules: [{x} or {y}, style, name, role]; lines: [{points: [[x, y], ...], role, style, width, name, faint}]
  // dots: [{at: [x, y], role, name, large, small}]. role: input, kernel, output, gradient or plain; style: dashed, dotted.
  // A `name` is written beside what it names.
  draw({ box, x, y, boxes = [], rules = [], lines = [], dots = [] }) {
    const frame = (this.frame = axes(box, x, y));
    const parts = [
      paper(box, x, y, frame),
      `<clipPath id="${this.id}"><rect x="${PAD.left}" y="${PAD.top}" width="${frame.width}" height="${frame.height}"/></clipPath><g clip-path="url(#${this.id})">`,
      ...filled(boxes, frame),
      ...rules.map((rule) => straight(rule, frame)),
      ...lines.map((line) => curve(line, frame)),
      "</g>",
      ...lines.filter(({ name }) => name).map((line) => nameOf(line, frame)),
      ...dots.map((dot) => spot(dot, frame)),
    ];
    for (const [key, value] of [["width", box[0]], ["height", box[1]], ["viewBox", `0 0 ${box.join(" ")}`]]) this.svg.setAttribute(key, value);
    setHtml(this.svg, parts.join(""));
  }

  get id() {
    this.$id ??= `cnn${Math.random().toString(36).slice(2)}`;
    return this.$id;
  }

  describe(caption, description) {
    setHtml(this.caption, caption);
    const label = `${this.label}. ${description}`;
    if (this.svg.getAttribute("aria-label") !== label) this.svg.setAttribute("aria-label", label);
  }
}

// Round numbers, about `count` of them, from low to high.
export function ticks(low, high, count = 6) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const bottom = (x) => PAD.foot + (x.name ? NAMED : 0);

function axes([width, height], x, y) {
  const inner = { width: width - PAD.left - PAD.right, height: height - PAD.top - bottom(x) };
  const along = ({ range: [low, high], log }) => {
    const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
    return {
      share: (value) => ((log ? Math.log10(Math.max(value, 1e-300)) : value) - from) / (to - from),
      value: (share) => (log ? 10 ** (from + share * (to - from)) : from + share * (to - from)),
    };
  };
  const [across, up] = [along(x), along(y)];
  const cut = (px) => clamp(px, -1e5, 1e5).toFixed(1); // beyond, browsers stop drawing
  return {
    ...inner,
    left: (value) => cut(PAD.left + across.share(value) * inner.width),
    top: (value) => cut(PAD.top + (1 - up.share(value)) * inner.height),
    value: (px, py) => [across.value(clamp((px - PAD.left) / inner.width, 0, 1)), up.value(clamp(1 - (py - PAD.top) / inner.height, 0, 1))],
  };
}

const tickText = (value, log) => (log && value !== 1 && value !== 10 ? `10<tspan dy="-6" font-size="11">${String(Math.round(Math.log10(value))).replace("-", "−")}</tspan>` : show(value));

function paper([width, height], x, y, frame) {
  const foot = height - bottom(x);
  const [xs, ys] = [x, y].map(({ range, ticks: given }) => given ?? ticks(...range));
  const grid = [
    ...xs.map((at) => `<path class="cnn-tickline${at === 0 ? " cnn-zero" : ""}" d="M${frame.left(at)} ${PAD.top}V${foot}"/><text x="${frame.left(at)}" y="${foot + 18}" text-anchor="middle">${x.text?.(at) ?? tickText(at, x.log)}</text>`),
    ...ys.map((at) => `<path class="cnn-tickline${at === 0 ? " cnn-zero" : ""}" d="M${PAD.left} ${frame.top(at)}H${width - PAD.right}"/><text x="${PAD.left - 7}" y="${Number(frame.top(at)) + 5}" text-anchor="end">${y.text?.(at) ?? tickText(at, y.log)}</text>`),
  ];
  const names = [
    x.name ? `<text class="cnn-axis-name" x="${PAD.left + frame.width / 2}" y="${height - 5}" text-anchor="middle">${x.name}</text>` : "",
    y.name ? `<text class="cnn-axis-name" transform="translate(14 ${PAD.top + frame.height / 2}) rotate(-90)" text-anchor="middle">${y.name}</text>` : "",
  ];
  return `<g class="cnn-paper">${grid.join("")}${names.join("")}</g>`;
}

function curve({ points, role = "plain", style, width = 2.5, faint }, frame) {
  const path = points.map(([px, py], i) => `${i ? "L" : "M"}${frame.left(px)} ${frame.top(py)}`).join("");
  return `<path class="cnn-stroke cnn-role-${role}${faint ? " cnn-other" : ""}" d="${path}" stroke-width="${width}"${dash(style)}/>`;
}

// The name of a line stands at its end, at the point that `label` counts, or `at` a place of its own.
function nameOf({ points, role = "plain", name, faint, label = points.length - 1, at = points[label], anchor = "end", lift = -7 }, frame) {
  const [px, py] = at;
  const top = clamp(Number(frame.top(py)) + lift, PAD.top + 13, PAD.top + frame.height - 4);
  return `<text class="cnn-line-name cnn-role-${role}${faint ? " cnn-quiet" : ""}" x="${frame.left(px)}" y="${top}" text-anchor="${anchor}">${name}</text>`;
}

function straight({ x, y, role = "plain", style, width = 1.5, name }, frame) {
  const path = x === undefined ? `M${PAD.left} ${frame.top(y)}h${frame.width}` : `M${frame.left(x)} ${PAD.top}v${frame.height}`;
  const [left, top] = x === undefined ? [PAD.left + frame.width - 4, Number(frame.top(y)) - 5] : [Number(frame.left(x)) + 5, PAD.top + 14];
  const text = name ? `<text class="cnn-line-name cnn-role-${role}" x="${left}" y="${top}" text-anchor="${x === undefined ? "end" : "start"}">${name}</text>` : "";
  return `<path class="cnn-stroke cnn-role-${role}" d="${path}" stroke-width="${width}"${dash(style)}/>${text}`;
}

// Boxes that look alike become one path: a histogram has hundreds of them.
function filled(boxes, frame) {
  const paths = new Map();
  for (const { x: [from, to], y: [low, high], role = "input", strength = 0.3 } of boxes) {
    const [left, right, foot, top] = [frame.left(from), frame.left(to), frame.top(low), frame.top(high)];
    const look = `class="cnn-box cnn-role-${role}" opacity="${strength.toFixed(2)}"`;
    paths.set(look, `${paths.get(look) ?? ""}M${left} ${top}H${right}V${foot}H${left}Z`);
  }
  return [...paths].map(([look, path]) => `<path ${look} d="${path}"/>`);
}

function spot({ at: [px, py], role = "plain", name, large, small }, frame) {
  const [left, top] = [frame.left(px), clamp(Number(frame.top(py)), PAD.top, PAD.top + frame.height)];
  const inside = Number(left) < PAD.left + frame.width * 0.62;
  const text = name ? `<text class="cnn-line-name cnn-told" x="${Number(left) + (inside ? 12 : -12)}" y="${clamp(top - 9, PAD.top + 14, PAD.top + frame.height - 4)}" text-anchor="${inside ? "start" : "end"}">${name}</text>` : "";
  return `<circle class="cnn-spot cnn-role-${role}" cx="${left}" cy="${top}" r="${large ? 9 : small ? 3.5 : 5}"/>${text}`;
}

const dash = (style) => (DASHES[style] ? ` stroke-dasharray="${DASHES[style]}"` : "");
