"""A tiny classifier without weights: hashing encoder, random heads."""

import numpy as np

from models.calibration import Calibration
from models.classifier import Classifier
from models.embedding import plain_space
from models.encoder import Encoder
from models.encoder.hashing import HashingEncoder
from models.heads import Head, Heads
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy


def make_taxonomy() -> Taxonomy:
    def label(name: str, **extra: object) -> dict[str, object]:
        return {"label": name, "name": {"en": name}, "definition": {"en": name}, **extra}

    return parse_taxonomy(
        {
            "name": "tiny",
            "version": 1,
            "max_topics": 2,
            "topics": [
                label("price"),
                label("staff"),
                label("wait"),
                label("general", is_exclusive=True),
            ],
            "sentiments": [
                label("negative", score=-1),
                label("neutral"),
                label("positive", score=1),
            ],
            "departments": [label("hr"), label("board"), label("none")],
        }
    )


def make_calibration(taxonomy: Taxonomy, **changes: object) -> Calibration:
    values: dict[str, object] = {
        "temperature": dict.fromkeys(TASKS, 1.0),
        "bias": {"sentiment": [0.0] * 3, "department": [0.0] * 3},
        "topic_thresholds": dict.fromkeys(taxonomy.labels("topics"), 0.5),
        "min_probability": {"sentiment": 0.0, "department": 0.0},
        "review_probability": {"sentiment": 0.0, "department": 0.0},
    }
    return Calibration(**{**values, **changes})  # type: ignore[arg-type]


def make_heads(taxonomy: Taxonomy, dim: int) -> Heads:
    rng = np.random.default_rng(0)
    return Heads(
        {
            task: Head(
                weight=rng.standard_normal((len(taxonomy.labels(task)), dim)).astype(np.float32),
                bias=np.zeros(len(taxonomy.labels(task)), dtype=np.float32),
            )
            for task in TASKS
        }
    )


def make_classifier(encoder: Encoder | None = None, **changes: object) -> Classifier:
    taxonomy = make_taxonomy()
    encoder = encoder or HashingEncoder()
    return Classifier(
        encoder=encoder,
        heads=make_heads(taxonomy, encoder.dim),
        space=plain_space(encoder.dim),
        calibration=make_calibration(taxonomy, **changes),
        taxonomy=taxonomy,
        bundle_version="tiny",
    )
