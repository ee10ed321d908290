"""Several processes that train one net together, each on its share of every batch; `torchrun` starts them."""

import os

import torch
from torch import distributed, nn


def start():
    """Join the other processes where torchrun started this one; returns the device to use, or None to choose."""
    if "LOCAL_RANK" not in os.environ:
        return None
    on_gpu = torch.cuda.is_available()
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    return f"cuda:{os.environ['LOCAL_RANK']}" if on_gpu else "cpu"


def end():
    """Leave the other processes."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def rank():
    """Number of this process, 0 where it is the only one."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def size():
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def wrap(model):
    """The model whose gradients are averaged over all processes while backward runs; batch norm normalises over the
    share of one process, as everywhere with several GPUs."""
    return nn.parallel.DistributedDataParallel(model) if size() > 1 else model


def mean(figures):
    """The mean over all processes of a tensor of figures."""
    if size() > 1:
        distributed.all_reduce(figures)
        figures /= size()
    return figures
