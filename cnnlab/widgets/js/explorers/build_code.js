// The stack as PyTorch code: an nn.Module that runs.

import { LAST, shapeText } from "./build_compute.js";

const PARTS = {
  conv: ([channels], { channels: made, ...window }) => `nn.Conv2d(${channels}, ${made}, ${windowText(window)})`,
  depthwise: ([channels], window) => `nn.Conv2d(${channels}, ${channels}, ${windowText(window)}, groups=${channels})`,
  maxpool: (_, window) => `nn.MaxPool2d(${windowText(window)})`,
  avgpool: (_, window) => `nn.AvgPool2d(${windowText(window)})`,
  norm: (shape) => `nn.BatchNorm${shape.length > 1 ? 2 : 1}d(${shape[0]})`,
  relu: () => "nn.ReLU()",
  adaptive: (_, { size }) => `nn.AdaptiveAvgPool2d(${size})`,
  dropout: (_, { percent }) => `nn.Dropout(${percent / 100})`,
  flatten: () => "nn.Flatten()",
  linear: ([inputs], { features }) => `nn.Linear(${inputs}, ${features})`,
};

function windowText({ kernel, stride, padding }) {
  return [`kernel_size=${kernel}`, `stride=${stride}`, padding ? `padding=${padding}` : ""].filter(Boolean).join(", ");
}

export function codeOf({ rows, broken, layers, totals }, { classes }) {
  if (broken) return `# ${broken.name} does not fit: ${broken.why}`;
  const made = rows.slice(1).map(({ name, kind }, i) => {
    const part = name === LAST ? `nn.Linear(${rows[i].shape[0]}, num_classes)` : PARTS[kind](rows[i].shape, layers[i]);
    return `        self.${name} = ${part}`;
  });
  const run = rows.slice(1).map(({ name, shape }) => [`        x = self.${name}(x)`, shapeText(shape)]);
  const width = Math.max(...run.map(([line]) => line.length));
  return [
    "from torch import nn",
    "",
    "",
    "class Net(nn.Module):",
    `    """Images of ${shapeText(rows[0].shape)}; ${totals.parameters.toLocaleString("en-US")} parameters, ${totals.multiply_adds.toLocaleString("en-US")} multiply-adds."""`,
    "",
    `    def __init__(self, num_classes=${classes}):`,
    "        super().__init__()",
    ...made,
    "",
    "    def forward(self, x):",
    ...run.map(([line, shape]) => `${line.padEnd(width)}  # ${shape}`),
    "        return x",
    "",
  ].join("\n");
}
