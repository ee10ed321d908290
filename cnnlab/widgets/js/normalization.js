// The browser's twin of cnnlab.core.normalization, for small blocks of numbers. A test holds it to that.

export const EPS = 1e-5;

// {mean, variance} of some numbers, the variance biased: divided by their count.
export function moments(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

// The moving averages after one mini-batch: the old ones keep the share alpha.
export function moved(before, values, { alpha, unbiased }) {
  const { mean, variance } = moments(values);
  const current = unbiased ? (variance * values.length) / (values.length - 1) : variance;
  return { mean: alpha * before.mean + (1 - alpha) * mean, variance: alpha * before.variance + (1 - alpha) * current, current };
}

// The five steps of batch norm on the values of one channel. `before`: the moving averages so far.
export function batchNormSteps(values, before, { gamma, beta, training, alpha, unbiased }) {
  const used = training ? moments(values) : before;
  const deviation = Math.sqrt(used.variance + EPS);
  const normalized = values.map((value) => (value - used.mean) / deviation);
  const output = normalized.map((value) => gamma * value + beta);
  return { mean: used.mean, variance: used.variance, deviation, normalized, output, before, after: training ? moved(before, values, { alpha, unbiased }) : { ...before, current: null } };
}

// For a block of [N, C, P] cells: the cells (as places in its data) that share one mean with each cell.
export function sharing(norm, [examples, channels, places], groups) {
  const key = {
    batch: (n, c) => c,
    layer: (n) => n,
    instance: (n, c) => n * channels + c,
    group: (n, c) => n * groups + Math.floor((c * groups) / channels),
  }[norm];
  const sets = [];
  for (let n = 0, i = 0; n < examples; n++)
    for (let c = 0; c < channels; c++) for (let p = 0; p < places; p++, i++) (sets[key(n, c)] ??= []).push(i);
  return sets;
}

// Every set of cells by its own mean and standard deviation.
export function normalizeSets(data, sets) {
  const result = new Float64Array(data.length);
  for (const set of sets) {
    const { mean, variance } = moments(set.map((i) => data[i]));
    for (const i of set) result[i] = (data[i] - mean) / Math.sqrt(variance + EPS);
  }
  return result;
}

// Channels size // 2 before to (size - 1) // 2 after a channel, as far as they exist.
export function neighbours(channel, channels, size) {
  const first = Math.max(0, channel - Math.floor(size / 2));
  const last = Math.min(channels - 1, channel + Math.floor((size - 1) / 2));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

// Local response normalisation as AlexNet has it: x / (k + alpha * sum of squares of neighbouring channels) ** beta.
export function localResponseNorm(data, [examples, channels, places], { size, alpha, k = 2, beta = 0.75 }) {
  const result = new Float64Array(data.length);
  for (let n = 0, i = 0; n < examples; n++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < places; p++, i++) {
        const squares = neighbours(c, channels, size).reduce((sum, other) => sum + data[(n * channels + other) * places + p] ** 2, 0);
        result[i] = data[i] / (k + alpha * squares) ** beta;
      }
  return result;
}
