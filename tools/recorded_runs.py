"""Train anew what the lessons show and look into: `python tools/recorded_runs.py NAME ...` (`weights` for all nets that
are shipped, `all` for everything; `--list` says what there is).

Each run writes its figures to cnnlab/nets/records/NAME.json, and a shipped net its weights to
cnnlab/nets/trained/NAME.safetensors. Rates and schedules were chosen on images held out of the training set.
"""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NETS = Path("cnnlab/nets")  # from there, so that a record names no folder of the machine that made it

SHIPPED = {
    "fashion_cnn": "--model fashion_cnn --data fashion-mnist --epochs 24 --held-out 2000 --batch 128 --rate 0.05 "
    "--flip 0.5 --shift 2 --cutout 8 --label-smoothing 0.1 --ema 0.999 --precision bfloat16 --test --half",
    "resnet20": "--model resnet20 --data cifar-10 --epochs 21 --held-out 2000 --batch 128 --rate 0.1 "
    "--flip 0.5 --shift 4 --ema 0.999 --precision bfloat16 --test",
    "lenet5": "--model lenet5 --data mnist --epochs 10 --held-out 2000 --batch 128 --rate 0.05 "
    "--shift 2 --ema 0.999 --test",
}
ALEXNET = (
    "--model alexnet_small --data cifar-10 --images 5000 --held-out 1000 --epochs 15 --batch 64 --rate 0.02 "
    "--precision bfloat16 --training-score --test"
)
VARIED = "--flip 0.5 --shift 4"
RECORDED = {
    "alexnet_all": f"{ALEXNET} {VARIED} --option lrn=false",
    "alexnet_tanh": f"{ALEXNET} {VARIED} --option lrn=false --option 'activation=\"tanh\"'",
    "alexnet_no_dropout": f"{ALEXNET} {VARIED} --option lrn=false --option dropout=0",
    "alexnet_no_augmentation": f"{ALEXNET} --option lrn=false",
    "alexnet_no_overlap": f"{ALEXNET} {VARIED} --option lrn=false --option overlapping=false",
    "alexnet_no_momentum": f"{ALEXNET} {VARIED} --option lrn=false --momentum 0 --no-nesterov",
    "alexnet_lrn": f"{ALEXNET} {VARIED}",
    "mlp": "--model mlp --data fashion-mnist --epochs 12 --held-out 2000 --batch 128 --rate 0.1 --test",
    **{
        f"degradation_{kind}{depth}": f"--model {kind}{depth} --option width=8 --data cifar-10 --images 5000 "
        "--epochs 15 --batch 128 --rate 0.1 --precision bfloat16 --training-score --test"
        for kind in ("plain", "resnet")
        for depth in (20, 56)
    },
}


def command(name, threads=1):
    """The command of a run, as a list of words."""
    words = shlex.split(SHIPPED[name] if name in SHIPPED else RECORDED[name])
    words += ["--threads", str(threads), "--record", str(NETS / "records" / f"{name}.json")]
    if name in SHIPPED:
        words += ["--weights", str(NETS / "trained" / f"{name}.safetensors")]
    return [sys.executable, "-m", "cnnlab.nets.train", *words]


def main(arguments=None):
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", help="of runs")
    options.add_argument("--list", action="store_true", help="say which runs there are")
    options.add_argument("--threads", type=int, default=1, help="of the CPU; the recorded runs had one")
    chosen = options.parse_args(arguments)
    every = {**SHIPPED, **RECORDED}
    if chosen.list:
        print(*every, sep="\n")
    groups = {"weights": list(SHIPPED), "all": list(every)}
    for name in [name for wanted in chosen.names for name in groups.get(wanted, [wanted])]:
        if name not in every:
            options.error(f"{name}: must be one of {', '.join([*groups, *every])}")
        print(f"== {name} ==", flush=True)
        subprocess.run(command(name, chosen.threads), check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
