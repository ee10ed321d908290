// The browser's twin of cnnlab.nets.layer_list and of its summary: shapes, counts and fields of a stack of layers.
// A test holds it to them, number for number. Maps are square, so one axis stands for both.

export const LAST = "logits";
const BYTES = 4; // of a float32 number
const WORDS = { conv: "Convolution", depthwise: "Depth-wise convolution", norm: "Batch norm", relu: "ReLU", maxpool: "Max pooling", avgpool: "Average pooling", adaptive: "Average to a size", dropout: "Dropout", flatten: "Flatten", linear: "Dense layer" };

export const wordOf = (kind) => WORDS[kind];
export const product = (shape) => shape.reduce((all, n) => all * n, 1);
export const shapeText = (shape) => shape.join("×");
const listed = (count) => `a list of ${count.toLocaleString("en-US")} numbers`;
const mapsOf = ([channels, side]) => `${channels} map${channels === 1 ? "" : "s"} of ${side}×${side}`;

// The kind with a number that counts the layers of this kind.
export function namesOf(layers) {
  const counts = {};
  return layers.map(({ kind }) => `${kind}${(counts[kind] = (counts[kind] ?? 0) + 1)}`);
}

// A layer that does not fit: why, and the layers as they would fit, as [words, layers, its new number].
class Misfit {
  constructor(why, repairs) {
    Object.assign(this, { why, repairs });
  }
}

// What a layer of each kind makes of a shape: {shape, parameters, multiply_adds, memory, window}; throws a Misfit.
const STEPS = {
  conv: (shape, layer, at) => convolution(shape, layer, at, layer.channels, 1),
  depthwise: (shape, layer, at) => convolution(shape, layer, at, shape[0], shape[0]),
  maxpool: pooling,
  avgpool: pooling,
  norm: (shape) => ({ shape, parameters: 2 * shape[0], buffers: 2 * shape[0] + 1 }),
  relu: (shape) => ({ shape }),
  dropout: (shape) => ({ shape, memory: 0 }),
  adaptive(shape, { size }, at) {
    const [channels, side] = maps(shape, at);
    if (size > side) throw new Misfit(`It averages to ${size}×${size}, and its maps have only ${side}×${side}.`, [at.change(`Make it ${side}×${side}`, { size: side }), at.remove()]);
    const even = side % size === 0;
    const window = { span: side / size, stride: size > 1 ? side / size : 1, padding: 0 };
    return { shape: [channels, size, size], window: even ? window : null, uneven: !even && size > 1, all: !even && size === 1 };
  },
  flatten: (shape) => ({ shape: [product(shape)], memory: 0 }),
  linear(shape, { features, inputs }, at) {
    if (shape.length > 1) throw new Misfit(`It reads a list of numbers, and gets ${mapsOf(shape)}.`, [at.insert("Flatten before it", { kind: "flatten" }), at.insert("Average each map first, then flatten", { kind: "adaptive", size: 1 }, { kind: "flatten" })]);
    if (inputs && inputs !== shape[0]) throw new Misfit(`It was made for ${listed(inputs)}, and gets ${listed(shape[0])}.`, [at.change(`Make it read ${shape[0].toLocaleString("en-US")}`, { inputs: shape[0] }), at.resize(inputs)]);
    return { shape: [features], parameters: features * (shape[0] + 1), multiply_adds: features * shape[0], all: true };
  },
};

function maps(shape, at) {
  if (shape.length > 1) return shape;
  throw new Misfit(`It reads maps, and gets ${listed(shape[0])}: after flattening nobody knows which numbers were neighbours.`, [at.earlier(), at.remove()]);
}

function slid(shape, { kernel, stride, padding }, at) {
  const [, side] = maps(shape, at);
  const padded = side + 2 * padding;
  if (kernel > padded) {
    const enough = Math.ceil((kernel - side) / 2);
    const pools = at.kind.endsWith("pool");
    const repairs = [at.change(`Make its kernel ${padded}×${padded}`, { kernel: padded }), !pools && enough <= 5 ? at.change(`Give it padding ${enough}`, { padding: enough }) : at.remove()];
    throw new Misfit(`Its kernel spans ${kernel} cells, and its input has only ${padded}${padding ? ` with the padding (${side} without)` : ""}: no window fits.`, repairs);
  }
  return { side: Math.floor((padded - kernel) / stride) + 1, window: { span: kernel, stride, padding } };
}

function convolution(shape, layer, at, channels, groups) {
  const { side, window } = slid(shape, layer, at);
  const taps = (layer.kernel ** 2 * shape[0]) / groups;
  return { shape: [channels, side, side], window, parameters: channels * (taps + 1), multiply_adds: channels * side * side * taps };
}

function pooling(shape, layer, at) {
  const { side, window } = slid(shape, layer, at);
  const { kernel, padding } = layer;
  if (2 * padding > kernel) {
    const most = Math.floor(kernel / 2);
    throw new Misfit(`Padding ${padding} is more than half of its kernel ${kernel}: some windows would hold no cell at all.`, [at.change(`Give it padding ${most}`, { padding: most }), at.change(`Make its kernel ${2 * padding}×${2 * padding}`, { kernel: 2 * padding })]);
  }
  return { shape: [shape[0], side, side], window };
}

// One axis of what the units see, as in cnnlab.core; `from` is the even map before uneven windows.
function fieldAfter(before, { window, uneven, all }, side) {
  if (!before) return null;
  if (all) {
    const { n, first, jump, size } = before.from ?? before;
    return { n: 1, first, jump, size: size + (n - 1) * jump };
  }
  if (uneven) return { ...before, from: before.from ?? before, n: side };
  if (!window || (window.span === 1 && window.stride === 1 && window.padding === 0)) return { ...before };
  if (before.from) return window.span === before.n && window.stride === 1 && side === 1 ? fieldAfter(before, { all: true }, 1) : null;
  const { first, jump, size } = before;
  return { n: side, first: first - window.padding * jump, jump: jump * window.stride, size: size + (window.span - 1) * jump };
}

// Row 0 is the input, then a row a layer, then the logits; `broken` says where and why the stack does not fit.
export function compute({ size, channels, classes, layers }) {
  const all = [...layers, { kind: "linear", features: classes, inputs: 0 }];
  const names = [...namesOf(layers), LAST];
  let field = { n: size, first: 0, jump: 1, size: 1 };
  const rows = [{ name: "input", kind: "input", shape: [channels, size, size], parameters: 0, buffers: 0, multiply_adds: 0, memory: 0, field }];
  let broken = null;
  all.forEach((layer, i) => {
    const row = { name: names[i], kind: layer.kind, shape: null, parameters: 0, buffers: 0, multiply_adds: 0, memory: 0, field: null };
    if (!broken) {
      try {
        const made = STEPS[layer.kind](rows[i].shape, layer, repairsAt(layers, i, rows));
        field = fieldAfter(field, made, made.shape[1] ?? 1);
        Object.assign(row, { memory: BYTES * product(made.shape) }, made, { field });
      } catch (misfit) {
        if (!(misfit instanceof Misfit)) throw misfit;
        broken = { number: i + 1, name: names[i], why: misfit.why, repairs: misfit.repairs };
      }
    }
    rows.push(row);
  });
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  return { rows, broken, layers, totals: Object.fromEntries(["parameters", "buffers", "multiply_adds", "memory"].map((key) => [key, total(key)])) };
}

// Repairs of layer i (0 is the first; the logits come behind the last).
function repairsAt(layers, i, rows) {
  const spliced = (from, removed, ...added) => layers.toSpliced(from, removed, ...added);
  return {
    kind: layers[i]?.kind ?? "linear",
    insert: (words, ...added) => [words, spliced(i, 0, ...added), i + added.length],
    change: (words, settings) => [words, spliced(i, 1, { ...layers[i], ...settings }), i + 1],
    remove: () => ["Remove it", spliced(i, 1), i],
    // In front of the layer that made a list of the maps.
    earlier() {
      const to = rows.findIndex(({ shape }) => shape.length === 1) - 1;
      return ["Move it before the flattening", spliced(i, 1).toSpliced(to, 0, layers[i]), to + 1];
    },
    // Bring the maps to the size at which as many numbers come out as the dense layer reads.
    resize(inputs) {
      const flat = rows.findIndex(({ shape }) => shape.length === 1);
      const [count, most] = flat > 0 ? rows[flat - 1].shape : [1, 1];
      const side = Math.sqrt(inputs / count);
      const settings = { kind: "adaptive", size: side };
      if (flat === i && Number.isInteger(side) && side <= Math.min(most, 16)) return [`Average the maps to ${side}×${side} before flattening`, spliced(flat - 1, 0, settings), i + 2];
      return ["Let it read whatever comes", spliced(i, 1, { ...layers[i], inputs: 0 }), i + 1];
    },
  };
}
