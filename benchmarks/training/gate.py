"""What the gate does with bundles that are worse in one known way.

``python -m benchmarks.training.gate [FILE] [--json OUT]`` makes copies of the released bundle, each
harmed on purpose, and runs the gate on labelled verbatims (default: the validation split of the
corpus). Heads are refitted on the frozen encoder: on the right labels (the control), on labels
shuffled among the rows, on Dutch labels shuffled alone, with a department's rows given to another.

Two bundles share their encoder where only heads, calibration or readout differ, so each text is
encoded once; speed is compared in the runs without that.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from models.bundle import RELEASED_BUNDLE, load_bundle, read_manifest, write_manifest
from models.calibration import Calibration
from models.classifier import Classifier
from models.domain import FloatMatrix
from models.embedding import EmbeddingSpace
from models.encoder.protocol import TokenStates
from models.heads import Head, Heads
from models.taxonomy import TASKS
from models.text.clean import clean
from training.calibrate import calibrate
from training.gate.config import GateConfig
from training.gate.judge import REFUSED, Comparison
from training.gate.run import compare_classifiers
from training.labelled import LabelledVerbatim, Labels, read_corpus, read_rows
from training.targets import gold_rows

OUT = Path("build/gate")
CURRENT = OUT / "current"
"""Copy of the released bundle: that one may be exchanged while this runs."""
SEED = 1


class CachedEncoder:
    """Encodes each text once, for all bundles that share the encoder."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder
        self._states: dict[str, TokenStates] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the states of each text, in the order given."""
        known = list(texts)
        new = list(dict.fromkeys(text for text in known if text not in self._states))
        self._states.update(zip(new, self._encoder.encode_states(new), strict=True))
        yield from (self._states[text] for text in known)


class SlowEncoder:
    """Takes twice as long for the same states."""

    def __init__(self, encoder: object) -> None:
        self._encoder = encoder

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the states of each text, in the order given."""
        known = list(texts)
        list(self._encoder.encode_states(known))
        yield from self._encoder.encode_states(known)


def refit(
    features: FloatMatrix, targets: Mapping[str, FloatMatrix], *, strength: float = 0.02
) -> Heads:
    """Logistic regression per task on scaled features, as affine layers on the features."""
    scaler = StandardScaler().fit(features)
    X = scaler.transform(features)
    heads = {}
    for task in TASKS:
        columns = targets[task] > 0
        weight = np.zeros((columns.shape[1], X.shape[1]))
        bias = np.full(columns.shape[1], -10.0)
        if task == "topics":
            for column in np.flatnonzero(columns.any(axis=0)):
                model = LogisticRegression(C=strength, max_iter=500).fit(X, columns[:, column])
                weight[column], bias[column] = model.coef_[0], model.intercept_[0]
        else:
            model = LogisticRegression(C=strength, max_iter=500).fit(X, columns.argmax(axis=1))
            weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
        weight = weight / scaler.scale_
        bias = bias - weight @ scaler.mean_
        heads[task] = Head(weight=weight.astype(np.float32), bias=bias.astype(np.float32))
    return Heads(heads)


def shuffled(
    rows: Sequence[LabelledVerbatim], is_meant: Callable[[LabelledVerbatim], bool]
) -> list[LabelledVerbatim]:
    """Rows whose labels were dealt out anew among those that are meant."""
    places = [place for place, row in enumerate(rows) if is_meant(row)]
    dealt = np.random.default_rng(SEED).permutation(places)
    changed = list(rows)
    for place, other in zip(places, dealt, strict=True):
        changed[place] = dataclasses.replace(rows[place], labels=rows[other].labels)
    return changed


def without_department(
    rows: Sequence[LabelledVerbatim], lost: str, heir: str
) -> list[LabelledVerbatim]:
    """Rows of one department given to another."""

    def change(labels: Labels) -> Labels:
        return labels._replace(department=heir) if labels.department == lost else labels

    return [dataclasses.replace(row, labels=change(row.labels)) for row in rows]


def write_bundle(
    folder: Path, heads: Heads, calibration: Calibration, space: EmbeddingSpace | None = None
) -> Path:
    """The released bundle with other heads, calibration or readout."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CURRENT, folder)
    heads.save(folder / "heads.safetensors")
    calibration.save(folder / "calibration.json")
    if space is not None:
        space.save(folder / "embedding.safetensors")
    prompt = read_manifest(CURRENT).prompt
    write_manifest(folder, prompt=prompt, origin={"made_for": "gate benchmark"}, metrics={})
    return folder


def make_bundles(current: Classifier, n_train: int) -> dict[str, Path]:
    """Write every candidate; gives their folders."""
    rng = np.random.default_rng(SEED)
    corpus = read_corpus()
    train = [row for row in corpus if row.split == "train"]
    train = [train[place] for place in np.sort(rng.permutation(len(train))[:n_train])]
    held_out = [row for row in corpus if row.split == "validation"][: n_train // 3]
    taxonomy = current.taxonomy
    features, held_out_features = (
        current.encoder.encode([clean(row.text).text for row in part]) for part in (train, held_out)
    )

    def trained(name: str, rows: Sequence[LabelledVerbatim]) -> Path:
        heads = refit(features, gold_rows(rows, taxonomy))
        calibration = calibrate(
            heads.logits(held_out_features), gold_rows(held_out, taxonomy), taxonomy
        )
        return write_bundle(OUT / name, heads, calibration)

    dim = len(current.space.bias)
    hot = dataclasses.replace(
        current.calibration,
        temperature={task: 0.4 * value for task, value in current.calibration.temperature.items()},
    )
    flat = dataclasses.replace(
        current.space,
        weight=(rng.standard_normal((dim, 8)) @ rng.standard_normal((8, dim))).astype(np.float32),
    )
    return {
        "heads refitted, right labels": trained("right", train),
        "heads refitted, labels shuffled": trained("shuffled", shuffled(train, lambda row: True)),
        "heads refitted, Dutch labels shuffled": trained(
            "dutch", shuffled(train, lambda row: row.lang == "nl")
        ),
        "heads refitted, HR given to the board": trained(
            "hr", without_department(train, "hr", "board")
        ),
        "released, temperatures x 0.4": write_bundle(OUT / "hot", current.heads, hot),
        "released, readout of rank 8": write_bundle(
            OUT / "flat", current.heads, current.calibration, flat
        ),
    }


def run(rows: Sequence[LabelledVerbatim], n_train: int) -> list[dict[str, object]]:
    """Every candidate through the gate."""
    shutil.rmtree(OUT, ignore_errors=True)
    shutil.copytree(RELEASED_BUNDLE, CURRENT)
    current = load_bundle(CURRENT)
    plain = current.encoder
    current.encoder = CachedEncoder(plain)  # type: ignore[assignment]
    without_speed = GateConfig(max_slowdown=1.0, seed=SEED)
    records = []
    for name, folder in make_bundles(current, n_train).items():
        candidate = load_bundle(folder)
        candidate.encoder = current.encoder
        found = compare_classifiers(candidate, current, rows, (), without_speed)
        records.append(record(name, found))
    current.encoder = plain
    slow = load_bundle(CURRENT)
    slow.encoder = SlowEncoder(slow.encoder)  # type: ignore[assignment]
    some = rows[:256]
    config = GateConfig(seed=SEED)
    records.append(
        record(
            "released, every text encoded twice",
            compare_classifiers(slow, current, some, (), config),
        )
    )
    same = compare_classifiers(load_bundle(CURRENT), current, some, (), config)
    return [record("released against itself", same), *records]


def record(name: str, found: Sequence[Comparison]) -> dict[str, object]:
    """What came of one candidate."""
    refused = [item for item in found if item.verdict in REFUSED]
    return {
        "candidate": name,
        "passed": not refused,
        "kinds": sorted({item.kind.value for item in refused}),
        "reasons": [item.reason for item in refused],
        "figures": {
            f"{item.figure} {item.group}": [item.current, item.candidate] for item in found
        },
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--train-rows", type=int, default=2000)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    rows = (
        read_rows([args.data])
        if args.data
        else [row for row in read_corpus() if row.split == "validation"]
    )
    records = run(rows, args.train_rows)
    table = Table(title=f"the gate on {len(rows)} rows, against the released bundle")
    for column in ("candidate", "outcome", "because of", "first reason"):
        table.add_column(column)
    for entry in records:
        reasons = entry["reasons"]
        table.add_row(
            str(entry["candidate"]),
            "passed" if entry["passed"] else "refused",
            ", ".join(entry["kinds"]),
            reasons[0] if reasons else "",
        )
    Console(width=170).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
