"""What changes while a net is trained: weights, momentum, averaged weights, rates, the number of the step."""

import copy
import json

import torch
from torch import nn

from cnnlab.core import checks
from cnnlab.nets import checkpoint
from cnnlab.nets.recipe import rate_at

NORMS = (
    nn.modules.batchnorm._NormBase,  # batch norm and instance norm of every dimension
    nn.GroupNorm,
    nn.LayerNorm,
    nn.RMSNorm,
)


def decay_groups(model, weight_decay):
    """The two parameter groups of the optimizer: weight decay pulls on the weights of layers, and neither on biases
    nor on the scales and shifts of norms, which do not grow with the number of inputs."""
    norms = {id(p) for module in model.modules() if isinstance(module, NORMS) for p in module.parameters()}
    free = {id(p) for name, p in model.named_parameters() if name.split(".")[-1] == "bias"} | norms
    trained = [p for p in model.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if id(p) not in free], "weight_decay": weight_decay},
        {"params": [p for p in trained if id(p) in free], "weight_decay": 0.0},
    ]


class State:
    """Everything that a run needs to go on, bit for bit; random numbers are not among it, because those of a step
    follow from the seed and the step's number."""

    def __init__(self, model, recipe, steps, data_name):
        self.model, self.recipe, self.steps, self.data_name = model, recipe, steps, data_name
        self.optimizer = torch.optim.SGD(
            decay_groups(model, recipe.weight_decay),
            lr=recipe.rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov and recipe.momentum > 0,
        )
        self.plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimizer, factor=0.1, patience=2)
        self.scaler = torch.amp.GradScaler("cuda", enabled=False)  # `fit` enables it for float16 on a GPU
        self.average = copy.deepcopy(model).eval() if recipe.ema else None
        self.step = 0
        self.epoch_loss = self.epoch_images = 0.0
        self.keep()

    # One step forward

    def set_rate(self):
        """Give the optimizer the rate of the coming step, and return it. A plateau's comes from `end_epoch`."""
        if self.recipe.schedule != "plateau":
            for group in self.optimizer.param_groups:
                group["lr"] = rate_at(self.step, self.steps, self.recipe)
        return self.optimizer.param_groups[0]["lr"]

    def update(self):
        """Change the weights by the gradients that are in them, and the average by the weights."""
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad()
        self.step += 1
        if self.average is not None:
            # Early on the average forgets faster, so that the weights of the start do not linger.
            decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                for mean, value in zip(
                    self.average.state_dict().values(), self.model.state_dict().values(), strict=True
                ):
                    if mean.is_floating_point():
                        mean.lerp_(value, 1 - decay)
                    else:
                        mean.copy_(value)  # batch norm's count of batches

    def end_epoch(self, held_out):
        """Tell the plateau schedule how the epoch went."""
        if self.recipe.schedule == "plateau":
            self.plateau.step(held_out.loss if held_out else self.epoch_loss / max(self.epoch_images, 1))
        self.epoch_loss = self.epoch_images = 0.0

    def best(self):
        """The model to score: the averaged one, where there is one."""
        return self.model if self.average is None else self.average

    def finish(self):
        """At the end the averaged weights become the model's."""
        if self.average is not None:
            self.model.load_state_dict(self.average.state_dict())

    # Keeping and restoring

    def tensors(self):
        """Name -> tensor of all that is learned, the tensors themselves."""
        found = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        if self.average is not None:
            found |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            buffer = self.optimizer.state[parameter].get("momentum_buffer") if parameter.requires_grad else None
            if buffer is not None:
                found[f"momentum.{name}"] = buffer
        return found

    def keep(self):
        """Remember the weights in memory: these gave a finite loss."""
        self.kept = self.step, {name: value.detach().clone() for name, value in self.tensors().items()}

    def restore(self):
        """Go back to the weights of the last `keep`."""
        self.step, tensors = self.kept
        self.load_tensors(tensors)
        self.optimizer.zero_grad()

    def load_tensors(self, tensors):
        """Copy what `tensors` returned into the model, the average and the optimizer."""

        def part(prefix):
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        if self.average is not None:
            self.average.load_state_dict(part("average."))
        momentum = part("momentum.")
        for name, parameter in self.model.named_parameters():
            if name in momentum:
                self.optimizer.state[parameter]["momentum_buffer"] = momentum[name].detach().to(parameter).clone()
            else:
                self.optimizer.state.pop(parameter, None)

    def save(self, path):
        """Write a checkpoint; returns a sentence where that failed, and training goes on."""
        metadata = {
            "kind": "checkpoint",
            "data": self.data_name,
            "recipe": self.recipe.as_dict(),
            "step": self.step,
            "steps": self.steps,
            "epoch_sums": [self.epoch_loss, self.epoch_images],
            "plateau": self.plateau.state_dict(),
            "rate": self.optimizer.param_groups[0]["lr"],
            "scaler": self.scaler.state_dict(),
        }
        try:
            checkpoint.save(path, self.tensors(), metadata, keep_previous=True)
        except OSError as error:
            return f"Step {self.step} could not be saved ({error.strerror}); the checkpoint before it stays."
        return ""

    def resume(self, path):
        """Go on from the checkpoint at `path` where there is one; returns a sentence about it."""
        found = checkpoint.load_newest(path)
        if found is None:
            return ""
        tensors, metadata, notice = found
        values = {name: json.loads(text) for name, text in metadata.items() if name not in ("kind", "data")}
        if metadata["data"] != self.data_name or values["recipe"] != self.recipe.as_dict():
            checks.refuse("checkpoint", str(path), "is of another run (data or recipe differ): choose another file")
        try:
            self.load_tensors(tensors)
        except RuntimeError:
            checks.refuse("checkpoint", str(path), "is of another net: choose another file")
        self.step = values["step"]
        self.epoch_loss, self.epoch_images = values["epoch_sums"]
        self.plateau.load_state_dict(values["plateau"])
        for group in self.optimizer.param_groups:
            group["lr"] = values["rate"]
        self.scaler.load_state_dict(values["scaler"])
        self.keep()
        return " ".join(filter(None, [notice, f"Going on after step {self.step} of {self.steps}."]))
