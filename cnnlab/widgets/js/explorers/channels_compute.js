// A layer taken apart by channel, what a wiring costs, and the inception module: the browser's twin of cnnlab.core.

import { correlate, outputSize, pad } from "../convolution.js";
import { UserError } from "../errors.js";
import { matrix, toMatrix } from "../matrices.js";

export const KINDS = ["standard", "1×1", "grouped", "depth-wise", "separable", "shuffled"];

// channels: matrices. Returns what each channel adds to each filter, and the sums with the bias.
export function layer(channels, { weights, bias, stride, padding }) {
  if (weights.length !== bias.length) throw new UserError(`bias=${bias.join(",")}: must hold one number for each of the ${weights.length} filters`);
  const padded = channels.map((channel) => pad(channel, [padding, padding], [padding, padding], "zeros", 0));
  const parts = weights.map((filter) => filter.map((rows, c) => correlate(padded[c], toMatrix(rows), [stride, stride], [1, 1])));
  const output = parts.map((one, f) => {
    const { rows, cols } = one[0];
    return matrix(rows, cols, Float64Array.from({ length: rows * cols }, (_, i) => one.reduce((sum, part) => sum + part.data[i], bias[f])));
  });
  return { padded, parts, output };
}

const cost = (weights, biases, macs) => ({ weights, biases, macs, parameters: weights + biases });

function plain(inputs, filters, kernel, output, groups = 1) {
  const weights = (filters * inputs * kernel * kernel) / groups;
  return cost(weights, filters, weights * output * output);
}

// Where the shuffle takes its unit from: the channels, written in rows of one group, are read by columns.
export const shuffledFrom = (unit, channels, groups) => (unit % groups) * (channels / groups) + Math.floor(unit / groups);

export function wiring({ kind, channels, kernel, size, stride, pad: padded, groups }) {
  const inputs = channels[0];
  const filters = kind === "depth-wise" ? inputs : channels[1];
  const taps = kind === "1×1" ? 1 : kernel;
  const grouped = kind === "grouped" || kind === "shuffled";
  if (grouped && (inputs % groups || filters % groups)) throw new UserError(`groups=${groups}: must divide both ${inputs} input and ${filters} output channels`);
  const half = padded ? (taps - 1) / 2 : 0;
  const output = outputSize(size, taps, stride, [half, half], 1);
  if (output < 1) throw new UserError(`kernel=${taps}: spans ${taps} cells, more than the ${size} of the input; take a smaller kernel, or add padding`);
  const standard = plain(inputs, filters, taps, output);
  const cells = inputs * size * size;
  const results = filters * output * output;
  const shares = { grouped: groups, "depth-wise": inputs }[kind] ?? 1;
  let wired = plain(inputs, filters, taps, output, shares);
  let seen = inputs / shares;
  if (kind === "separable" || kind === "shuffled") {
    const first = kind === "separable" ? plain(inputs, inputs, taps, output, inputs) : plain(inputs, filters, taps, output, groups);
    const second = kind === "separable" ? plain(inputs, filters, 1, output) : plain(filters, filters, 1, output, groups);
    wired = cost(first.weights + second.weights, filters, first.macs + second.macs);
    if (kind === "shuffled") seen = (inputs / groups) * Math.min(groups, filters / groups);
  }
  return { kind, inputs, filters, taps, groups: grouped ? groups : shares, half, output, seen, wired, standard, dense: cost(cells * results, results, cells * results), stages: stages(kind, inputs, filters, taps, groups) };
}

// The columns of the diagram from left to right, and the wires between them: targets(a) is the first and the last
// unit of the next column that unit a leads to.
function stages(kind, inputs, filters, taps, groups) {
  const column = (name, count, share) => ({ name, count, groupOf: (unit) => Math.floor(unit / (count / share)) });
  const all = (from, to, share) => (a) => {
    const group = Math.floor(a / (from / share));
    return [(group * to) / share, ((group + 1) * to) / share - 1];
  };
  const first = column("input", inputs, { grouped: groups, shuffled: groups, "depth-wise": inputs, separable: inputs }[kind] ?? 1);
  const square = `${taps}×${taps}`;
  if (kind === "separable")
    return {
      columns: [first, column("one each", inputs, inputs), column("output", filters, 1)],
      links: [{ name: `${square}, depth-wise`, targets: all(inputs, inputs, inputs) }, { name: "1×1", targets: all(inputs, filters, 1) }],
    };
  if (kind === "shuffled") {
    const shuffled = { name: "shuffled", count: filters, groupOf: (unit) => Math.floor(shuffledFrom(unit, filters, groups) / (filters / groups)) };
    return {
      columns: [first, column("grouped", filters, groups), shuffled, column("output", filters, groups)],
      links: [
        { name: `${square}, grouped`, targets: all(inputs, filters, groups) },
        { name: "shuffle", targets: (a) => Array(2).fill(shuffledFrom(a, filters, filters / groups)) },
        { name: "1×1, grouped", targets: all(filters, filters, groups) },
      ],
    };
  }
  const share = { grouped: groups, "depth-wise": inputs }[kind] ?? 1;
  return { columns: [first, column("output", filters, share)], links: [{ name: square, targets: all(inputs, filters, share) }] };
}

// The units of every column that lead to unit `unit` of the last one.
export function reaching({ columns, links }, unit) {
  const found = columns.map(() => new Set());
  found.at(-1).add(unit);
  for (let i = links.length - 1; i >= 0; i--)
    for (let a = 0; a < columns[i].count; a++) {
      const [first, last] = links[i].targets(a);
      for (let b = first; b <= last; b++) if (found[i + 1].has(b)) found[i].add(a);
    }
  return found;
}

export function torchLine({ kind, inputs, filters, taps, groups, half }, { stride }) {
  const conv = (from, to, kernel, { at = 1, padding = 0, share = 1, bias = true }) =>
    `nn.Conv2d(${[from, to, kernel, ...(at > 1 ? [`stride=${at}`] : []), ...(padding ? [`padding=${padding}`] : []), ...(share > 1 ? [`groups=${share}`] : []), ...(bias ? [] : ["bias=False"])].join(", ")})`;
  const first = { at: stride, padding: half };
  if (kind === "separable") return `nn.Sequential(${conv(inputs, inputs, taps, { ...first, share: inputs, bias: false })}, ${conv(inputs, filters, 1, {})})`;
  if (kind === "shuffled") return `nn.Sequential(${conv(inputs, filters, taps, { ...first, share: groups, bias: false })}, nn.ChannelShuffle(${groups}), ${conv(filters, filters, 1, { share: groups })})`;
  return conv(inputs, filters, taps, { ...first, share: groups });
}

// Multiply-adds of the inception module by layer. filters: {"1x1", "3x3", "5x5"}: output channels.
export function inception({ bottlenecks, reduce3, reduce5, project, depth, size }, filters) {
  const macs = (from, to, kernel) => from * to * kernel * kernel * size * size;
  const large = (kernel, to, reduced) => {
    const from = bottlenecks ? reduced : depth;
    const last = { kernel, channels: to, macs: macs(from, to, kernel) };
    return bottlenecks ? [{ kernel: 1, channels: reduced, macs: macs(depth, reduced, 1) }, last] : [last];
  };
  const pool = { kernel: 3, pool: true, channels: depth, macs: 0 };
  const branches = {
    "1x1": [{ kernel: 1, channels: filters["1x1"], macs: macs(depth, filters["1x1"], 1) }],
    "3x3": large(3, filters["3x3"], reduce3),
    "5x5": large(5, filters["5x5"], reduce5),
    pool: bottlenecks ? [pool, { kernel: 1, channels: project, macs: macs(depth, project, 1) }] : [pool],
  };
  const sum = (layers) => layers.reduce((total, one) => total + one.macs, 0);
  const totals = Object.fromEntries(Object.entries(branches).map(([name, layers]) => [name, sum(layers)]));
  const outputs = Object.values(branches).map((layers) => layers.at(-1).channels);
  const naive = Object.fromEntries(["1x1", "3x3", "5x5"].map((name) => [name, macs(depth, filters[name], Number(name[0]))]));
  const add = (values) => Object.values(values).reduce((total, one) => total + one, 0);
  return { branches, totals, total: add(totals), naive: { ...naive, pool: 0 }, naiveTotal: add(naive), outputs, channels: add(outputs), naiveChannels: add(filters) + depth };
}
