// The scan: the window visits every output cell in turn, and the output fills.

import { player } from "../player.js";

export function buildPlayer(app) {
  const { look } = app;
  let shown = null; // the result on the stage

  const scan = player({
    app,
    word: "window",
    count: () => shown.output.data.length,
    here: () => app.state.position[0] * shown.output.cols + app.state.position[1],
    go(index) {
      look.hover = null;
      app.set({ position: [Math.floor(index / shown.output.cols), index % shown.output.cols] });
    },
    onPlay: (index) => (look.scanned = index),
    onStep: () => (look.scanned = Infinity),
  });

  return {
    element: scan.element,
    draw(result) {
      if (shown && shown !== result) {
        scan.stop(); // a new setting: the whole output again
        look.scanned = Infinity;
      }
      shown = result;
      scan.update();
    },
  };
}
