// Build your own network: a stack of layers with its shapes, counts and fields at every key, and its code.

import { mount } from "../app.js";
import { element, setText } from "../dom.js";
import { UserError } from "../errors.js";
import { codeBlock, stateLine } from "../facts.js";
import { clamp, grouped, read } from "../numbers.js";
import { codeOf } from "./build_code.js";
import { compute } from "./build_compute.js";
import { buildControls } from "./build_controls.js";
import { buildTable, bytes } from "./build_table.js";

function render({ model, el }) {
  return mount({
    model,
    el,
    label: "Network builder",
    properties: ["size", "channels", "classes", "layers", "selected"],
    compute,
    build(app) {
      const { kinds, layers: most } = model.get("limits");
      app.at = () => Math.min(app.state.selected, app.state.layers.length + 1);
      app.select = (selected) => app.set({ selected });
      // Add a layer of a kind after layer `number` (0 is the input), with its usual settings.
      app.add = (kind, number = Math.min(app.at(), app.state.layers.length)) => {
        if (app.state.layers.length >= most) return;
        const settings = Object.fromEntries(Object.entries(kinds[kind]).map(([name, [, , usual]]) => [name, usual]));
        app.set({ layers: app.state.layers.toSpliced(number, 0, { kind, ...settings }), selected: number + 1 });
      };
      app.remove = () => {
        const { layers } = app.state;
        const at = app.at();
        if (at < 1 || at > layers.length) return;
        app.set({ layers: layers.toSpliced(at - 1, 1), selected: clamp(at, 0, layers.length - 1) });
      };
      // Put layer `from` (1 is the first) where layer `to` stands.
      app.move = (from, to) => {
        const { layers } = app.state;
        if (from === to || Math.min(from, to) < 1 || Math.max(from, to) > layers.length) return;
        app.set({ layers: layers.toSpliced(from - 1, 1).toSpliced(to - 1, 0, layers[from - 1]), selected: to });
      };
      const table = buildTable(app);
      const controls = buildControls(app, table);
      const summary = element("p", { class: "cnn-summary", "aria-live": "polite" });
      const code = codeBlock("PyTorch");
      const text = stateLine(app, stateFields(model.get("limits")));
      app.root.append(element("div", { class: "cnn-columns" }, controls.element, element("div", { class: "cnn-main" }, table.element, summary, element("div", { class: "cnn-facts" }, code.element, text.element))));
      return (result, state) => {
        table.draw(result, state);
        controls.draw(result, state);
        setText(summary, inWords(result));
        code.update(codeOf(result, state));
        text.update(state);
      };
    },
  });
}

function inWords({ rows, broken, totals }) {
  const so = broken ? `Up to ${rows[broken.number - 1].name}` : "Together";
  const most = rows.reduce((best, row) => (row.parameters > best.parameters ? row : best));
  const where = totals.parameters && !broken ? ` Most parameters (${Math.round((100 * most.parameters) / totals.parameters)} %) are in ${most.name}.` : "";
  return `${so}: ${grouped(totals.parameters)} parameters (${bytes(4 * totals.parameters)}), ${grouped(totals.multiply_adds)} multiply-adds and ${bytes(totals.memory)} of results for one image.${where}`;
}

// The state as text: layers as kind:setting,setting;kind ... in the order of `kinds`.
function stateFields({ kinds, layers: most, ...ofImages }) {
  const whole = (text, name, [low, high]) => {
    const value = read(text);
    if (!Number.isInteger(value) || value < low || value > high) throw new UserError(`${name}=${text.slice(0, 40)}: must be a whole number from ${low} to ${high}`);
    return value;
  };
  const numbers = Object.fromEntries(Object.entries(ofImages).map(([name, range]) => [name, { parse: (text) => whole(text, name, range) }]));
  return {
    ...numbers,
    layers: {
      format: (layers) => layers.map(({ kind, ...settings }) => [kind, Object.keys(kinds[kind]).map((name) => settings[name]).join(",")].filter(Boolean).join(":")).join(";"),
      parse(text) {
        const layers = text.split(";").filter(Boolean).map((part) => {
          const [kind, values = ""] = part.split(":");
          if (!kinds[kind]) throw new UserError(`layers: “${part.slice(0, 40)}” must begin with one of ${Object.keys(kinds).join(", ")}`);
          const given = values.split(",").filter(Boolean);
          const known = Object.entries(kinds[kind]);
          if (given.length > known.length) throw new UserError(`layers: “${part.slice(0, 40)}” has more than the settings of ${kind}: ${known.map(([name]) => name).join(", ") || "none"}`);
          return { kind, ...Object.fromEntries(known.map(([name, [low, high, usual]], i) => [name, i < given.length ? whole(given[i], name, [low, high]) : usual])) };
        });
        if (layers.length > most) throw new UserError(`layers: ${layers.length} are too many; at most ${most}`);
        return layers;
      },
    },
    selected: { parse: (text, name) => whole(text, name, [0, most + 1]) },
  };
}

export default { render };
