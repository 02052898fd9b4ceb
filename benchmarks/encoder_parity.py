"""How near the served encoder stays to the float32 models it comes from.

``python -m benchmarks.encoder_parity [--base build/base] [--full build/base-full] [--texts 2000]
[--json OUT]`` prints, per language, the mean and 1st percentile of the cosine between embeddings
of the same text:

- base, int8 ONNX export, against base, float32 (what quantisation costs);
- base with the pruned vocabulary against base with all pieces, float32 (what pruning costs), where
  ``--full`` exists (``klantstem-train base-encoder build/base-full --no-prune``);
- released encoder against base, float32 (how far fine-tuning moved the space).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.bundle import RELEASED_BUNDLE, read_manifest
from models.encoder.onnx import OnnxEncoder
from models.encoder.sentence_transformer import SentenceTransformerEncoder
from training.fit import load_encoder
from training.labelled import read_corpus
from training.onnx_export import export_encoder


def cosine_figures(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Mean and 1st percentile of row-wise cosines; both have unit rows."""
    cosines = (first * second).sum(axis=1)
    return {"mean": float(cosines.mean()), "p1": float(np.quantile(cosines, 0.01))}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--full", type=Path, default=Path("build/base-full"))
    parser.add_argument("--bundle", type=Path, default=RELEASED_BUNDLE)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    rows = list(read_corpus())
    np.random.default_rng(0).shuffle(rows)  # type: ignore[arg-type]
    chosen = {
        language: [row.text for row in rows if row.lang == language][: args.texts // 2]
        for language in ("nl", "en")
    }
    reference = SentenceTransformerEncoder(str(args.base))
    prompt = read_manifest(args.bundle).prompt
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base.onnx"
        export_encoder(load_encoder(args.base), path)
        pairs = {
            "base int8 / base float32": OnnxEncoder(
                path, args.base / "tokenizer.json", prompt=prompt
            )
        }
    if args.full.exists():
        pairs["base pruned / base full"] = SentenceTransformerEncoder(str(args.full))
    pairs["released / base float32"] = OnnxEncoder(
        args.bundle / "encoder.onnx", args.bundle / "tokenizer.json", prompt=prompt
    )
    table = Table(title="cosine between embeddings of the same text")
    for column in ("pair", "language", "texts", "mean", "1st percentile"):
        table.add_column(column)
    records = []
    for language, texts in chosen.items():
        embeddings = reference.encode(texts)
        for name, encoder in pairs.items():
            figures = cosine_figures(encoder.encode(texts), embeddings)
            records.append({"pair": name, "language": language, "texts": len(texts), **figures})
            table.add_row(
                name, language, str(len(texts)), f"{figures['mean']:.4f}", f"{figures['p1']:.4f}"
            )
    Console().print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
