// The browser's twin of apps/backprop_train.py: 3×3 convolution with 4 filters, ReLU, 2×2 max pooling, a second
// convolution that covers the 3×3 map with one filter a class, softmax and cross-entropy. A test holds it to core.

const [SIDE, MAP, POOLED, FILTERS, CLASSES] = [8, 6, 3, 4, 10];
const CELLS = POOLED * POOLED;

// weights: [first (4·9), its biases (4), second (10·36), its biases (10)]; x: 64 values; label: the right class.
// Adds `share` of the gradients to `gradients`; returns what was computed on the way.
export function pass([first, firstBias, second, secondBias], x, label, share, gradients) {
  const maps = new Float64Array(FILTERS * MAP * MAP);
  const pooled = new Float64Array(FILTERS * CELLS);
  const winners = new Int32Array(FILTERS * CELLS);
  for (let f = 0; f < FILTERS; f++) {
    for (let r = 0; r < MAP; r++)
      for (let c = 0; c < MAP; c++) {
        let sum = firstBias[f];
        for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) sum += first[f * 9 + a * 3 + b] * x[(r + a) * SIDE + c + b];
        maps[(f * MAP + r) * MAP + c] = Math.max(sum, 0);
      }
    for (let r = 0; r < POOLED; r++)
      for (let c = 0; c < POOLED; c++) {
        let best = (f * MAP + 2 * r) * MAP + 2 * c;
        for (const at of [best + 1, best + MAP, best + MAP + 1]) if (maps[at] > maps[best]) best = at;
        pooled[f * CELLS + r * POOLED + c] = maps[best];
        winners[f * CELLS + r * POOLED + c] = best;
      }
  }
  const scores = Float64Array.from({ length: CLASSES }, (_, k) => pooled.reduce((sum, value, i) => sum + value * second[k * pooled.length + i], secondBias[k]));
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, value) => sum + value, 0);
  const probabilities = powers.map((value) => value / total);
  const loss = Math.log(total) + most - scores[label];

  const byScores = probabilities.map((p, k) => (p - (k === label ? 1 : 0)) * share);
  const byInput = new Float64Array(SIDE * SIDE);
  const byMaps = new Float64Array(maps.length);
  for (let i = 0; i < pooled.length; i++) {
    let sum = 0;
    for (let k = 0; k < CLASSES; k++) {
      sum += byScores[k] * second[k * pooled.length + i];
      gradients[2][k * pooled.length + i] += byScores[k] * pooled[i];
    }
    if (maps[winners[i]] > 0) byMaps[winners[i]] += sum; // max pooling sends all to the winner, ReLU lets only positive ones pass
  }
  for (let k = 0; k < CLASSES; k++) gradients[3][k] += byScores[k];
  for (let f = 0; f < FILTERS; f++)
    for (let r = 0; r < MAP; r++)
      for (let c = 0; c < MAP; c++) {
        const back = byMaps[(f * MAP + r) * MAP + c];
        if (!back) continue;
        gradients[1][f] += back;
        for (let a = 0; a < 3; a++)
          for (let b = 0; b < 3; b++) {
            gradients[0][f * 9 + a * 3 + b] += back * x[(r + a) * SIDE + c + b];
            byInput[(r + a) * SIDE + c + b] += back * first[f * 9 + a * 3 + b];
          }
      }
  return { loss, probabilities, maps, byInput };
}

const zeros = (weights) => weights.map((part) => new Float64Array(part.length));

function epoch(weights, pictures, labels) {
  const gradients = zeros(weights);
  const loss = labels.reduce((sum, label) => sum + pass(weights, pictures[label], label, 1 / labels.length, gradients).loss, 0) / labels.length;
  return { loss, gradients };
}

// Training from the start up to `steps`; what was already computed for the same setting is kept, so that a step costs one
// step and going back costs nothing.
export function trainer(start, pictures) {
  let kept = { key: null, history: [] }; // history[i]: {weights, loss, gradients} after i steps
  return ({ digit, learn, rate, steps }) => {
    const labels = learn === "this digit" ? [digit] : pictures.map((_, label) => label);
    const key = JSON.stringify([labels, rate]);
    if (kept.key !== key) {
      const weights = start.map((part) => Float64Array.from(part));
      kept = { key, history: [{ weights, ...epoch(weights, pictures, labels) }] };
    }
    const { history } = kept;
    while (history.length <= steps) {
      const { weights, gradients } = history.at(-1);
      const next = weights.map((part, i) => part.map((value, k) => value - rate * gradients[i][k]));
      history.push({ weights: next, ...epoch(next, pictures, labels) });
    }
    const { weights, gradients } = history[steps];
    const shown = pass(weights, pictures[digit], digit, 1, zeros(weights));
    return { losses: history.slice(0, steps + 1).map(({ loss }) => loss), weights, gradients, probabilities: shown.probabilities, maps: shown.maps, byInput: shown.byInput };
  };
}
