"""Any sentence-transformers model as an encoder (extra ``train``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from models.domain import FloatMatrix
from models.encoder.protocol import TokenStates, pool_verbatim, unit_rows

try:
    import torch
    from sentence_transformers import SentenceTransformer
except ImportError as error:
    raise ImportError(
        "SentenceTransformerEncoder needs the extra 'train': pip install 'klantstem[train]'"
    ) from error


class SentenceTransformerEncoder:
    """Encodes with torch in float32, one text a pass.

    Parameters
    ----------
    model : str
        Local folder or hub id.
    prompt : str, optional
        Put before every text; default: the model's own default prompt, if it has one.
    device : str
        As torch names it.
    """

    def __init__(self, model: str, *, prompt: str | None = None, device: str = "cpu") -> None:
        self._model = SentenceTransformer(model, device=device)
        if prompt is None:
            name = self._model.default_prompt_name
            prompt = str(self._model.prompts[name]) if name else ""
        self.prompt: str = prompt
        self.dim = int(self._model.get_embedding_dimension() or 0)

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the token states of each text, in the order given."""
        tokenizer = self._model.tokenizer
        for text in texts:
            encoding = tokenizer(
                self.prompt + text,
                return_offsets_mapping=True,
                return_tensors="pt",
                truncation=True,
            )
            offsets = encoding.pop("offset_mapping")[0].numpy() - len(self.prompt)
            spans = np.maximum(offsets, 0)
            with torch.inference_mode():
                features = {name: value.to(self._model.device) for name, value in encoding.items()}
                states = self._model[0](features)["token_embeddings"][0]
            yield TokenStates(
                states=states.float().cpu().numpy(), starts=spans[:, 0], ends=spans[:, 1]
            )

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows, shape (n_texts, dim), in the order given."""
        rows = [pool_verbatim(states) for states in self.encode_states(texts)]
        return unit_rows(np.asarray(rows, dtype=np.float32).reshape(-1, self.dim))
