// The browser's twin of cnnlab.core.activations. A test holds it to that, number for number.

export const SLOPE = 0.01; // of leaky ReLU, as PyTorch has it

// The logistic function; e is only ever raised to negative powers, so nothing overflows.
function sigmoid(x) {
  const z = Math.exp(-Math.abs(x));
  return (x >= 0 ? 1 : z) / (1 + z);
}

// erfc: the series of erf near 0, a continued fraction (Lentz's method) in the tails.
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const factor = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 2.5) {
    let term = 2 * x;
    let sum = term;
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return 1 - factor * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return factor / fraction;
}

const normalCdf = (x) => erfc(-x / Math.SQRT2) / 2;
const normalDensity = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

function tanhSlope(x) {
  const z = Math.exp(-Math.abs(x)) ** 2;
  return (4 * z) / (1 + z) ** 2;
}

// name -> {value(x, slope), slope(x, slope)}; only leaky ReLU looks at the second argument.
export const ACTIVATIONS = {
  relu: { value: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0) },
  leaky_relu: { value: (x, slope = SLOPE) => (x > 0 ? x : slope * x), slope: (x, slope = SLOPE) => (x > 0 ? 1 : slope) },
  sigmoid: { value: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  tanh: { value: Math.tanh, slope: tanhSlope },
  gelu: { value: (x) => x * normalCdf(x), slope: (x) => normalCdf(x) + x * normalDensity(x) },
  silu: { value: (x) => x * sigmoid(x), slope: (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x) },
};
