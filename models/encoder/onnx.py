"""ONNX Runtime encoder: one verbatim a pass, several passes at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from models.domain import FloatMatrix
from models.encoder.protocol import TokenStates, pool_verbatim, unit_rows
from models.errors import EncoderError

MAX_TOKENS = 512
_READ_AHEAD = 16  # texts in flight per thread; 10 000 characters take some 5 MB each


def count_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxEncoder:
    """Encodes with ``encoder.onnx`` and ``tokenizer.json``.

    Every text is a batch of its own. int8 activations are scaled over the whole input tensor, so
    in a shared batch a text's states would depend on its neighbours; alone they cannot, and
    nothing is spent on padding. Throughput comes from threads, each with a pass of its own
    (2 cores: 328 texts/s, against 342 in padded batches of 32).

    A text of more than 512 tokens is encoded in windows of 512, its states joined.

    Parameters
    ----------
    model_path, tokenizer_path : Path
    prompt : str
        Put before every text, as the base model was trained.
    n_threads : int, optional
        Passes at a time; default: the processor cores this process may use.

    Raises
    ------
    EncoderError
        If a file cannot be loaded.
    """

    def __init__(
        self,
        model_path: Path,
        tokenizer_path: Path,
        *,
        prompt: str = "",
        n_threads: int | None = None,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_path))
            self._session = onnxruntime.InferenceSession(
                str(model_path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise bare exception types
            raise EncoderError(
                f"cannot load the encoder from {model_path.parent}: {error}"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.prompt = prompt
        self.dim = int(self._session.get_outputs()[0].shape[2])
        self.n_threads = n_threads or count_cores()
        self._pool = ThreadPoolExecutor(self.n_threads, thread_name_prefix="encoder")

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the token states of each text, in the order given."""
        waiting: deque[Future[TokenStates]] = deque()
        source = iter(texts)
        for text in islice(source, _READ_AHEAD * self.n_threads):
            waiting.append(self._pool.submit(self._encode_one, text))
        try:
            while waiting:
                states = waiting.popleft().result()
                for text in islice(source, 1):
                    waiting.append(self._pool.submit(self._encode_one, text))
                yield states
        finally:  # nobody waits for these any more
            for future in waiting:
                future.cancel()

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows, shape (n_texts, dim), in the order given."""
        rows = np.empty((len(texts), self.dim), dtype=np.float32)
        for row, states in enumerate(self.encode_states(texts)):
            rows[row] = pool_verbatim(states)
        return unit_rows(rows)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prompt and special tokens included."""
        prompted = [self.prompt + text for text in texts]
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(prompted)]

    def _encode_one(self, text: str) -> TokenStates:
        """One pass, or several windows for a text beyond the model's length."""
        encoding = self._tokenizer.encode(self.prompt + text)
        ids = np.asarray(encoding.ids, dtype=np.int64)
        spans = np.asarray(encoding.offsets, dtype=np.int64).reshape(-1, 2) - len(self.prompt)
        windows = [ids[start : start + MAX_TOKENS] for start in range(0, len(ids), MAX_TOKENS)]
        states = [self._run(window) for window in windows]
        # Special tokens and the prompt have offsets at or before 0: give them empty spans.
        np.maximum(spans, 0, out=spans)
        return TokenStates(
            states=states[0] if len(states) == 1 else np.concatenate(states),
            starts=spans[:, 0],
            ends=spans[:, 1],
        )

    def _run(self, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FloatMatrix:
        row = ids[None, :]
        feed = {"input_ids": row, "attention_mask": np.ones_like(row)}
        output: FloatMatrix = self._session.run(None, feed)[0][0]
        return output
