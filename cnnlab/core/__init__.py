"""The mathematics of convolutional networks, in NumPy alone.

| module            | what it holds                                                                |
| ----------------- | ---------------------------------------------------------------------------- |
| `arithmetic`      | sizes, padding, parameters, multiply-adds; each step explained               |
| `slips`           | known wrong answers about sizes, and what each one missed                    |
| `convolution`     | correlation and convolution, convolutional layers, windows, matrices         |
| `pooling`         | max, average and min pooling, with the positions of the maxima               |
| `kernels`         | the gallery of named kernels; Gabor, Gaussian and other families             |
| `images`          | embedded pictures, worked examples, drawn patterns, a learner's own file     |
| `views`           | a picture moved, scaled, turned, relit or covered; how far apart pixels are  |
| `activations`     | ReLU and its relatives, softmax, cross-entropy, with derivatives             |
| `normalization`   | batch, layer, instance and group norm; local response normalisation          |
| `backprop`        | gradients of all of these                                                    |
| `receptive_field` | which part of the input a unit sees                                          |
| `checks`          | how bad input is refused: `ValueError("<parameter>=<value>: <what would do>")` |

Nothing is imported here: import the module that is needed, as in `from cnnlab.core import convolution`.
"""
