import pytest
import torch
from torch import nn

from training.fake_int8 import (
    Rounding,
    estimate_smoothing,
    round_activations,
    round_table,
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
    swap_linear_layers(network)
    assert torch.equal(network(states), plain)
    set_rounding(network, Rounding.ALL)
    assert not torch.equal(network(states), plain)
    assert torch.allclose(network(states), plain, atol=0.05)


def test_weights_alone_are_rounded_where_activations_keep_16_bits() -> None:
    torch.manual_seed(0)
    layer, states = nn.Linear(8, 4), torch.randn(1, 3, 8)
    swap_linear_layers(layer)
    set_rounding(layer, Rounding.WEIGHTS)
    expected = states @ round_weights(layer.weight).T + layer.bias
    assert torch.allclose(layer(states), expected, atol=1e-6)


@pytest.mark.parametrize("rounding", [Rounding.ALL, Rounding.WEIGHTS])
def test_gradients_pass_the_rounding(rounding: Rounding) -> None:
    layer = nn.Linear(3, 1)
    swap_linear_layers(layer)
    set_rounding(layer, rounding)
    layer(torch.ones(1, 1, 3)).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.tolist() == [pytest.approx([1.0, 1.0, 1.0], abs=0.01)]


def test_smoothing_keeps_small_channels_beside_a_large_one() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(16, 8))
    states = torch.randn(4, 5, 16)
    states[..., 3] *= 200
    network[0].weight.data[:, 3] /= 200
    swap_linear_layers(network)
    plain = network(states)
    set_rounding(network, Rounding.ALL)
    rough = (network(states) - plain).abs().mean()
    set_rounding(network, Rounding.NONE)
    estimate_smoothing(network, lambda: network(states))
    set_rounding(network, Rounding.ALL)
    assert (network(states) - plain).abs().mean() < rough / 10


def test_layers_of_one_attention_share_their_smoothing() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(4, 4) for _ in range(3))

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return self.query(states) + self.key(states) + self.value(states)

    torch.manual_seed(0)
    network = Attention()
    swap_linear_layers(network)
    estimate_smoothing(network, lambda: network(torch.randn(2, 3, 4)))
    assert torch.equal(network.query.smoothing, network.value.smoothing)
    assert not torch.equal(network.query.smoothing, torch.ones(4))


def test_rounded_table_is_within_half_a_level() -> None:
    torch.manual_seed(0)
    table = torch.randn(6, 8)
    level = table.abs().amax(dim=1, keepdim=True) / 127
    assert ((round_table(table) - table).abs() <= level * 0.501).all()


def test_kept_rounded_weights_follow_a_step_of_the_optimiser() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 3))
    swap_linear_layers(network)
    set_rounding(network, Rounding.ALL)
    states = torch.randn(1, 2, 4)
    with torch.inference_mode():
        before = network(states).clone()
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.1)
    network(states).square().sum().backward()
    optimiser.step()
    after = network(states)
    assert not torch.allclose(before, after, atol=0.01)
    set_rounding(network, Rounding.ALL)  # forgets what was kept
    assert torch.equal(network(states), after)
