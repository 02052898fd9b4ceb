from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import tiny_rows
from tokenizers import Tokenizer
from transformers import BertModel

from models.encoder.onnx import OnnxEncoder
from training.fake_int8 import (
    Rounding,
    estimate_smoothing,
    round_table,
    set_rounding,
    swap_linear_layers,
)
from training.fit import load_encoder
from training.onnx_export import export_encoder

TEXTS = [row.text for row in tiny_rows()[:8]]


@pytest.fixture
def encoder(tiny_base: Path) -> BertModel:
    """With a channel far larger than the others, which smoothing has to level."""
    torch.manual_seed(0)
    model = load_encoder(tiny_base).eval()
    with torch.no_grad():
        model.embeddings.LayerNorm.weight[3] = 10.0
        table = model.embeddings.position_embeddings.weight  # the largest: kept in int8
        table.copy_(round_table(table))
    swap_linear_layers(model)
    tokens = torch.arange(3, 11)[None, :]

    def run() -> None:
        with torch.no_grad():
            model(tokens)

    estimate_smoothing(model, run)
    return model


def distance(encoder: BertModel, rounding: Rounding, base: Path, exported: Path) -> float:
    """Largest difference between token states of torch and of the exported file."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    served = OnnxEncoder(exported, base / "tokenizer.json", n_threads=1).encode_states(TEXTS)
    set_rounding(encoder, rounding)
    found = []
    for text, states in zip(TEXTS, served, strict=True):
        with torch.no_grad():
            own = encoder(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].numpy()
        found.append(np.abs(own - states.states).max())
    return float(max(found))


def test_export_with_16_bits_computes_as_the_rounded_weights_do(
    encoder: BertModel, tiny_base: Path, tmp_path: Path
) -> None:
    path = tmp_path / "encoder.onnx"
    export_encoder(encoder, path, quantisation="w8a16")
    exact = distance(encoder, Rounding.WEIGHTS, tiny_base, path)
    assert exact < 2e-3
    assert distance(encoder, Rounding.NONE, tiny_base, path) > 5 * exact
    export_encoder(encoder, path, quantisation="int8")
    assert distance(encoder, Rounding.WEIGHTS, tiny_base, path) > 5 * exact


def test_export_without_quantisation_computes_as_torch_does(
    encoder: BertModel, tiny_base: Path, tmp_path: Path
) -> None:
    path = tmp_path / "encoder.onnx"
    export_encoder(encoder, path, quantisation=None)
    assert distance(encoder, Rounding.NONE, tiny_base, path) < 1e-4


def test_export_leaves_the_mode_of_the_network(encoder: BertModel, tmp_path: Path) -> None:
    export_encoder(encoder, tmp_path / "encoder.onnx")
    assert not any(module.training for module in encoder.modules())
