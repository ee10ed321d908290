"""How quick the lenses are: `python -m bench.lens`. One thread; medians; occlusion against one by one and captum."""

import statistics
import time
import warnings

import torch

from cnnlab.nets import attribution, inspect, weights

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of captum's own imports
    from captum import attr


PATCH = {"size": 8, "stride": 2}


def milliseconds(run, rounds):
    """Median time of a call, after one that does not count."""
    run()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main():
    torch.set_num_threads(1)
    net, x = weights.trained("resnet20"), torch.randn(1, 3, 32, 32)
    cam = milliseconds(lambda: attribution.grad_cam(net, x, 3, layer="layer3.2.conv2"), 20)
    maps = milliseconds(lambda: inspect.feature_maps(net, x), 20)
    print(f"Grad-CAM on ResNet-20       {cam:7.1f} ms   (at most 50)")
    print(f"feature maps of all layers  {maps:7.1f} ms   (at most 100)")
    for name in ("lenet5", "resnet20"):
        net = weights.trained(name)
        x = torch.randn(1, *((1, 28, 28) if name == "lenet5" else (3, 32, 32)))
        one = milliseconds(lambda net=net, x=x: attribution.occlusion(net, x, 3, batch=1, **PATCH), 3)
        ours = milliseconds(lambda net=net, x=x: attribution.occlusion(net, x, 3, **PATCH), 3)
        occlusion, window = attr.Occlusion(net), (x.shape[1], 8, 8)

        def theirs(x=x, occlusion=occlusion, window=window):
            with torch.no_grad():
                occlusion.attribute(x, window, (x.shape[1], 2, 2), target=3, perturbations_per_eval=64)

        captum = milliseconds(theirs, 3)
        print(f"occlusion, {name:9} {ours:7.1f} ms; one by one {one / ours:.1f}x, captum {captum / ours:.2f}x of that")


if __name__ == "__main__":
    main()
