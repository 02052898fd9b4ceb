"""Text to vectors: one protocol, three implementations.

:class:`~models.encoder.onnx.OnnxEncoder` serves,
:class:`~models.encoder.sentence_transformer.SentenceTransformerEncoder` (extra ``train``) runs
any sentence-transformers model, and :class:`~models.encoder.hashing.HashingEncoder` needs no
weights.
"""

from models.encoder.protocol import Encoder, TokenStates, pool_spans, pool_verbatim

__all__ = ["Encoder", "TokenStates", "pool_spans", "pool_verbatim"]
