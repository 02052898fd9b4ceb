"""A smaller encoder that learns from a fine-tuned one, on texts without labels.

The student starts as some of the teacher's layers, evenly chosen, with its heads and readout. It
learns to give the teacher's pooled states of whole texts and of their clauses, and through the
teacher's heads the same label probabilities. Layers: Sanh et al. (2019), DistilBERT,
arXiv:1910.01108.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional
from tqdm.auto import tqdm
from transformers import BertModel

from models.domain import Language
from models.embedding import EmbeddingSpace
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy
from models.text.clean import clean
from models.text.segment import segment
from training.checkpoint import CheckpointClock, load_state, save_state
from training.config import PRECISIONS, ConfigError, TrainConfig
from training.devices import pick_compute
from training.fake_int8 import ROUNDING_OF, Rounding, estimate_smoothing, set_rounding
from training.features import Example, build_examples, collate, plan_batches
from training.fit import load_encoder
from training.holding import by_length, whole
from training.labelled import LabelledSegment, LabelledVerbatim, Labels
from training.network import JointNetwork
from training.origins import hash_run, read_prompt
from training.scores import score_logits
from training.tracking import open_log
from training.writing import TrainingError, save_text

_TARGET_BATCH = 64
_SMOOTHING_TEXTS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilConfig:
    """Settings of a distillation.

    Attributes
    ----------
    seed : int
    layers : int
        Layers of the student.
    epochs, batch_size : int
    learning_rate : float
        Peak rate of AdamW; it rises over a tenth of the steps and falls linearly.
    state_weight, label_weight : float
        Weight of the distance between pooled states, and of that between label probabilities.
    int8_epochs : int
        Last epochs, in which the student computes as its int8 export will.
    quantisation, precision, device, checkpoint_minutes, tracking
        As in :class:`~training.config.TrainConfig`.
    """

    seed: int
    layers: int = 6
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 2e-4
    state_weight: float = 1.0
    label_weight: float = 1.0
    int8_epochs: int = 0
    quantisation: str = "int8"
    precision: str = "float32"
    device: str = "auto"
    checkpoint_minutes: float = 5.0
    tracking: str = "auto"

    def __post_init__(self) -> None:
        for name in ("layers", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"'{name}' must be at least 1. Got {getattr(self, name)}")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"'precision' must be one of {', '.join(PRECISIONS)}")

    def identity(self) -> dict[str, Any]:
        """All settings that decide what it ends with."""
        values = dataclasses.asdict(self)
        return {k: v for k, v in values.items() if k not in ("device", "checkpoint_minutes",
                                                             "tracking")}  # fmt: skip


def read_distil_config(path: Path) -> DistilConfig:
    """Read the settings from a TOML file.

    Raises
    ------
    ConfigError
        If the file is not TOML, or has an unknown key or a value out of range.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return DistilConfig(**values)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A fine-tuned network, read from its run folder."""

    network: JointNetwork
    taxonomy: Taxonomy
    config: TrainConfig


def read_teacher(run_folder: Path, config: TrainConfig, taxonomy: Taxonomy | None) -> Teacher:
    """The best network of a finished run.

    Parameters
    ----------
    run_folder : Path
        Run folder of ``klantstem-train fit``.
    config : TrainConfig
        Configuration of that run.
    taxonomy : Taxonomy or None
        Its taxonomy; None reads the one that the run folder keeps.

    Raises
    ------
    TrainingError
        If the folder holds no network, or one of another shape.
    """
    path = run_folder / "best.pt"
    if not path.exists():
        raise TrainingError(f"{run_folder} holds no best.pt: run 'klantstem-train fit' first")
    if taxonomy is None:
        try:
            document = json.loads((run_folder / "taxonomy.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise TrainingError(f"{run_folder} keeps no taxonomy.json: name it") from error
        taxonomy = parse_taxonomy(document)
    network = JointNetwork(
        load_encoder(Path(config.base)),
        taxonomy,
        compute=pick_compute(config.device, config.precision),
        lora=config.lora if config.mode == "lora" else None,
    )
    try:
        network.load_state_dict(load_state(path))
    except RuntimeError as error:
        raise TrainingError(
            f"{path} does not fit the configuration or the taxonomy: name those of its run"
        ) from error
    network.merge()
    set_rounding(network.encoder, Rounding.NONE)
    network.eval()
    return Teacher(network=network, taxonomy=taxonomy, config=config)


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
    for number, (text, language) in enumerate(texts):
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


class Distillation:
    """One distillation: texts, teacher's answers, student, and where it stands.

    Parameters
    ----------
    teacher : Teacher
    texts : sequence of (str, Language)
        Texts without labels.
    validation : sequence of LabelledVerbatim
        They choose the best epoch.
    config : DistilConfig
    folder : Path
        Run folder.
    """

    def __init__(
        self,
        teacher: Teacher,
        texts: Sequence[tuple[str, Language]],
        validation: Sequence[LabelledVerbatim],
        config: DistilConfig,
        folder: Path,
    ) -> None:
        if not texts or not validation:
            raise TrainingError("texts to learn from and labelled validation rows are needed")
        torch.manual_seed(config.seed)
        self.settings, self.folder, self.taxonomy = config, folder, teacher.taxonomy
        # What export reads: the teacher's settings, with how the student is exported.
        self.config = dataclasses.replace(
            teacher.config,
            seed=config.seed,
            mode="joint",
            int8_epochs=config.int8_epochs,
            quantisation=config.quantisation,
            precision=config.precision,
            epochs=config.epochs,
        )
        base = Path(teacher.config.base)
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        prompt = read_prompt(base)
        self.examples = build_texts(
            texts, tokenizer, self.taxonomy, prompt=prompt, config=teacher.config
        )
        self.validation = build_examples(
            validation, tokenizer, self.taxonomy, prompt=prompt, config=teacher.config
        )
        self.network = make_student(teacher, config)
        self.data_hash = hash_run(validation, self.taxonomy, base)
        self.teacher_scores = self._evaluate(teacher.network)
        counts = [len(example.spans) for example in self.examples]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._targets = self._ask(teacher.network)
        self.n_steps = config.epochs * -(-len(self.examples) // config.batch_size)
        trained = [p for p in self.network.encoder.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=0.01)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate_at)
        self.epoch, self.best, self.history = 0, -1.0, list[dict[str, float]]()
        self._losses: list[float] = []
        self._mid_epoch: dict[str, Any] | None = None

    def _rate_at(self, step: int) -> float:
        warmup = max(1, self.n_steps // 10)
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (self.n_steps - step) / max(1, self.n_steps - warmup))

    def _places(self, members: np.ndarray) -> torch.Tensor:
        ranges = [np.arange(self._starts[row], self._starts[row + 1]) for row in members]
        return torch.from_numpy(np.concatenate(ranges))

    def _ask(self, network: JointNetwork) -> torch.Tensor:
        """The teacher's pooled states of all spans. Shape: (n_spans, width)."""
        rows = torch.empty((int(self._starts[-1]), network.width))
        total = -(-len(self.examples) // _TARGET_BATCH)
        for members, batch in tqdm(by_length(self.examples), total=total, desc="ask the teacher",
                                   mininterval=_interval()):  # fmt: skip
            with torch.inference_mode():
                rows[self._places(members.numpy())] = network.pool(batch).cpu()
        return rows

    def run(self) -> list[dict[str, float]]:
        """Learn until the last epoch; give the history, with the share of the teacher's score."""
        config = self.settings
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        clock = CheckpointClock(minutes=config.checkpoint_minutes, steps=0)
        lengths = np.asarray([len(example.ids) for example in self.examples])
        per_epoch = -(-len(self.examples) // config.batch_size)
        progress = tqdm(
            total=self.n_steps,
            initial=self.epoch * per_epoch + len(self._losses),
            mininterval=_interval(),
        )
        with progress, open_log(self.folder, config.tracking) as log:
            log.params({**config.identity(), "data_hash": self.data_hash})
            while self.epoch < config.epochs:
                self._run_epoch(lengths, progress, clock)
                log.metrics(self.history[-1], step=self.epoch)
        self.network.load_state_dict(load_state(self.folder / "best.pt"))
        set_rounding(self.network.encoder, self._rounding(is_int8=config.int8_epochs > 0))
        return self.history

    def _is_int8(self, epoch: int) -> bool:
        return epoch >= self.settings.epochs - self.settings.int8_epochs

    def _rounding(self, *, is_int8: bool) -> Rounding:
        return ROUNDING_OF[self.settings.quantisation] if is_int8 else Rounding.NONE

    def _run_epoch(self, lengths: np.ndarray, progress: Any, clock: CheckpointClock) -> None:
        """One pass over the texts, from where a checkpoint within it stands."""
        config = self.settings
        rng = np.random.default_rng([config.seed, self.epoch])
        plan = plan_batches(lengths, batch_size=config.batch_size, rng=rng)
        torch.manual_seed(config.seed * 1000 + self.epoch)
        is_int8 = self._is_int8(self.epoch)
        if self._mid_epoch is not None:
            torch.set_rng_state(self._mid_epoch["torch"])
            self._mid_epoch = None
        elif is_int8 and not self._is_int8(self.epoch - 1):
            self._smooth()
        set_rounding(self.network.encoder, self._rounding(is_int8=is_int8))
        self.network.train()
        progress.set_description(f"epoch {self.epoch + 1}/{config.epochs}")
        for number in range(len(self._losses), len(plan)):
            self._losses.append(self._step(plan[number]))
            progress.update()
            if clock.is_due() and number + 1 < len(plan):
                self._checkpoint(in_epoch=True)
                clock.reset()
        scores = self._evaluate(self.network)
        self.epoch += 1
        loss, self._losses = float(np.mean(self._losses)), []
        share = scores["mean"] / max(self.teacher_scores["mean"], 1e-9)
        self.history.append({"epoch": self.epoch, "loss": loss, **scores, "of_teacher": share})
        progress.write(json.dumps({k: round(v, 4) for k, v in self.history[-1].items()}))
        if is_int8 and not self._is_int8(self.epoch - 2):
            self.best = -1.0
        if scores["mean"] > self.best:
            self.best = scores["mean"]
            save_state(self.network.state_dict(), self.folder / "best.pt")
        self._checkpoint(in_epoch=False)

    def _smooth(self) -> None:
        """Set the smoothing of the int8 layers from a sample of the texts."""
        self.network.eval()
        step = -(-len(self.examples) // _SMOOTHING_TEXTS)
        sample = [whole(example) for example in self.examples[::step]]

        def run() -> None:
            for _, batch in by_length(sample):
                with torch.no_grad():
                    self.network.pool(batch)

        estimate_smoothing(self.network.encoder, run)

    def _step(self, members: np.ndarray) -> float:
        """One update; gives the loss."""
        batch = collate([self.examples[index] for index in members])
        pooled = self.network.pool(batch)
        wanted = self._targets[self._places(members)].to(pooled.device)
        # Unit vectors: half the squared distance is one minus the cosine.
        loss = self.settings.state_weight * (pooled - wanted).square().sum(dim=1).mean()
        if self.settings.label_weight:
            with torch.no_grad():
                asked = self.network.plain_logits(wanted)
            loss = loss + self.settings.label_weight * _label_distance(
                self.network.plain_logits(pooled), asked
            )
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.encoder.parameters(), 1.0)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        return float(loss.detach())

    def _predict(self, network: JointNetwork) -> dict[str, np.ndarray]:
        """Logits of the validation rows. Shape: (n_rows, n_labels) each."""
        network.eval()
        logits = {
            task: np.empty((len(self.validation), len(self.taxonomy.labels(task))), np.float32)
            for task in TASKS
        }
        for members, batch in by_length([whole(example) for example in self.validation]):
            with torch.inference_mode():
                scores = network.logits(network.pool(batch))
            for task in TASKS:
                logits[task][members.numpy()] = scores[task].cpu().numpy()
        return logits

    def _evaluate(self, network: JointNetwork) -> dict[str, float]:
        targets = {
            task: np.stack([example.targets[task][0] for example in self.validation])
            for task in TASKS
        }
        return score_logits(self._predict(network), targets)

    def _checkpoint(self, *, in_epoch: bool) -> None:
        state: dict[str, Any] = {
            "config": self.settings.identity(),
            "data_hash": self.data_hash,
            "n_texts": len(self.examples),
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "history": self.history,
        }
        if in_epoch:
            state["mid_epoch"] = {"losses": self._losses, "torch": torch.get_rng_state()}
        save_state(state, self.folder / "checkpoint.pt")
        save_text(json.dumps(self.history, indent=1), self.folder / "history.json")

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = load_state(path)
        same = (
            state.get("config") == self.settings.identity()
            and state.get("data_hash") == self.data_hash
            and state.get("n_texts") == len(self.examples)
        )
        if not same:
            raise TrainingError(
                f"{path} belongs to a run with other settings, rows or texts: choose another run "
                "folder (--run)"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.epoch, self.best, self.history = state["epoch"], state["best"], state["history"]
        self._mid_epoch = state.get("mid_epoch")
        if self._mid_epoch is not None:
            self._losses = list(self._mid_epoch["losses"])

    # What export asks of a finished run.

    def write_encoder(self, path: Path) -> None:
        """Export the student's encoder."""
        from training.onnx_export import export_encoder

        export_encoder(self.network.encoder, path, quantisation=self.settings.quantisation)

    def export_heads(self) -> Heads:
        """The teacher's heads."""
        return self.network.export_heads()

    def export_space(self) -> EmbeddingSpace:
        """The teacher's readout."""
        return self.network.export_readout()

    def reference_logits(self) -> dict[str, TaskArrays]:
        """Logits of the validation rows by the student."""
        is_int8 = self.settings.int8_epochs > 0
        set_rounding(self.network.encoder, self._rounding(is_int8=is_int8))
        with self.network.in_float32():
            return {"trained": self._predict(self.network)}


def _label_distance(
    logits: dict[str, torch.Tensor], asked: dict[str, torch.Tensor]
) -> torch.Tensor:
    """Cross-entropy against the teacher's probabilities, over the three tasks."""
    total = torch.zeros((), device=next(iter(logits.values())).device)
    for task, scores in logits.items():
        if task == "topics":
            loss = functional.binary_cross_entropy_with_logits(
                scores, asked[task].sigmoid(), reduction="none"
            ).sum(dim=1)
        else:
            loss = -(asked[task].softmax(dim=1) * scores.log_softmax(dim=1)).sum(dim=1)
        total = total + loss.mean()
    return total


def _interval() -> float:
    """Seconds between two redraws of the progress bar; a log needs few."""
    return 0.5 if sys.stderr.isatty() else 30.0
