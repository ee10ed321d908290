// Sizes, coverage and cost of one layer: the browser's twin of cnnlab.core.arithmetic. A test holds it to that.

import { outputSize, padAmounts, span } from "../convolution.js";
import { UserError } from "../errors.js";

export const WORDS = ["rows", "columns"];
// What a puzzle draws from: small enough to find every answer.
export const RANGES = { kernel: [1, 5], stride: [1, 3], dilation: [1, 2], padding: [0, 2], output_padding: [0, 1] };

const ONE = { n: 1, taps: 1, stride: 1, dilation: 1, pads: [0, 0], size: 1, reach: 1, uncovered: 0, uncoveredInput: 0, extra: 0 };

export const isSeries = (mode) => mode === "1-D" || mode === "causal";

// One axis: n cells, taps, stride, dilation, pads [before, after], reach, size, and what is left over.
export function axisOf(mode, { n, kernel, stride, dilation, padding, output_padding = 0 }, word = "cells") {
  const reach = span(kernel, dilation);
  if (mode === "transposed") {
    if (typeof padding === "string") throw new UserError(`padding=${padding}: must be a number of cells here; a transposed convolution crops by it`);
    if (output_padding >= Math.max(stride, dilation)) throw new UserError(`output_padding=${output_padding}: must be less than the stride ${stride} or the dilation ${dilation}`);
    const size = (n - 1) * stride + reach + output_padding - 2 * padding;
    if (size < 1) throw new UserError(`padding=${padding}: would crop all ${size + 2 * padding} ${word} of the result; take less padding`);
    return { n, taps: kernel, stride, dilation, pads: [padding, padding], size, reach, extra: output_padding, uncovered: 0, uncoveredInput: 0 };
  }
  const pads = mode === "causal" ? [reach - 1, 0] : padAmounts(padding, n, kernel, stride, dilation);
  const size = outputSize(n, kernel, stride, pads, dilation);
  const padded = n + pads[0] + pads[1];
  if (size < 1)
    throw new UserError(`kernel=${kernel}: it reaches over ${reach} ${word}, the padded input has ${padded}; take a smaller kernel, less dilation, or padding of ${Math.ceil((reach - n) / 2)} or more`);
  const uncovered = padded - ((size - 1) * stride + reach);
  return { n, taps: kernel, stride, dilation, pads, size, reach, extra: 0, uncovered, uncoveredInput: Math.max(uncovered - pads[1], 0) };
}

// The picture of an axis: windows lie on the `big` side (the padded input; for a transposed convolution the output
// before cropping), one for each cell of the `small` side. real: [first, count] of the big cells that are no padding.
// uses: for each big cell, in how many windows it is; holds: for each small cell, how many real cells its window has.
export function pictureOf(mode, { n, taps, stride, dilation, pads, size, reach, extra }) {
  const back = mode === "transposed";
  const small = back ? n : size;
  const big = back ? (n - 1) * stride + reach + extra : n + pads[0] + pads[1];
  const real = [pads[0], back ? size : n];
  const uses = new Array(big).fill(0);
  const holds = new Array(small).fill(0);
  for (let i = 0; i < small; i++)
    for (let a = 0; a < taps; a++) {
      const at = i * stride + a * dilation;
      uses[at] += 1;
      if (at >= real[0] && at < real[0] + real[1]) holds[i] += 1;
    }
  const reached = (small - 1) * stride + reach; // cells from the first to the last that any window spans
  return { small, big, real, uses, holds, reached, taps, stride, dilation, reach, size: small };
}

export function compute(state) {
  const { mode } = state;
  const series = isSeries(mode);
  const axes = WORDS.map((word, i) => (series && i === 0 ? ONE : axisOf(mode, settingsOf(state, i), word)));
  return { mode, series, axes, pictures: axes.map((axis, i) => pictureOf(series && i === 0 ? "1-D" : mode, axis)), cost: costOf(state, axes, series) };
}

export function settingsOf(state, i) {
  const padding = typeof state.padding === "string" ? state.padding : state.padding[i];
  return { n: state.size[i], kernel: state.kernel[i], stride: state.stride[i], dilation: state.dilation[i], padding, output_padding: state.output_padding[i] };
}

function costOf({ mode, channels: [inputs, filters], bias }, axes, series) {
  const weights = axes[0].taps * axes[1].taps * inputs * filters;
  const cells = axes[0].size * axes[1].size;
  const inputCells = axes[0].n * axes[1].n;
  const places = mode === "transposed" ? inputCells : cells; // each place uses every weight once
  const parameters = weights + (bias ? filters : 0);
  return {
    parameters,
    macs: weights * places,
    places,
    memory: { input: 4 * inputs * inputCells, weights: 4 * parameters, output: 4 * filters * cells },
    shape: series ? [filters, axes[1].size] : [filters, axes[0].size, axes[1].size],
  };
}

// The module of PyTorch that has these settings.
export function torchLine({ mode, channels, bias, padding }, axes) {
  const series = isSeries(mode);
  const per = (values) => (series ? `${values[1]}` : values[0] === values[1] ? `${values[0]}` : `(${values.join(", ")})`);
  const used = series ? [axes[1], axes[1]] : axes;
  const [kernels, strides, dilations, extras] = ["taps", "stride", "dilation", "extra"].map((key) => used.map((axis) => axis[key]));
  const pads = used.map((axis) => axis.pads);
  const even = pads.every(([before, after]) => before === after);
  const any = pads.some(([before, after]) => before || after);
  const settings = [...channels, per(kernels)];
  if (strides.some((one) => one > 1)) settings.push(`stride=${per(strides)}`);
  const same = padding === "same" && mode !== "causal" && strides.every((one) => one === 1);
  if (same) settings.push('padding="same"');
  else if (even && any) settings.push(`padding=${per(pads.map(([before]) => before))}`);
  if (extras.some(Boolean)) settings.push(`output_padding=${per(extras)}`);
  if (dilations.some((one) => one > 1)) settings.push(`dilation=${per(dilations)}`);
  if (!bias) settings.push("bias=False");
  const layer = `nn.Conv${mode === "transposed" ? "Transpose" : ""}${series ? 1 : 2}d(${settings.join(", ")})`;
  if (same || even) return layer;
  const frame = series ? `nn.ConstantPad1d((${pads[1].join(", ")}), 0)` : `nn.ZeroPad2d((${[...pads[1], ...pads[0]].join(", ")}))`;
  return `nn.Sequential(${frame}, ${layer})`;
}

// Every setting within RANGES that brings n cells to `size`. A kernel of one tap knows no dilation.
export function solutions(mode, n, size) {
  const found = [];
  const range = (name, used = true) => (used ? Array.from({ length: RANGES[name][1] - RANGES[name][0] + 1 }, (_, i) => RANGES[name][0] + i) : [RANGES[name][0]]);
  for (const kernel of range("kernel"))
    for (const stride of range("stride"))
      for (const dilation of range("dilation", kernel > 1))
        for (const padding of range("padding", mode !== "causal"))
          for (const output_padding of range("output_padding", mode === "transposed")) {
            const setting = { kernel, stride, dilation, padding, output_padding };
            try {
              if (axisOf(mode, { n, ...setting }).size === size) found.push(setting);
            } catch (error) {
              if (!(error instanceof UserError)) throw error;
            }
          }
  return found;
}
