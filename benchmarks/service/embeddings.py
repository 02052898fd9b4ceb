r"""``/v1/embeddings`` beside that of ``infinity_emb``: same weights, same texts, same client.

``python -m benchmarks.service.embeddings --infinity VENV [--base FOLDER] [--seconds S]
[--connections N] [--texts N] [--json OUT]``

Both serve on loopback of one machine; only one is asked at a time, in turn, for ROUNDS rounds.
The weights are those of the base encoder (``klantstem-train base-encoder FOLDER``): infinity
serves that folder, klantstem serves the encoder of its bundle, which was made from it and is int8.
infinity needs older libraries, so it has a virtual environment of its own::

    python -m venv VENV
    VENV/bin/pip install 'infinity-emb[server]==0.0.78' torch 'transformers<4.50' \
        'sentence-transformers<4' 'optimum[onnxruntime]<1.25' 'typer<0.13' 'click<8.2' \
        'numpy<2' 'pyarrow<20' 'datasets<3.3'
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.service.client import Connection, closed_loop, cycle_requests, make_request
from benchmarks.service.process import served
from benchmarks.throughput import read_texts

_PATH = "/v1/embeddings"
_ROUNDS = 3
_START_S = 300


@contextmanager
def infinity(venv: Path, base: Path, engine: str) -> Iterator[str]:
    """Run ``infinity_emb`` on the base weights; gives its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    command = [
        *(str(venv / "bin" / "infinity_emb"), "v2", "--model-id", str(base.resolve())),
        *("--served-model-name", "klantstem", "--engine", engine, "--device", "cpu"),
        *("--host", "127.0.0.1", "--port", str(port), "--url-prefix", "/v1"),
        *("--no-bettertransformer", "--log-level", "error"),
    ]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    environment |= {"INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(f"{url}/v1/models", process)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def write_older(base: Path, folder: Path) -> Path:
    """Describe the base weights as older versions of sentence-transformers read them."""
    width = json.loads((base / "config.json").read_text())["hidden_size"]
    kinds = {"0": "Transformer", "1": "Pooling", "2": "Normalize"}
    described: dict[str, Any] = {
        "modules.json": [
            {
                "idx": int(name),
                "name": name,
                "path": "" if name == "0" else f"{name}_{kind}",
                "type": f"sentence_transformers.models.{kind}",
            }
            for name, kind in kinds.items()
        ],
        "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": width},  # the mean by default
        "tokenizer_config.json": {
            **json.loads((base / "tokenizer_config.json").read_text()),
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
    }
    for name, document in described.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
    (folder / "2_Normalize").mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).symlink_to((base / name).resolve())
    return folder


def _wait(url: str, process: subprocess.Popen[str]) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(process.communicate()[1][-3000:])
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError("the server did not start in time")


def compare(arguments: argparse.Namespace) -> dict[str, Any]:
    """Ask both in turn; gives texts per second by server, shape of the call and round."""
    texts = read_texts(None, 1000)
    shapes = {
        f"{arguments.texts} a call, {arguments.connections} connections": [
            {"model": "klantstem", "input": texts[start : start + arguments.texts]}
            for start in range(0, len(texts), arguments.texts)
        ],
        "1 a call, 32 connections": [{"model": "klantstem", "input": [text]} for text in texts],
    }
    rounds: list[dict[str, Any]] = []
    with (
        TemporaryDirectory() as folder,
        infinity(
            arguments.infinity, write_older(arguments.base, Path(folder)), arguments.engine
        ) as theirs,
        served(arguments.bundle, log_level="warning") as ours,
    ):
        addresses = {"klantstem": (ours.url, ours.key), "infinity": (theirs, "none")}
        agreement = asyncio.run(_agreement(addresses, texts[:100]))
        for number in range(_ROUNDS + 1):
            for shape, documents in shapes.items():
                n_connections = 32 if shape.startswith("1 a") else arguments.connections
                for name, (url, key) in addresses.items():
                    tally = asyncio.run(
                        closed_loop(
                            url,
                            cycle_requests(_PATH, key, documents),
                            n_connections=n_connections,
                            seconds=arguments.seconds if number else 3.0,
                        )
                    )
                    if number == 0:
                        continue  # cold
                    n_texts = tally.count() * len(documents[0]["input"])
                    rounds.append(
                        {
                            "round": number,
                            "shape": shape,
                            "server": name,
                            "texts_per_s": n_texts / tally.wall_s,
                            "n_not_200": sum(map(len, tally.seconds.values())) - tally.count(),
                            **tally.summary(),
                        }
                    )
    return {"rounds": rounds, "cosine_of_the_same_text": agreement, "shapes": list(shapes)}


async def _agreement(addresses: dict[str, tuple[str, str]], texts: list[str]) -> dict[str, float]:
    """How alike the two servers embed: cosine of the same text, and of their neighbourhoods."""
    vectors = {}
    for name, (url, key) in addresses.items():
        connection = Connection(url)
        document = {"model": "klantstem", "input": [_prompted(name, text) for text in texts]}
        status, body = await connection.send(make_request(_PATH, key, document))
        connection.close()
        if status != 200:
            raise RuntimeError(f"{name} answered {status}: {body[:500]!r}")
        rows = np.asarray([item["embedding"] for item in json.loads(body)["data"]])
        vectors[name] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    ours, theirs = vectors["klantstem"], vectors["infinity"]
    upper = np.triu_indices(len(texts), 1)
    return {
        "mean_cosine": float((ours * theirs).sum(axis=1).mean()),
        "correlation_of_pairs": float(
            np.corrcoef((ours @ ours.T)[upper], (theirs @ theirs.T)[upper])[0, 1]
        ),
    }


def _prompted(name: str, text: str) -> str:
    """The prompt of the base model, which klantstem adds itself."""
    return text if name == "klantstem" else f"query: {text}"


def _show(found: dict[str, Any], console: Console) -> None:
    table = Table("shape", "klantstem texts/s", "infinity texts/s", "ratio")
    for shape in found["shapes"]:
        median = {
            name: statistics.median(
                row["texts_per_s"]
                for row in found["rounds"]
                if row["shape"] == shape and row["server"] == name
            )
            for name in ("klantstem", "infinity")
        }
        table.add_row(
            shape,
            f"{median['klantstem']:.0f}",
            f"{median['infinity']:.0f}",
            f"{median['klantstem'] / median['infinity']:.2f}",
        )
    console.print(table)
    console.print(found["cosine_of_the_same_text"])


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--infinity", type=Path, required=True, help="its virtual environment")
    parser.add_argument("--engine", default="torch", choices=("torch", "optimum"))
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--seconds", type=float, default=15.0, help="per measurement")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--texts", type=int, default=100, help="a call")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = compare(args)
    _show(found, Console(width=110))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
