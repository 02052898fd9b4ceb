import pytest
import torch
from torch import nn

from training.fake_int8 import (
    FakeInt8Linear,
    round_activations,
    round_weights,
    set_rounding,
    swap_linear_layers,
)


def test_round_weights_keeps_the_largest_of_each_channel() -> None:
    weight = torch.tensor([[1.0, 0.5, 0.004], [0.0, -8.0, 1.0]])
    rounded = round_weights(weight)
    assert rounded[0, 0] == 1.0
    assert rounded[1, 1] == -8.0
    assert rounded[0, 2] == 0.0


def test_rounding_twice_changes_nothing() -> None:
    torch.manual_seed(0)
    weight = round_weights(torch.randn(5, 7))
    assert torch.allclose(round_weights(weight), weight, atol=1e-6)


def test_round_activations_of_a_text_ignores_its_neighbours() -> None:
    torch.manual_seed(0)
    states = torch.randn(2, 3, 4)
    states[1] *= 100
    together = round_activations(states)
    alone = round_activations(states[:1])
    assert torch.equal(together[:1], alone)
    assert torch.allclose(alone, states[:1], atol=0.02)


def test_swapped_layers_compute_the_same_until_rounding_is_on() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
    states = torch.randn(1, 3, 8)
    plain = network(states)
    names = set(network.state_dict())
    swap_linear_layers(network)
    assert set(network.state_dict()) == names
    assert torch.equal(network(states), plain)
    set_rounding(network, is_rounding=True)
    assert not torch.equal(network(states), plain)
    assert torch.allclose(network(states), plain, atol=0.05)


def test_gradients_pass_the_rounding() -> None:
    layer = FakeInt8Linear(3, 1)
    layer.is_rounding = True
    layer(torch.ones(1, 1, 3)).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [pytest.approx([1.0, 1.0, 1.0], abs=0.01)]
