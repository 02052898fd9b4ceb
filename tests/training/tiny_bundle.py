"""A bundle of a random encoder whose heads know a few words, and rows that use them."""

import dataclasses
from pathlib import Path

import numpy as np
from tiny import tiny_bert, tiny_taxonomy, tiny_tokenizer_json
from tokenizers import Tokenizer

from models.bundle import write_manifest
from models.calibration import Calibration
from models.embedding import plain_space
from models.encoder.onnx import OnnxEncoder
from models.heads import Head, Heads
from models.taxonomy import TASKS
from training.labelled import LabelledVerbatim, Labels
from training.onnx_export import export_encoder
from training.targets import gold_rows

TEXTS = {
    Labels("negative", ("price",), "board"): ("veel te duur", "far too expensive"),
    Labels("positive", ("staff_attitude",), "hr"): ("heel aardig geholpen", "kind helpful staff"),
    Labels("negative", ("product_quality",), "purchasing"): ("snel kapot gegaan", "broke at once"),
    Labels("neutral", ("general",), "none"): ("geen mening hierover", "no comment at all"),
}
SECTORS = ("bank", "shop", "hotel")


def many_rows(n_rows: int, *, seed: int = 0, n_wrong: int = 0) -> list[LabelledVerbatim]:
    """Rows of four kinds with some words of noise; the first ``n_wrong`` carry another's labels."""
    rng = np.random.default_rng(seed)
    kinds = list(TEXTS)
    rows = []
    for number in range(n_rows):
        labels, lang = kinds[number % 4], ("nl", "en")[number // 4 % 2]
        noise = "".join(rng.choice(list("abcdefghij"), 6))
        rows.append(
            LabelledVerbatim(
                id=f"r{number}",
                text=f"{TEXTS[labels][lang == 'en']} {noise} {number}",
                lang=lang,
                labels=kinds[(number + 1) % 4] if number < n_wrong else labels,
                sector=SECTORS[number % 3],
                story=f"s{number}",
                split="validation" if number % 5 == 0 else "train",
            )
        )
    return rows


def write_tiny_bundle(folder: Path) -> Path:
    """Write a whole bundle; heads point from the mean of all rows to the mean of a label's."""
    folder.mkdir(parents=True, exist_ok=True)
    taxonomy = tiny_taxonomy()
    tokenizer = tiny_tokenizer_json()
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    export_encoder(
        tiny_bert(Tokenizer.from_str(tokenizer).get_vocab_size()), folder / "encoder.onnx"
    )
    encoder = OnnxEncoder(
        folder / "encoder.onnx", folder / "tokenizer.json", prompt="", n_threads=1
    )
    rows = many_rows(80, seed=5)
    embeddings = encoder.encode([row.text for row in rows])
    centre = embeddings.mean(axis=0)
    heads = {}
    for task, gold in gold_rows(rows, taxonomy).items():
        counts = np.maximum(gold.sum(axis=0), 1)[:, None]
        weight = 60 * np.where(counts > 1, gold.T @ embeddings / counts - centre, 0)
        unseen = np.where(gold.sum(axis=0) > 0, 0.0, -6.0)
        bias = unseen - weight @ centre
        heads[task] = Head(weight=weight.astype(np.float32), bias=bias.astype(np.float32))
    Heads(heads).save(folder / "heads.safetensors")
    plain_space(encoder.dim).save(folder / "embedding.safetensors")
    (folder / "taxonomy.json").write_text(
        (Path(__file__).parents[2] / "data" / "taxonomy" / "klantstem.json").read_text("utf-8"),
        encoding="utf-8",
    )
    Calibration(
        temperature=dict.fromkeys(TASKS, 1.0),
        bias={task: [0.0] * len(taxonomy.labels(task)) for task in ("sentiment", "department")},
        topic_thresholds=dict.fromkeys(taxonomy.labels("topics"), 0.5),
        min_probability={"sentiment": 0.0, "department": 0.0},
        review_probability={"sentiment": 0.5, "department": 0.5},
    ).save(folder / "calibration.json")
    write_manifest(folder, prompt="", origin={"base_model": "tiny"}, metrics={})
    return folder


def write_rows(rows: list[LabelledVerbatim], path: Path) -> Path:
    """Write rows as JSONL."""
    import json

    lines = []
    for row in rows:
        whole = dataclasses.asdict(row)
        labels = whole.pop("labels")
        whole.pop("annotations")
        lines.append(json.dumps({**whole, **dict(zip(Labels._fields, labels, strict=True))}))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
