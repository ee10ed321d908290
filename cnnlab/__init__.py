"""Interactive notebooks that teach convolutional neural networks: the package behind them."""
