"""A random encoder of two layers, a tokenizer of single letters, and a corpus of twelve rows."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from models.taxonomy import Taxonomy, read_taxonomy
from training.base_encoder import save_sentence_transformer
from training.config import TrainConfig
from training.labelled import LabelledSegment, LabelledVerbatim, Labels

TAXONOMY_FILE = Path(__file__).parents[2] / "data" / "taxonomy" / "klantstem.json"


def tiny_tokenizer_json() -> str:
    """A Unigram tokenizer with the special tokens, letters and a few words."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁"]
    pieces += [chr(code) for code in range(ord("a"), ord("z") + 1)] + list(".,:'0123456789")
    pieces += ["▁te", "▁duur", "▁goed", "▁late", "<mask>"]
    scores = [0.0] * 4 + [-5.0] * (len(pieces) - 9) + [-2.0] * 4 + [0.0]
    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": len(pieces) - 1}
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": content,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for content, index in special.items()
        ],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "pair": [],
            "special_tokens": {
                "<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]},
                "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]},
            },
        },
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
        "model": {
            "type": "Unigram",
            "unk_id": 3,
            "vocab": [list(pair) for pair in zip(pieces, scores, strict=True)],
        },
    }
    return json.dumps(document)


def tiny_bert(vocab_size: int) -> BertModel:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=vocab_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
        pad_token_id=1,
    )
    return BertModel(config, add_pooling_layer=False).eval()


def write_tiny_base(folder: Path) -> Path:
    tokenizer_json = tiny_tokenizer_json()
    size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    save_sentence_transformer(tiny_bert(size), tokenizer_json, folder)
    return folder


def tiny_taxonomy() -> Taxonomy:
    return read_taxonomy(TAXONOMY_FILE)


def tiny_rows() -> list[LabelledVerbatim]:
    """Complaints on price (board) and praise of staff (hr), six stories in both languages."""
    price = Labels("negative", ("price",), "board")
    staff = Labels("positive", ("staff_attitude",), "hr")
    told = {
        "nl": ("veel te duur", "goed geholpen", "goed geholpen, maar te duur"),
        "en": ("far too expensive", "kind staff", "kind staff, but too expensive"),
    }
    rows = []
    for lang, texts in told.items():
        for number in range(6):
            text = f"{texts[number % 3]} {number}"
            labels = (price, staff, Labels("mixed", ("price", "staff_attitude"), "board", "hr"))
            comma = text.find(",")
            parts = () if comma < 0 else ((0, comma, staff), (comma + 2, len(text), price))
            rows.append(
                LabelledVerbatim(
                    id=f"{lang}-{number}",
                    text=text,
                    lang=lang,
                    labels=labels[number % 3],
                    story=f"s{number}",
                    split="validation" if number >= 4 else "train",
                    segments=tuple(
                        LabelledSegment(start=start, end=end, labels=part)
                        for start, end, part in parts
                    ),
                )
            )
    return rows


def tiny_config(base: Path, **changes: object) -> TrainConfig:
    values = {
        "seed": 3,
        "base": str(base),
        "epochs": 2,
        "batch_size": 4,
        "int8_epochs": 1,
        "encoder_learning_rate": 1e-3,
        "head_learning_rate": 1e-2,
    }
    return TrainConfig(**{**values, **changes})  # type: ignore[arg-type]
