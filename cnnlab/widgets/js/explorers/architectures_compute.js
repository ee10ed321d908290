// The browser's twin of cnnlab.apps.architectures: fields of units in networks with branches. A test holds it to core.
// A network's rows are [name, kind, shape, parameters, multiply-adds, node]; a node is [sources, axes], where an axis is
// [units, first, jump, size, span, stride, padding] and stands for both where they are alike.

import { clamp } from "../numbers.js";

export const axisOf = (node, axis) => node[1][Math.min(axis, node[1].length - 1)];

// The input pixels [start, stop) that a unit sees on one axis, clipped layer by layer along every branch.
export function seen(nodes, number, axis, unit) {
  const pending = new Map([[number, [unit, unit + 1]]]);
  for (let row = number; row > 0; row--) {
    if (!pending.has(row)) continue;
    const [start, stop] = pending.get(row);
    const sizes = nodes[row][0].map((source) => axisOf(nodes[source], axis)[0]);
    const n = Math.max(...sizes);
    const [, , , , span, stride, padding] = axisOf(nodes[row], axis);
    const low = Math.max(start * stride - padding, 0);
    const high = Math.min((stop - 1) * stride - padding + span, n);
    const region = start < stop && low < high ? [low, high] : [0, 0];
    nodes[row][0].forEach((source, i) => {
      const read = sizes[i] === n || region[0] === region[1] ? region : [0, sizes[i]]; // a single unit is read by all
      pending.set(source, pending.has(source) ? hull(pending.get(source), read) : read);
    });
  }
  return pending.get(0);
}

function hull(one, other) {
  if (one[0] === one[1]) return other;
  if (other[0] === other[1]) return one;
  return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
}

// What one side shows: the chosen row, the unit at the place, what it sees, and the same with padding.
export function view(network, number, place) {
  const chosen = Math.min(number, network.rows.length - 1);
  const [, , , , , at] = network.rows[chosen];
  const axes = [0, 1].map((axis) => axisOf(network.nodes[at], axis));
  const unit = axes.map(([units], i) => Math.min(Math.floor(place[i] * units), units - 1));
  return {
    chosen,
    node: at,
    units: axes.map(([units]) => units),
    size: axes.map(([, , , size]) => size),
    unit,
    field: unit.map((index, axis) => seen(network.nodes, at, axis, index)),
    whole: unit.map((index, i) => [axes[i][1] + index * axes[i][2], axes[i][1] + index * axes[i][2] + axes[i][3]]),
  };
}

export function compute({ network, other, layer, other_layer, place }, networks) {
  return [[network, layer], [other, other_layer]].filter(([name]) => networks[name]).map(([name, number]) => view(networks[name], number, place));
}

// What the paper's table would list: single layers and blocks, with their counts together.
export function entriesOf(network) {
  const blocks = new Map(network.blocks.map(([name, kind, first, stop]) => [first, { name, kind, first, stop }]));
  const entries = [];
  for (let number = 0; number < network.rows.length; number = entries.at(-1).stop) {
    const [name, kind] = network.rows[number];
    const entry = blocks.get(number) ?? { name, kind, first: number, stop: number + 1 };
    const inside = network.rows.slice(entry.first, entry.stop);
    const total = (column) => inside.reduce((sum, row) => sum + row[column], 0);
    // Choosing an entry means its last layer, or the layer by itself where the others only follow it.
    const chosen = entry.kind === kind ? entry.first : entry.stop - 1;
    entries.push({ ...entry, chosen, rows: inside, last: inside.at(-1), parameters: total(3), multiply_adds: total(4) });
  }
  return entries;
}

// The share of parameters and of multiply-adds in layers that make a vector of a vector.
export function denseShare(network) {
  const dense = network.rows.filter(([, kind, shape]) => kind.startsWith("dense,") && shape.length === 1);
  const share = (column, total) => dense.reduce((sum, row) => sum + row[column], 0) / total;
  return { parameters: share(3, network.parameters), multiply_adds: share(4, network.multiply_adds) };
}

// 62.4 M: three digits and a unit.
export function brief(value) {
  const [power, unit] = [[1e9, " G"], [1e6, " M"], [1e3, " k"]].find(([least]) => value >= least) ?? [1, ""];
  const scaled = value / power;
  return `${power === 1 ? value : scaled >= 100 ? Math.round(scaled) : Number(scaled.toPrecision(3))}${unit}`;
}

export const placeOf = (unit, units) => unit.map((index, i) => clamp((index + 0.5) / units[i], 0, 1));
