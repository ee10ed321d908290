"""The explorers: one module each, thin views over the pure functions of `cnnlab.core`."""
