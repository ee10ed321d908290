// Networks taken apart: blocks that open, where weights and work sit, what a unit sees; one network or two side by side.

import { mount } from "../app.js";
import { menu } from "../controls.js";
import { element } from "../dom.js";
import { compute } from "./architectures_compute.js";
import { buildPanel } from "./architectures_panel.js";

const SIDES = [{ network: "network", layer: "layer" }, { network: "other", layer: "other_layer" }];

function render({ model, el }) {
  const networks = model.get("networks");
  return mount({
    model,
    el,
    label: "Network explorer",
    properties: ["network", "other", "layer", "other_layer", "place", "opened"],
    compute: (state) => compute(state, networks),
    build(app) {
      app.networks = networks;
      app.look = { place: null }; // a place under the pointer; never saved
      const options = Object.entries(networks).map(([name, { title, year }]) => [name, `${title}, ${year}`]);
      const choose = (side) => (name) => app.set({ [side.network]: name, [side.layer]: middle(networks[name]) });
      const menus = [menu({ label: "Network", options, change: choose(SIDES[0]) }), menu({ label: "Beside it", options: [["none", "nothing"], ...options], change: choose(SIDES[1]) })];
      const panels = SIDES.map((names) => buildPanel(app, names));
      const stage = element("div", { class: "cnn-arch" }, ...panels.map((panel) => panel.element));
      app.root.append(element("div", { class: "cnn-controls cnn-across" }, ...menus.map((one) => one.element)), stage);
      return (views, state) => {
        const shown = SIDES.map(({ network }) => networks[state[network]]).filter(Boolean);
        menus.forEach((one, i) => one.update(state[SIDES[i].network]));
        stage.classList.toggle("cnn-two-nets", shown.length > 1);
        const most = { parameters: 0, multiply_adds: 0 }; // two networks are drawn on one scale
        panels.forEach((panel, i) => shown[i] && panel.measure(shown[i], most));
        panels.forEach((panel, i) => {
          panel.element.hidden = !shown[i];
          if (shown[i]) panel.draw(shown[i], views[i], state, most);
        });
      };
    },
  });
}

// A layer in the middle of the network: its units see neither everything nor next to nothing.
function middle(network) {
  if (!network) return 0;
  const side = network.input[1];
  const found = network.rows.findIndex(([, kind, , , , node]) => kind.startsWith("conv") && network.nodes[node][1][0][3] > side / 6);
  return Math.max(found, 0);
}

export default { render };
