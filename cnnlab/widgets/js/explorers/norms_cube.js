// The block as a solid: examples one behind the other, channels down, places across. Marked cells are coloured.

import { element, setHtml } from "../dom.js";

const [SIDE, DEPTH_X, DEPTH_Y] = [22, 34, -24]; // px of a cell in front, and the way back of one example
const [LEFT, TOP] = [34, 84];

export function buildCube(channels, examples, places) {
  const holder = element("div", { class: "cnn-cube" });
  const width = LEFT + places * SIDE + examples * DEPTH_X + 70;
  const height = TOP + channels * SIDE + 34;
  const spot = (n, c, p) => `${LEFT + p * SIDE + n * DEPTH_X} ${TOP + c * SIDE + n * DEPTH_Y}`;
  const place = (n, c, p) => (n * channels + c) * places + p;

  // The three faces that are seen: [place of the cell, its four corners].
  const faces = [];
  for (let n = 0; n < examples; n++) for (let p = 0; p < places; p++) faces.push([place(n, 0, p), [[n, 0, p], [n, 0, p + 1], [n + 1, 0, p + 1], [n + 1, 0, p]], "top"]);
  for (let n = 0; n < examples; n++) for (let c = 0; c < channels; c++) faces.push([place(n, c, places - 1), [[n, c, places], [n + 1, c, places], [n + 1, c + 1, places], [n, c + 1, places]], "side"]);
  for (let c = 0; c < channels; c++) for (let p = 0; p < places; p++) faces.push([place(0, c, p), [[0, c, p], [0, c, p + 1], [0, c + 1, p + 1], [0, c + 1, p]], "front"]);

  const [across, down, back] = [
    `<text x="${LEFT + (places * SIDE) / 2}" y="${height - 8}" text-anchor="middle">places (H × W)</text>`,
    `<text transform="translate(22 ${TOP + (channels * SIDE) / 2}) rotate(-90)" text-anchor="middle">channels C</text>`,
    `<text x="${LEFT + (examples * DEPTH_X) / 2 - 16}" y="${TOP + (examples * DEPTH_Y) / 2 - 8}" text-anchor="end">N</text>`,
  ];
  return {
    element: holder,
    draw(marked) {
      const polygons = faces.map(([i, corners, side]) => `<polygon class="cnn-face cnn-${side}${marked.has(i) ? " cnn-shared" : ""}" points="${corners.map((corner) => spot(...corner)).join(" ")}"/>`);
      setHtml(holder, `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The block of cells as a solid; the cells that share one mean are coloured">${polygons.join("")}${across}${down}${back}</svg>`);
    },
  };
}
