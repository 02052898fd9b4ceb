import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import tiny_bert, tiny_tokenizer_json
from tokenizers import Tokenizer

from models.encoder.sentence_transformer import SentenceTransformerEncoder
from training.base_encoder import prune_bert, prune_tokenizer, used_pieces
from training.q4_weights import WeightsFileError, dequantise_q4, read_q4_weights


def test_dequantise_takes_low_nibbles_first() -> None:
    block = np.concatenate(
        [
            np.frombuffer(np.float16(0.5).tobytes(), np.uint8),
            np.arange(16, dtype=np.uint8) | np.uint8(0xF0),
        ]
    )
    weights = dequantise_q4(block)
    np.testing.assert_array_equal(weights[:16], 0.5 * (np.arange(16) - 8))
    np.testing.assert_array_equal(weights[16:], np.full(16, 3.5))


def weights_file(folder: Path, *, n_bytes: int = 8) -> Path:
    """A file with one float tensor of two values and no pieces."""
    head = b"E5S1" + struct.pack("<I7if i", 1, 32, 1, 4, 64, 10, 16, 1, 1e-12, 32)
    head += struct.pack("<5iQ", 0, 0, 2, 1, 3, 0) + struct.pack("<I", 0) + struct.pack("<iI", 0, 0)
    name = b"emb.pos"
    entry = struct.pack("<iH", 1, len(name)) + name
    offset = len(head) + len(entry) + 1 + 4 + 16
    entry += struct.pack("<BIQQ", 0, 2, offset, n_bytes)
    path = folder / "weights.bin"
    path.write_bytes(head + entry + struct.pack("<2f", 1.5, -2.0))
    return path


def test_read_q4_weights_follows_the_directory(tmp_path: Path) -> None:
    weights = read_q4_weights(weights_file(tmp_path))
    assert weights.config.n_heads == 4
    assert weights.config.layer_norm_eps == pytest.approx(1e-12)
    assert weights.tensors["emb.pos"].tolist() == [1.5, -2.0]


def test_read_q4_weights_refuses_another_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(WeightsFileError, match="GGUF"):
        read_q4_weights(path)


def test_read_q4_weights_refuses_a_truncated_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsFileError, match=r"emb\.pos ends beyond"):
        read_q4_weights(weights_file(tmp_path, n_bytes=800))


def test_pruned_tokenizer_and_network_give_the_same_states() -> None:
    full = Tokenizer.from_str(tiny_tokenizer_json())
    keep = used_pieces(full, {"te": 1e-3, "duur": 1e-3})
    keep = {index for index in keep if full.id_to_token(index) not in {"q", "x"}}
    tokenizer_json, old_ids = prune_tokenizer(tiny_tokenizer_json(), keep)
    pruned = Tokenizer.from_str(tokenizer_json)
    assert pruned.get_vocab_size() == len(old_ids) < full.get_vocab_size()
    before, after = full.encode("te duur").ids, pruned.encode("te duur").ids
    assert [old_ids[index] for index in after] == before
    model = tiny_bert(full.get_vocab_size())
    small = prune_bert(model, old_ids)
    with torch.inference_mode():
        states = [
            network(input_ids=torch.tensor([ids])).last_hidden_state
            for network, ids in ((model, before), (small, after))
        ]
    torch.testing.assert_close(states[0], states[1])


def test_single_letters_digits_and_emoji_are_kept() -> None:
    document = json.loads(tiny_tokenizer_json())
    document["model"]["vocab"].insert(5, ["🙂", -9.0])
    document["model"]["vocab"].insert(5, ["日", -9.0])
    document["added_tokens"][-1]["id"] += 2
    tokenizer = Tokenizer.from_str(json.dumps(document))
    kept = {tokenizer.id_to_token(index) for index in used_pieces(tokenizer, {})}
    assert {"a", "z", "7", "🙂", "<mask>"} <= kept
    assert "日" not in kept
    assert "▁duur" not in kept


def test_saved_folder_is_a_sentence_transformer(tiny_base: Path) -> None:
    encoder = SentenceTransformerEncoder(str(tiny_base))
    assert encoder.prompt == "query: "
    rows = encoder.encode(["te duur", "goed"])
    assert rows.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, rtol=1e-5)
