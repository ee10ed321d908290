// The whole network: a column of maps for each layer, links into the open map, and one unit of it worked out.

import { mount } from "../app.js";
import { element, setText } from "../dom.js";
import { declaredBars, declaredControls } from "../panel.js";
import { clamp, show } from "../numbers.js";

const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const declared = model.get("controls");
  let asked = null;

  return mount({
    model,
    el,
    label: model.get("label"),
    properties: ["picture", "layer", "channel", "row", "column", "network", "answer"],
    maySave(state) {
      if (asked !== null && state.answer.number === asked) return false;
      asked = state.answer.number;
      return true;
    },
    compute: ({ network, answer }) => ({ network, answer }),
    build(app) {
      const controls = declaredControls(app, declared);
      const links = document.createElementNS(SVG, "svg");
      const strip = element("div", { class: "cnn-net", tabindex: 0, role: "group", "aria-label": "Layers from the input to the scores" });
      const open = element("div", { class: "cnn-unit" });
      const words = element("p", { class: "cnn-summary", "aria-live": "polite" });
      const bars = declaredBars();
      app.root.append(controls.element, strip, words, open, bars.element);
      let [built, shown, thumbs] = [null, null, []];

      function buildColumns({ columns }) {
        thumbs = columns.map(({ name, channels, maps }, layer) =>
          channels.map((channel, i) => {
            const map = element("button", { type: "button", class: "cnn-map", "aria-label": `${name}, channel ${channel}`, onclick: () => app.set({ layer, channel }) }, element("img", { src: maps[i], alt: "" }));
            return { channel, map };
          }),
        );
        strip.replaceChildren(links, ...columns.map(({ name, kind, size }, i) => element("div", { class: "cnn-net-layer" }, element("b", {}, name), element("small", {}, kind), element("small", {}, size), ...thumbs[i].map(({ map }) => map))));
      }

      function drawLinks({ layer, channel, links: strengths }) {
        links.setAttribute("width", strip.scrollWidth);
        links.setAttribute("height", strip.scrollHeight);
        for (const column of thumbs) for (const { map } of column) map.setAttribute("aria-pressed", "false");
        const end = thumbs[layer]?.find((thumb) => thumb.channel === channel)?.map;
        end?.setAttribute("aria-pressed", "true");
        if (!end || !layer) return links.replaceChildren();
        const most = Math.max(...Object.values(strengths), 1e-9);
        const same = Object.keys(strengths).length === 0;
        links.replaceChildren(
          ...thumbs[layer - 1].filter((thumb) => (same ? thumb.channel === channel : thumb.channel in strengths)).map(({ channel: from, map }) => {
            const [x1, y1, x2, y2] = [map.offsetLeft + map.offsetWidth, map.offsetTop + map.offsetHeight / 2, end.offsetLeft, end.offsetTop + end.offsetHeight / 2];
            const path = document.createElementNS(SVG, "path");
            path.setAttribute("d", `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`);
            path.setAttribute("stroke-width", same ? 2 : 1 + (4 * strengths[from]) / most);
            return path;
          }),
        );
      }

      function place(event, [rows, columns], frame) {
        const at = (share, count) => clamp(Math.floor(share * count), 0, count - 1);
        app.set({ row: at((event.clientY - frame.top) / frame.height, rows), column: at((event.clientX - frame.left) / frame.width, columns) });
      }

      function drawUnit({ map, title, place: [row, column], size: [rows, columns], terms, rest }) {
        const [left, top, width, height] = [(100 * column) / columns, (100 * row) / rows, 100 / columns, 100 / rows];
        const picture = element("div", { class: "cnn-opened", tabindex: 0, role: "application", "aria-label": `${title}. Arrow keys move the place.`, "data-lm-suppress-shortcuts": "true" }, element("img", { src: map, alt: "" }), box([left, top, width, height]));
        const listen = (event) => place(event, [rows, columns], picture.getBoundingClientRect());
        picture.addEventListener("pointermove", listen);
        picture.addEventListener("pointerdown", listen);
        picture.addEventListener("keydown", (event) => {
          const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
          if (!step) return;
          event.preventDefault();
          event.stopPropagation();
          app.set({ row: clamp(row + step[0], 0, rows - 1), column: clamp(column + step[1], 0, columns - 1) });
        });
        const focused = open.contains(document.activeElement);
        open.replaceChildren(
          element("figure", {}, element("figcaption", {}, title), picture),
          element(
            "div",
            { class: "cnn-net-terms" },
            ...terms.map((term) =>
              element(
                "div",
                { class: "cnn-net-term" },
                element("span", {}, `channel ${term.channel}`),
                term.map ? element("div", { class: "cnn-read" }, element("img", { src: term.map, alt: "" }), box(term.box)) : null,
                table(term.window, "input"),
                term.kernel.length ? element("span", {}, "×") : null,
                table(term.kernel, "kernel"),
                element("b", {}, `→ ${show(term.value)}`),
              ),
            ),
            rest ? element("p", {}, rest) : null,
          ),
        );
        if (focused) picture.focus({ preventScroll: true });
      }

      return ({ network, answer }, state) => {
        controls.update(state);
        if (network !== built && network.columns) {
          built = network;
          buildColumns(network);
          bars.draw(network.bars);
          shown = null;
        }
        if (answer.refusal) return app.refuse(answer.refusal);
        if (!answer.focus || !built) return;
        drawLinks(answer.focus);
        if (answer === shown) return;
        shown = answer;
        drawUnit(answer.focus);
        setText(words, answer.text);
      };
    },
  });
}

function box([left, top, width, height] = []) {
  return left === undefined ? null : element("i", { style: `left:${left}%;top:${top}%;width:${width}%;height:${height}%` });
}

function table(rows, role) {
  if (!rows.length) return null;
  return element("table", { class: `cnn-numbers cnn-role-${role}` }, ...rows.map((row) => element("tr", {}, ...row.map((value) => element("td", {}, show(value))))));
}

export default { render };
