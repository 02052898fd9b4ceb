"""The smaller network that learns from a teacher, and the texts it learns on."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer
from torch import nn
from tqdm.auto import tqdm
from transformers import BertModel

from models.domain import Language
from models.taxonomy import Taxonomy
from models.text.clean import clean
from models.text.segment import segment
from training.config import ConfigError, TrainConfig
from training.devices import pick_compute
from training.distil_config import DistilConfig
from training.features import Example, build_examples, redraw_seconds
from training.labelled import LabelledSegment, LabelledVerbatim, Labels
from training.network import JointNetwork
from training.teacher import Teacher


def choose_layers(n_teacher: int, n_student: int) -> tuple[int, ...]:
    """Which layers a student keeps: evenly spaced, the last one always.

    Examples
    --------
    >>> choose_layers(12, 4)
    (2, 5, 8, 11)
    """
    if not 1 <= n_student <= n_teacher:
        raise ConfigError(f"'layers' must be between 1 and {n_teacher}. Got {n_student}")
    places = np.linspace(0, n_teacher, n_student + 1)[1:] - 1
    return tuple(round(float(place)) for place in places)


def make_student(teacher: Teacher, config: DistilConfig) -> JointNetwork:
    """A copy of the teacher with some of its layers."""
    network = teacher.network
    kept = choose_layers(network.encoder.config.num_hidden_layers, config.layers)
    encoder: BertModel = copy.deepcopy(network.encoder)
    encoder.requires_grad_(requires_grad=True)  # low-rank updates held all but themselves
    encoder.encoder.layer = nn.ModuleList([encoder.encoder.layer[place] for place in kept])
    encoder.config.num_hidden_layers = len(kept)
    compute = pick_compute(config.device, config.precision)
    student = JointNetwork(encoder, teacher.taxonomy, compute=compute)
    student.heads.load_state_dict(network.heads.state_dict())
    student.readout.load_state_dict(network.readout.state_dict())
    return student


def build_texts(
    texts: Sequence[tuple[str, Language]],
    tokenizer: Tokenizer,
    taxonomy: Taxonomy,
    *,
    prompt: str,
    config: TrainConfig,
) -> list[Example]:
    """Texts without labels as examples, their clauses as spans."""
    blank = Labels(taxonomy.labels("sentiment")[0], (), taxonomy.labels("department")[0], None)
    rows = []
    bar = tqdm(texts, desc="find the clauses", delay=2, mininterval=redraw_seconds())
    for number, (text, language) in enumerate(bar):
        cleaned = clean(text)
        parts = []
        for part in segment(cleaned.text, language):
            start, end = cleaned.source_span(part.start, part.end)
            parts.append((start, end))
        rows.append(_row(str(number), text, language, parts if len(parts) > 1 else [], blank))
    return build_examples(rows, tokenizer, taxonomy, prompt=prompt, config=config)


def _row(
    row_id: str, text: str, language: Language, parts: list[tuple[int, int]], labels: Labels
) -> LabelledVerbatim:
    """A text in the form that ``build_examples`` reads; its labels are never used."""
    segments = tuple(LabelledSegment(start=a, end=b, labels=labels) for a, b in parts)
    return LabelledVerbatim(
        id=row_id, text=text, lang=str(language), labels=labels, segments=segments
    )
