import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from training.cpu_layers import ByteDropout, byte_dropout, use_cpu_layers


def small_encoder() -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
    )
    return BertModel(config, add_pooling_layer=False)


def test_byte_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    states = torch.ones(400, 1001)
    dropped = byte_dropout(states, 0.1)
    assert float((dropped == 0).float().mean()) == pytest.approx(26 / 256, abs=0.002)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.003)
    by_byte = (dropped.flatten()[: 400_400 // 8 * 8].view(-1, 8) == 0).float().mean(dim=0)
    assert by_byte.tolist() == pytest.approx([26 / 256] * 8, abs=0.006)


def test_byte_dropout_follows_the_seed_and_its_gradient_the_mask() -> None:
    states = torch.ones(5, 7, requires_grad=True)
    torch.manual_seed(3)
    first = byte_dropout(states, 0.5)
    torch.manual_seed(3)
    assert torch.equal(first, byte_dropout(states, 0.5))
    first.sum().backward()
    assert states.grad is not None
    assert torch.equal(states.grad, first)


def test_dropout_is_off_outside_training() -> None:
    layer = nn.Dropout(0.5)
    layer.__class__ = ByteDropout
    states = torch.ones(50)
    assert not torch.equal(layer(states), states)
    layer.eval()
    assert torch.equal(layer(states), states)


def test_encoder_computes_the_same_without_dropout() -> None:
    encoder = small_encoder().eval()
    ids = torch.randint(2, 30, (3, 6))
    mask = torch.tensor([[1] * 6, [1, 1, 1, 0, 0, 0], [1] * 5 + [0]])
    with torch.no_grad():
        plain = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        use_cpu_layers(encoder)
        changed = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    assert torch.allclose(plain[mask > 0], changed[mask > 0], atol=1e-5)


def test_padding_changes_nothing_in_training_precision() -> None:
    encoder = small_encoder().eval()
    use_cpu_layers(encoder)
    ids = torch.randint(2, 30, (1, 4))
    padded = torch.cat([ids, torch.ones(1, 3, dtype=torch.long)], dim=1)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        alone = encoder(input_ids=ids, attention_mask=mask[:, :4]).last_hidden_state
        beside = encoder(input_ids=padded, attention_mask=mask).last_hidden_state
    assert torch.allclose(alone, beside[:, :4], atol=0.05)
