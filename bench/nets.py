"""Speed of the layer table: `python -m bench.nets`.

`nets.summary` against torchinfo on ResNet-152, 224x224, one thread, in one run; processor time of this thread, the
best of several. By name the network need not exist; torchinfo wants it built. A name's table is kept, so the second
question for it is a look-up.
"""

import time

import torch
import torchinfo

from cnnlab import nets

SIZE = (1, 3, 224, 224)
NAME = "resnet152"


def best(action, rounds):
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        action()
        times.append(time.thread_time() - start)
    return 1000 * min(times)


def by_name():
    nets.summary.__globals__["_named"].cache_clear()
    nets.summary(NAME, SIZE)


def main():
    torch.set_num_threads(1)
    model = nets.build(NAME)
    nets.summary(model, SIZE)  # torch's first use of the meta device loads modules
    peer = best(lambda: torchinfo.summary(model, SIZE, verbose=0), 3)
    build = best(lambda: nets.build(NAME), 2)
    rows = [
        ("torchinfo, network built", peer),
        ("nets.summary, the same network", best(lambda: nets.summary(model, SIZE), 7)),
        ("torchinfo, with building", peer + build),
        ("nets.summary, by name", best(by_name, 7)),
        ("nets.summary, by name, again", best(lambda: nets.summary(NAME, SIZE), 7)),
    ]
    for label, took in rows:
        print(f"{label:34}{took:9.2f} ms{peer / took:9.1f} times as fast as torchinfo on the built network")


if __name__ == "__main__":
    main()
