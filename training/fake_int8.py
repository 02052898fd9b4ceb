"""Quantisation-aware training: linear layers that compute as the int8 export will.

Weights are rounded per output channel to the 7 bits of the export, activations per text to 8
bits (not at all for an export with 16); gradients pass the rounding unchanged (straight-through,
Bengio et al. 2013, arXiv:1308.3432). Without it, int8 changes 7 % of the labels of a fine-tuned
encoder (measured on 600 verbatims).

A few input channels of this encoder are up to 25 times as large as the others, so that one scale
for all leaves the others few levels, and a difference of one part in a million grows to a cosine
of 0.995 over the layers. Smoothing divides each input channel by a constant and multiplies the
weights with it (Xiao et al. 2023, SmoothQuant, arXiv:2211.10438): 0.999.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import torch
from torch import nn
from torch.nn import functional

_WEIGHT_LEVELS = 64.0  # int8 in reduced range: -64 to 64
_ACTIVATION_LEVELS = 255.0
_TABLE_LEVELS = 127.0
_SMOOTHING_EXPONENT = 0.75  # measured: 0.7 to 0.85 alike, 0.5 and below worse
_SAME_INPUT = ("query", "key", "value")


class Rounding(Enum):
    """What a layer rounds."""

    NONE = "none"
    WEIGHTS = "weights"
    ALL = "all"


ROUNDING_OF = {"int8": Rounding.ALL, "w8a16": Rounding.WEIGHTS, "int8_blocks": Rounding.NONE}
"""How the network computes that an export must agree with."""


def round_weights(weight: torch.Tensor) -> torch.Tensor:
    """Nearest representable weights. Shape: (out, in) -> the same."""
    scale = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / _WEIGHT_LEVELS
    return torch.round(weight / scale) * scale


def round_activations(states: torch.Tensor) -> torch.Tensor:
    """Nearest representable activations, each row of the batch with a range of its own.

    Padding counts towards the range; batches of like length hold little of it.

    Shape: (batch, seq, width) -> the same.
    """
    dims = tuple(range(1, states.ndim))
    low = states.amin(dim=dims, keepdim=True).clamp(max=0.0)
    high = states.amax(dim=dims, keepdim=True).clamp(min=0.0)
    scale = (high - low).clamp(min=1e-8) / _ACTIVATION_LEVELS
    zero = torch.round(-low / scale)
    level = (states / scale).round_()
    return level.clamp_(-zero, _ACTIVATION_LEVELS - zero).mul_(scale)


class _RoundedStates(torch.autograd.Function):
    """Smoothed and rounded input of a layer; its gradient passes the rounding unchanged."""

    @staticmethod
    def forward(
        context: Any, states: torch.Tensor, smoothing: torch.Tensor, kind: torch.dtype
    ) -> torch.Tensor:
        context.save_for_backward(smoothing)
        return round_activations(states.float() / smoothing).to(kind)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (smoothing,) = context.saved_tensors
        return gradient.float().div_(smoothing), None, None


class _RoundedWeights(torch.autograd.Function):
    """Weights in their rounded form, computed before; the gradient goes to the weights."""

    @staticmethod
    def forward(
        context: Any, weight: torch.Tensor, smoothing: torch.Tensor, rounded: torch.Tensor
    ) -> torch.Tensor:
        context.save_for_backward(smoothing)
        return rounded.view_as(rounded)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (smoothing,) = context.saved_tensors
        return gradient.float().mul_(smoothing), None, None


class FakeInt8Linear(nn.Linear):
    """A linear layer that computes with rounded weights and activations where ``rounding`` says so.

    The buffer ``smoothing``, shape (in,), divides its input and multiplies its weights then.
    """

    rounding = Rounding.NONE
    smoothing: torch.Tensor
    _rounded: tuple[tuple[Any, ...], torch.Tensor] | None = None

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - name of nn.Linear
        """Shape: (batch, seq, in) -> (batch, seq, out)."""
        if self.rounding is Rounding.NONE:
            return super().forward(input)
        device = input.device.type
        kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
        kind = kind or self.weight.dtype
        if self.rounding is Rounding.ALL:
            states = _RoundedStates.apply(  # type: ignore[no-untyped-call]
                input, self.smoothing, kind
            )
        else:
            states = (input / self.smoothing).to(kind)
        weight = _RoundedWeights.apply(  # type: ignore[no-untyped-call]
            self.weight, self.smoothing, self._round_once(kind)
        )
        return functional.linear(states, weight, self.bias)

    def _round_once(self, kind: torch.dtype) -> torch.Tensor:
        """Smoothed and rounded weights, kept until a step changes them.

        torch counts changes in place; the fused form of its optimisers does not.
        """
        state = (self.weight._version, self.smoothing._version, self.weight.device, kind)
        if self._rounded is None or self._rounded[0] != state:
            # What is kept must serve in training, too, wherever it was computed first.
            with torch.inference_mode(False), torch.no_grad():
                self._rounded = state, round_weights(self.weight * self.smoothing).to(kind)
        return self._rounded[1]


def swap_linear_layers(network: nn.Module) -> None:
    """Turn every linear layer into a :class:`FakeInt8Linear`; weights and names stay."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = FakeInt8Linear
            module.register_buffer("smoothing", torch.ones(module.in_features))


def set_rounding(network: nn.Module, rounding: Rounding) -> None:
    """Set what all layers round."""
    for _, module in _layers(network):
        module.rounding = rounding
        module._rounded = None


def round_table(table: torch.Tensor) -> torch.Tensor:
    """Nearest rows that the export can hold: int8, one scale a row. Shape: (n, width)."""
    scale = table.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / _TABLE_LEVELS
    return torch.round(table / scale) * scale


def estimate_smoothing(network: nn.Module, run: Callable[[], None]) -> None:
    """Set the smoothing of all layers from the activations that ``run`` causes.

    Layers that read the same input (query, key and value of one attention) share theirs.
    """
    largest: dict[str, torch.Tensor] = {}
    layers = dict(_layers(network))

    def watch(name: str) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def note(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            found = inputs[0].detach().float().abs().flatten(0, -2).amax(dim=0)
            largest[name] = torch.maximum(largest[name], found) if name in largest else found

        return note

    handles = [module.register_forward_pre_hook(watch(name)) for name, module in layers.items()]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    groups: dict[str, list[str]] = defaultdict(list)
    for name in largest:
        parent, _, own = name.rpartition(".")
        groups[parent if own in _SAME_INPUT else name].append(name)
    for names in groups.values():
        weights = torch.stack([layers[name].weight.detach().abs().amax(dim=0) for name in names])
        states = largest[names[0]].clamp(min=1e-5)
        smoothing = states**_SMOOTHING_EXPONENT
        smoothing /= weights.amax(dim=0).clamp(min=1e-5) ** (1 - _SMOOTHING_EXPONENT)
        for name in names:
            layers[name].smoothing.copy_(smoothing)


def _layers(network: nn.Module) -> Iterator[tuple[str, FakeInt8Linear]]:
    """All layers that can round, by name."""
    for name, module in network.named_modules():
        if isinstance(module, FakeInt8Linear):
            yield name, module
