"""Joint fine-tuning of the encoder and the three heads.

``fit`` writes checkpoints into a run folder, between epochs and within them, and goes on from the
last one, so a killed run ends with the same weights as an unbroken one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm
from transformers import AutoConfig, BertModel

from models.embedding import EmbeddingSpace
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.checkpoint import (
    CheckpointClock,
    check_best,
    load_state,
    random_state,
    restore_random,
    save_state,
)
from training.config import TrainConfig
from training.devices import pick_compute
from training.fake_int8 import (
    ROUNDING_OF,
    Rounding,
    estimate_smoothing,
    round_table,
    set_rounding,
)
from training.features import (
    Example,
    build_examples,
    plan_batches,
    redraw_seconds,
)
from training.holding import by_length, whole
from training.labelled import LabelledVerbatim, story_pairs
from training.memory import keep_freed_memory
from training.network import JointNetwork
from training.objective import Objective, make_pseudo
from training.origins import hash_run, load_tokenizer, read_prompt
from training.predict import predict_logits
from training.scores import score_logits
from training.tracking import RunLog, open_log
from training.updates import Updates, finite
from training.writing import TrainingError, save_text
from training.zero_shot import check_definitions, labels_without_examples

_SMOOTHING_TEXTS = 512
_LOG_EVERY = 50  # steps between two recorded losses
_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


def load_encoder(base: Path) -> BertModel:
    """The BERT network of a sentence-transformers folder.

    Raises
    ------
    TrainingError
        If the folder holds no network, another one, or damaged weights.
    """
    try:
        kind = AutoConfig.from_pretrained(base).model_type
    except (OSError, ValueError) as error:
        raise TrainingError(f"{base} holds no network that transformers can read") from error
    if kind != "bert":
        raise TrainingError(
            f"{base} holds a network of type {kind!r}: only BERT encoders (such as "
            "multilingual-e5-small) can be fine-tuned and exported"
        )
    try:
        model = BertModel.from_pretrained(base, add_pooling_layer=False)
    except Exception as error:  # safetensors and torch raise several kinds for damaged weights
        raise TrainingError(
            f"the weights in {base} cannot be read ({type(error).__name__}): build or download "
            "the folder again"
        ) from error
    if not isinstance(model, BertModel):
        raise TrainingError(f"{base} is no BERT encoder")
    return model


class FineTuning:
    """One run: rows, network, optimiser and where it stands.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
        Those with split ``train`` are learnt, those with ``validation`` decide when to stop.
    taxonomy : Taxonomy
    config : TrainConfig
    folder : Path
        Run folder; holds ``checkpoint.pt`` (where the run stands), ``best.pt``,
        ``history.json`` and the record of :mod:`training.tracking`.
    """

    def __init__(
        self,
        rows: Sequence[LabelledVerbatim],
        taxonomy: Taxonomy,
        config: TrainConfig,
        folder: Path,
    ) -> None:
        keep_freed_memory()
        torch.manual_seed(config.seed)
        base = Path(config.base)
        tokenizer, prompt = load_tokenizer(base), read_prompt(base)
        self.data_hash = hash_run(rows, taxonomy, base)
        check_definitions(taxonomy, labels_without_examples(rows, taxonomy))
        encoder = load_encoder(base)
        longest: int = encoder.config.max_position_embeddings
        if config.max_tokens > longest:
            raise TrainingError(
                f"'max_tokens' must be at most {longest}, which is what {base} reads. "
                f"Got {config.max_tokens}"
            )
        self.config, self.folder, self.taxonomy = config, folder, taxonomy
        split = {
            name: [row for row in rows if row.split == name] for name in ("train", "validation")
        }
        if not split["train"] or not split["validation"]:
            raise TrainingError("rows of both splits are needed: 'train' and 'validation'")
        self.train = build_examples(
            split["train"], tokenizer, taxonomy, prompt=prompt, config=config
        )
        # As the exported model will read them: whole.
        self.validation = build_examples(
            split["validation"],
            tokenizer,
            taxonomy,
            prompt=prompt,
            config=dataclasses.replace(config, max_tokens=longest),
        )
        self.network = JointNetwork(
            encoder,
            taxonomy,
            compute=pick_compute(config.device, config.precision),
            lora=config.lora if config.mode == "lora" else None,
        )
        topics = np.stack([example.targets["topics"][0] for example in self.train])
        self.network.start_at_frequencies("topics", torch.from_numpy(topics.mean(axis=0)))
        self.scaler = self.network.compute.scaler()
        # Before the network moves: the objective holds it to what it gives now.
        self.objective = Objective(
            self.network,
            self.train,
            config,
            pseudo=make_pseudo(split["train"], tokenizer, taxonomy, prompt=prompt, config=config),
            pairs=story_pairs(split["train"]),
            scaler=self.scaler,
        )
        if config.start_from:
            self._start_from(Path(config.start_from))
        if config.int8_epochs:
            table = self.network.encoder.embeddings.word_embeddings.weight
            table.data.copy_(round_table(table.data))
        self.n_steps = config.epochs * -(-len(self.train) // config.batch_size)
        self.optimizer = torch.optim.AdamW(self._parameter_groups())
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate_at)
        self._updates = Updates(self.optimizer, self.scaler)
        self.epoch, self.best, self.history = 0, -1.0, list[dict[str, float]]()
        self._losses: list[float] = []
        self._mid_epoch: dict[str, Any] | None = None
        self._clock = CheckpointClock(
            minutes=config.checkpoint_minutes, steps=config.checkpoint_steps
        )

    def _start_from(self, run: Path) -> None:
        """Take the network of a finished run; the hash of this run tells which."""
        path = run / "best.pt"
        if not path.exists():
            raise TrainingError(f"{run} holds no best.pt: finish that run, or leave out start_from")
        try:
            self.network.load_state_dict(load_state(path))
        except RuntimeError as error:
            raise TrainingError(
                f"{path} is of another taxonomy, base or mode: start_from needs the same"
            ) from error
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.data_hash = hashlib.sha256((self.data_hash + digest).encode()).hexdigest()

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Rates fall from the heads down to the embeddings."""
        config = self.config
        n_layers = self.network.encoder.config.num_hidden_layers
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = defaultdict(list)
        for parameter in self.network.heads.parameters():
            decay = 0.0 if parameter.ndim == 1 else config.weight_decay
            groups[config.head_learning_rate, decay].append(parameter)
        groups[config.readout_learning_rate, 0.0] += self.network.readout.parameters()
        for name, parameter in self.network.encoder.named_parameters():
            if not parameter.requires_grad:
                continue
            layer = _LAYER.search(name)
            depth = int(layer.group(1)) + 1 if layer else 0
            rate = config.encoder_learning_rate * config.layer_decay ** (n_layers - depth)
            decay = 0.0 if parameter.ndim == 1 else config.weight_decay
            groups[rate, decay].append(parameter)
        return [
            {"params": parameters, "lr": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ]

    def _rate_at(self, step: int) -> float:
        """Linear rise, then linear fall to zero."""
        warmup = max(1, round(self.config.warmup_share * self.n_steps))
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (self.n_steps - step) / max(1, self.n_steps - warmup))

    def run(self) -> list[dict[str, float]]:
        """Train until the last epoch or until patience runs out; give the history.

        Raises
        ------
        TrainingError
            If the run folder belongs to another run, or cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        lengths = np.asarray([len(example.ids) for example in self.train])
        per_epoch = -(-len(self.train) // self.config.batch_size)
        progress = tqdm(
            total=self.n_steps,
            initial=self.epoch * per_epoch + len(self._losses),
            mininterval=redraw_seconds(),
        )
        with progress, open_log(self.folder, self.config.tracking) as log:
            log.params({**self.config.identity(), "data_hash": self.data_hash})
            document = json.dumps(self.taxonomy.document, ensure_ascii=False, indent=1)
            save_text(document, self.folder / "taxonomy.json")
            self._clock.reset()
            while self.epoch < self.config.epochs and not self._is_stale():
                progress.set_description(f"epoch {self.epoch + 1}/{self.config.epochs}")
                self._run_epoch(lengths, progress, log)
        best = load_state(self.folder / "best.pt")
        self.network.load_state_dict(best)
        self.network.merge()
        set_rounding(self.network.encoder, self._rounding(is_int8=self.config.int8_epochs > 0))
        return self.history

    def _run_epoch(self, lengths: np.ndarray, progress: Any, log: RunLog) -> None:
        """One pass over the rows, from where a checkpoint within it stands."""
        rng = np.random.default_rng([self.config.seed, self.epoch])
        torch.manual_seed(self.config.seed * 1000 + self.epoch)
        is_int8 = self._is_int8(self.epoch)
        plan = plan_batches(lengths, batch_size=self.config.batch_size, rng=rng)
        if self._mid_epoch is not None:
            rng.bit_generator.state = json.loads(self._mid_epoch["numpy"])
            restore_random(self._mid_epoch)
            self._mid_epoch = None
        elif is_int8 and not self._is_int8(self.epoch - 1):
            self._smooth()
        set_rounding(self.network.encoder, self._rounding(is_int8=is_int8))
        self.network.train()
        for number in range(len(self._losses), len(plan)):
            self._losses.append(self._step(number, plan[number], rng))
            progress.update()
            if (number + 1) % _LOG_EVERY == 0:
                recent = float(np.mean(self._losses[-_LOG_EVERY:]))
                log.metrics({"step_loss": recent}, step=self.epoch * len(plan) + number + 1)
            if self._clock.is_due() and number + 1 < len(plan):
                self._checkpoint(rng)
        scores = self.evaluate(self.validation)
        self.epoch += 1
        loss, self._losses = float(np.mean(self._losses)), []
        self.history.append({"epoch": self.epoch, "loss": loss, **scores})
        log.metrics(
            {"loss": loss, **{f"validation_{k}": v for k, v in scores.items()}},
            step=self.epoch * len(plan),
        )
        progress.write(json.dumps({k: round(v, 4) for k, v in self.history[-1].items()}))
        # An epoch in full precision says nothing of the int8 model that will serve.
        if is_int8 and not self._is_int8(self.epoch - 2):
            self.best = -1.0
        if scores["mean"] >= self.best:  # of equal ones the later: it has learnt longer
            self.best = scores["mean"]
            save_state(self.network.state_dict(), self.folder / "best.pt")
        self._checkpoint()

    def _is_int8(self, epoch: int) -> bool:
        """Whether an epoch (from 0) computes as the int8 export."""
        return epoch >= max(0, self.config.epochs - self.config.int8_epochs)

    def _rounding(self, *, is_int8: bool) -> Rounding:
        """What the layers round in an epoch."""
        return ROUNDING_OF[self.config.quantisation] if is_int8 else Rounding.NONE

    def _is_stale(self) -> bool:
        """Whether the best epoch lies ``patience`` epochs back, int8 epochs counted alone."""
        has_int8 = self.config.int8_epochs > 0
        means = [
            entry["mean"]
            for entry in self.history
            if not has_int8 or self._is_int8(int(entry["epoch"]) - 1)
        ]
        return bool(means) and len(means) - 1 - int(np.argmax(means)) >= self.config.patience

    def _step(self, number: int, members: np.ndarray, rng: np.random.Generator) -> float:
        """One update; gives the loss on labels."""
        labels = self.objective.backward(number, members, rng)
        if self._updates.take(self.network.parameters()):
            self.scheduler.step()
        return labels

    def _smooth(self) -> None:
        """Set the smoothing of the int8 layers from a sample of the rows."""
        self.network.eval()
        sample = [
            whole(example) for example in self.train[:: -(-len(self.train) // _SMOOTHING_TEXTS)]
        ]

        def run() -> None:
            for _, batch in by_length(sample):
                with torch.no_grad():
                    self.network.pool(batch)

        estimate_smoothing(self.network.encoder, run)

    def predict(self, examples: Sequence[Example], *, what: str = "") -> TaskArrays:
        """Logits of whole texts per task. Shape: (n_examples, n_labels) each."""
        return predict_logits(self.network, examples, what=what)

    def evaluate(self, examples: Sequence[Example]) -> dict[str, float]:
        """Macro-F1 of sentiment and department, micro-F1 of topics (cut at 0.5), their mean."""
        targets = {
            task: np.stack([example.targets[task][0] for example in examples]) for task in TASKS
        }
        return score_logits(finite(self.predict(examples)), targets)

    def write_encoder(self, path: Path) -> None:
        """Export the encoder as the configuration says."""
        from training.onnx_export import export_encoder

        export_encoder(self.network.encoder, path, quantisation=self.config.quantisation)

    def export_heads(self) -> Heads:
        """The heads as they serve."""
        return self.network.export_heads()

    def export_space(self) -> EmbeddingSpace:
        """The readout, without alignment."""
        return self.network.export_readout()

    def reference_logits(self) -> dict[str, TaskArrays]:
        """Logits of the validation rows, rounded as trained and, where that is int8, in float32.

        All products are in float32, whatever the run computed in.
        """
        encoder, is_int8 = self.network.encoder, self.config.int8_epochs > 0
        with self.network.in_float32():
            set_rounding(encoder, self._rounding(is_int8=is_int8))
            references: dict[str, TaskArrays] = {
                "trained": self.predict(self.validation, what="as trained")
            }
            if is_int8:
                set_rounding(encoder, Rounding.NONE)
                references["float32"] = self.predict(self.validation, what="in float32")
                set_rounding(encoder, self._rounding(is_int8=True))
        return references

    def _checkpoint(self, rng: np.random.Generator | None = None) -> None:
        """Write where the run stands; ``rng`` is given within an epoch."""
        state: dict[str, Any] = {
            "config": self.config.identity(),
            "data_hash": self.data_hash,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.scaler.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "history": self.history,
        }
        if rng is not None:
            state["mid_epoch"] = {
                "losses": self._losses,
                "numpy": json.dumps(rng.bit_generator.state),
                **random_state(),
            }
        save_state(state, self.folder / "checkpoint.pt")
        save_text(json.dumps(self.history, indent=1), self.folder / "history.json")
        self._clock.reset()

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        state = load_state(path)
        try:
            same_config = state["config"] == self.config.identity()
            if not same_config or state["data_hash"] != self.data_hash:
                what = "rows, taxonomy or base" if same_config else "settings"
                raise TrainingError(
                    f"{path} belongs to a run with other {what}: choose another run folder (--run)"
                )
            check_best(path, state["epoch"])
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            self.scaler.load_state_dict(state["scaler"])
            self.epoch, self.best, self.history = state["epoch"], state["best"], state["history"]
            self._mid_epoch = state.get("mid_epoch")
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(
                f"{path} is no checkpoint of this version: delete it to start the run anew"
            ) from error
        if self._mid_epoch is not None:
            self._losses = list(self._mid_epoch["losses"])
