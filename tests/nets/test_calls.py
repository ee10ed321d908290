"""What goes into and comes out of each layer."""

import torch
from torch import nn

from cnnlab.nets import inspect


def test_calls_keep_what_layers_that_work_in_place_overwrite():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(32, 3))
    x = torch.randn(1, 1, 6, 6)
    seen = inspect.calls(net, x)
    assert list(seen) == ["0", "1", "2", "3"]
    before, after = seen["1"]
    assert torch.equal(before.relu(), after)
    assert (before < 0).any()
    assert torch.equal(seen["0"][1], before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
