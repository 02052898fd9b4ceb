"""A smaller encoder that learns from a fine-tuned one, on texts without labels.

The student starts as some of the teacher's layers, evenly chosen, with its heads and readout. It
learns to give the teacher's pooled states of whole texts and of their clauses, and through the
teacher's heads the same label probabilities. Layers: Sanh et al. (2019), DistilBERT,
arXiv:1910.01108.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from tqdm.auto import tqdm

from models.domain import Language
from models.embedding import EmbeddingSpace
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS
from training.checkpoint import (
    CheckpointClock,
    check_best,
    load_state,
    random_state,
    restore_random,
    save_state,
)
from training.distil_config import DistilConfig
from training.fake_int8 import ROUNDING_OF, Rounding, estimate_smoothing, set_rounding
from training.features import build_examples, collate, plan_batches, redraw_seconds
from training.holding import by_length, whole
from training.labelled import LabelledVerbatim
from training.network import JointNetwork
from training.origins import hash_run, load_tokenizer, read_prompt
from training.predict import predict_logits
from training.scores import score_logits
from training.student import build_texts, make_student
from training.teacher import Teacher
from training.tracking import open_log
from training.updates import Updates, finite
from training.writing import TrainingError, save_text

_SMOOTHING_TEXTS = 512


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
        tokenizer, prompt = load_tokenizer(base), read_prompt(base)
        self.examples = build_texts(
            texts, tokenizer, self.taxonomy, prompt=prompt, config=teacher.config
        )
        self.validation = build_examples(
            validation,
            tokenizer,
            self.taxonomy,
            prompt=prompt,
            config=dataclasses.replace(
                teacher.config,
                max_tokens=teacher.network.encoder.config.max_position_embeddings,
            ),
        )
        self.network = make_student(teacher, config)
        told = [teacher.sha256, *(text for text, _ in texts)]
        self.data_hash = hashlib.sha256(
            json.dumps([hash_run(validation, self.taxonomy, base), *told]).encode()
        ).hexdigest()
        self.teacher_scores = self._evaluate(teacher.network)
        counts = [len(example.spans) for example in self.examples]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._targets = self._ask(teacher.network)
        self.n_steps = config.epochs * -(-len(self.examples) // config.batch_size)
        trained = [p for p in self.network.encoder.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=0.01)
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate_at)
        self.scaler = self.network.compute.scaler()
        self._updates = Updates(self.optimizer, self.scaler)
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
        for members, batch in by_length(self.examples, what="ask the teacher"):
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
            mininterval=redraw_seconds(),
        )
        with progress, open_log(self.folder, config.tracking) as log:
            log.params({**config.identity(), "data_hash": self.data_hash})
            document = json.dumps(self.taxonomy.document, ensure_ascii=False, indent=1)
            save_text(document, self.folder / "taxonomy.json")
            while self.epoch < config.epochs:
                self._run_epoch(lengths, progress, clock)
                log.metrics(self.history[-1], step=self.epoch)
        self.network.load_state_dict(load_state(self.folder / "best.pt"))
        set_rounding(self.network.encoder, self._rounding(is_int8=config.int8_epochs > 0))
        return self.history

    def _is_int8(self, epoch: int) -> bool:
        return epoch >= max(0, self.settings.epochs - self.settings.int8_epochs)

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
            restore_random(self._mid_epoch)
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
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self._updates.take(self.network.encoder.parameters()):
            self.scheduler.step()
        return float(loss.detach())

    def _evaluate(self, network: JointNetwork) -> dict[str, float]:
        targets = {
            task: np.stack([example.targets[task][0] for example in self.validation])
            for task in TASKS
        }
        return score_logits(finite(predict_logits(network, self.validation)), targets)

    def _checkpoint(self, *, in_epoch: bool) -> None:
        state: dict[str, Any] = {
            "config": self.settings.identity(),
            "data_hash": self.data_hash,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.scaler.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "history": self.history,
        }
        if in_epoch:
            state["mid_epoch"] = {"losses": self._losses, **random_state()}
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
        )
        if not same:
            raise TrainingError(
                f"{path} belongs to a run with other settings, rows, texts or teacher: choose "
                "another run folder (--run)"
            )
        check_best(path, state["epoch"])
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.scaler.load_state_dict(state["scaler"])
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
            return {"trained": predict_logits(self.network, self.validation)}


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
