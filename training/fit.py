"""Joint fine-tuning of the encoder and the three heads.

``fit`` writes checkpoints into a run folder and goes on from the last one, so a killed run ends
with the same weights as an unbroken one.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm.auto import tqdm
from transformers import BertModel

from models.bundle import hash_file
from models.calibration import sigmoid
from models.taxonomy import TASKS, Taxonomy
from training.config import TrainConfig
from training.fake_int8 import estimate_smoothing, round_table, set_rounding
from training.features import (
    Batch,
    Example,
    build_examples,
    build_unlabelled,
    collate,
    plan_batches,
)
from training.labelled import LabelledVerbatim, story_pairs
from training.metrics import macro_f1, topics_f1
from training.network import JointNetwork, alignment_loss, base_loss, label_loss
from training.pseudo_texts import make_pseudo_texts

TaskTensors = dict[str, np.ndarray]
_ALIGN_EVERY = 4  # steps between two alignment batches
_PAIRS_PER_BATCH = 24
_EVALUATION_BATCH = 64
_PSEUDO_TEXTS = 8_000  # drawn from again and again
_SMOOTHING_TEXTS = 512


class TrainingError(RuntimeError):
    """Training cannot start or go on; the message says what to do."""


def read_prompt(base: Path) -> str:
    """The prompt that a sentence-transformers folder puts before each text ('' if none)."""
    path = base / "config_sentence_transformers.json"
    if not path.exists():
        return ""
    settings = json.loads(path.read_text(encoding="utf-8"))
    name = settings.get("default_prompt_name")
    return str(settings["prompts"][name]) if name else ""


def corpus_hash(rows: Sequence[LabelledVerbatim]) -> str:
    """sha256 over all that is learnt from: texts, labels, segments, stories, splits, by id."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        segments = [[part.start, part.end, part.labels] for part in row.segments]
        learnt = [row.id, row.text, row.lang, row.labels, segments, row.story, row.split]
        digest.update(json.dumps(learnt).encode())
    return digest.hexdigest()


def hash_run(rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, base: Path) -> str:
    """sha256 over everything a run starts from but its configuration."""
    digest = hashlib.sha256(corpus_hash(rows).encode())
    digest.update(json.dumps(taxonomy.document, sort_keys=True).encode())
    for path in sorted(base.glob("*.json")) + sorted(base.glob("*.safetensors")):
        digest.update(hash_file(path).encode())
    return digest.hexdigest()


def load_encoder(base: Path) -> BertModel:
    """The BERT network of a sentence-transformers folder."""
    model = BertModel.from_pretrained(base, add_pooling_layer=False)
    if not isinstance(model, BertModel):
        raise TrainingError(f"{base} is no BERT encoder")
    return model


class BaseEmbeddings:
    """Embeddings of all spans before training, to hold the readout to.

    Parameters
    ----------
    network : JointNetwork
        Untouched: its pooled states are the base's embeddings.
    examples : sequence of Example

    Attributes
    ----------
    variance : float
        Mean squared distance of a row from the mean of all.
    """

    def __init__(self, network: JointNetwork, examples: Sequence[Example]) -> None:
        counts = [len(example.spans) for example in examples]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._rows = torch.empty((int(self._starts[-1]), network.width))
        network.eval()
        for members, batch in _by_length(examples):
            with torch.inference_mode():
                self._rows[self._places(members.numpy())] = network.pool(batch)
        centred = self._rows - self._rows.mean(dim=0)
        self.variance = float(centred.square().sum(dim=1).mean())

    def of(self, examples: np.ndarray) -> torch.Tensor:
        """Rows of all spans of some examples, in their order. Shape: (n_spans, width)."""
        return self._rows[self._places(examples)]

    def _places(self, examples: np.ndarray) -> torch.Tensor:
        """Places of the spans of some examples."""
        ranges = [np.arange(self._starts[row], self._starts[row + 1]) for row in examples]
        return torch.from_numpy(np.concatenate(ranges))


class FineTuning:
    """One run: rows, network, optimiser and where it stands.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
        Those with split ``train`` are learnt, those with ``validation`` decide when to stop.
    taxonomy : Taxonomy
    config : TrainConfig
    folder : Path
        Run folder; holds ``checkpoint.pt`` (last epoch), ``best.pt`` and ``history.json``.
    """

    def __init__(
        self,
        rows: Sequence[LabelledVerbatim],
        taxonomy: Taxonomy,
        config: TrainConfig,
        folder: Path,
    ) -> None:
        torch.manual_seed(config.seed)
        base = Path(config.base)
        if not (base / "tokenizer.json").is_file():
            raise TrainingError(
                f"{base} is no encoder folder: make one with 'klantstem-train base-encoder {base}'"
            )
        self.data_hash = hash_run(rows, taxonomy, base)
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        prompt = read_prompt(base)
        self.config, self.folder, self.taxonomy = config, folder, taxonomy
        split = {
            name: [row for row in rows if row.split == name] for name in ("train", "validation")
        }
        if not split["train"] or not split["validation"]:
            raise TrainingError("rows of both splits are needed: 'train' and 'validation'")
        self.train, self.validation = (
            build_examples(part, tokenizer, taxonomy, prompt=prompt, config=config)
            for part in split.values()
        )
        self.pairs = story_pairs(split["train"])
        self.weights = label_weights(self.train, config.class_balance)
        self.network = JointNetwork(load_encoder(base), taxonomy, precision=config.precision)
        topics = np.stack([example.targets["topics"][0] for example in self.train])
        self.network.start_at_frequencies("topics", torch.from_numpy(topics.mean(axis=0)))
        self.pseudo = self._make_pseudo(split["train"], tokenizer, prompt)
        self.base = BaseEmbeddings(self.network, [*self.train, *self.pseudo])
        if config.int8_epochs:
            table = self.network.encoder.embeddings.word_embeddings.weight
            table.data.copy_(round_table(table.data))
        self.n_steps = config.epochs * -(-len(self.train) // config.batch_size)
        self.optimizer = torch.optim.AdamW(self._parameter_groups())
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate_at)
        self.epoch, self.best, self.history = 0, -1.0, list[dict[str, float]]()

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Rates fall from the heads down to the embeddings."""
        config = self.config
        n_layers = self.network.encoder.config.num_hidden_layers
        groups: list[dict[str, object]] = [
            {
                "params": [parameter],
                "lr": config.head_learning_rate,
                "weight_decay": 0.0 if parameter.ndim == 1 else config.weight_decay,
            }
            for parameter in self.network.heads.parameters()
        ]
        groups.append(
            {
                "params": [*self.network.readout.parameters()],
                "lr": config.readout_learning_rate,
                "weight_decay": 0.0,
            }
        )
        for name, parameter in self.network.encoder.named_parameters():
            if not parameter.requires_grad:
                continue
            parts = name.split(".")
            depth = int(parts[2]) + 1 if parts[0] == "encoder" else 0
            rate = config.encoder_learning_rate * config.layer_decay ** (n_layers - depth)
            decay = 0.0 if parameter.ndim == 1 else config.weight_decay
            groups.append({"params": [parameter], "lr": rate, "weight_decay": decay})
        return groups

    def _rate_at(self, step: int) -> float:
        """Linear rise, then linear fall to zero."""
        warmup = max(1, round(self.config.warmup_share * self.n_steps))
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (self.n_steps - step) / max(1, self.n_steps - warmup))

    def run(self) -> list[dict[str, float]]:
        """Train until the last epoch or until patience runs out; give the history."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._resume()
        lengths = np.asarray([len(example.ids) for example in self.train])
        while self.epoch < self.config.epochs and not self._is_stale():
            rng = np.random.default_rng([self.config.seed, self.epoch])
            torch.manual_seed(self.config.seed * 1000 + self.epoch)
            is_int8 = self._is_int8(self.epoch)
            if is_int8 and not self._is_int8(self.epoch - 1):
                self._smooth()
            set_rounding(self.network.encoder, is_rounding=is_int8)
            plan = plan_batches(lengths, batch_size=self.config.batch_size, rng=rng)
            self.network.train()
            losses = [
                self._step(number, members, rng)
                for number, members in enumerate(tqdm(plan, desc=f"epoch {self.epoch + 1}"))
            ]
            scores = self.evaluate(self.validation)
            self.epoch += 1
            self.history.append({"epoch": self.epoch, "loss": float(np.mean(losses)), **scores})
            tqdm.write(json.dumps({k: round(v, 4) for k, v in self.history[-1].items()}))
            # An epoch in full precision says nothing of the int8 model that will serve.
            if is_int8 and not self._is_int8(self.epoch - 2):
                self.best = -1.0
            if scores["mean"] > self.best:
                self.best = scores["mean"]
                _save(self.network.state_dict(), self.folder / "best.pt")
            self._checkpoint()
        self.network.load_state_dict(torch.load(self.folder / "best.pt", weights_only=True))
        set_rounding(self.network.encoder, is_rounding=self.config.int8_epochs > 0)
        return self.history

    def _is_int8(self, epoch: int) -> bool:
        """Whether an epoch (from 0) computes as the int8 export."""
        return epoch >= self.config.epochs - self.config.int8_epochs

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
        batch = collate([self.train[index] for index in members])
        pooled = self.network.pool(batch)
        labels = label_loss(self.network.logits(pooled), batch, self.weights, self.config)
        loss = labels
        if self.config.base_weight:
            kept = self._base_loss(pooled, members)
            if self.pseudo:
                chosen = rng.choice(len(self.pseudo), self.config.pseudo_texts, replace=False)
                pseudo = self.network.pool(collate([self.pseudo[index] for index in chosen]))
                kept = (kept + self._base_loss(pseudo, chosen + len(self.train))) / 2
            loss = loss + self.config.base_weight * kept
        if self.config.alignment_weight and self.pairs and number % _ALIGN_EVERY == 0:
            chosen = rng.choice(len(self.pairs), min(_PAIRS_PER_BATCH, len(self.pairs)), False)
            sides = zip(*(self.pairs[index] for index in chosen), strict=True)
            first, second = (
                self.network.readout(
                    self.network.pool(collate([_whole(self.train[index]) for index in side]))
                )
                for side in sides
            )
            loss = loss + self.config.alignment_weight * alignment_loss(first, second)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        return float(labels.detach())

    def _base_loss(self, pooled: torch.Tensor, examples: np.ndarray) -> torch.Tensor:
        """Loss of the readout on all spans of some examples."""
        readout = self.network.readout(pooled)
        return base_loss(readout, self.base.of(examples), self.base.variance)

    def _make_pseudo(
        self, rows: Sequence[LabelledVerbatim], tokenizer: Tokenizer, prompt: str
    ) -> list[Example]:
        """Texts without labels, as examples."""
        config = self.config
        if not (config.pseudo_texts and config.base_weight):
            return []
        rng = np.random.default_rng([config.seed, 77])
        texts = make_pseudo_texts(rows, max(_PSEUDO_TEXTS, config.pseudo_texts), rng)
        return build_unlabelled(texts, tokenizer, self.taxonomy, prompt=prompt, config=config)

    def _smooth(self) -> None:
        """Set the smoothing of the int8 layers from a sample of the rows."""
        self.network.eval()
        sample = [
            _whole(example) for example in self.train[:: -(-len(self.train) // _SMOOTHING_TEXTS)]
        ]

        def run() -> None:
            for _, batch in _by_length(sample):
                with torch.no_grad():
                    self.network.pool(batch)

        estimate_smoothing(self.network.encoder, run)

    def predict(self, examples: Sequence[Example]) -> TaskTensors:
        """Logits of whole texts per task. Shape: (n_examples, n_labels) each."""
        self.network.eval()
        logits = {
            task: np.empty((len(examples), len(self.taxonomy.labels(task))), np.float32)
            for task in TASKS
        }
        for members, batch in _by_length([_whole(example) for example in examples]):
            with torch.inference_mode():
                scores = self.network.logits(self.network.pool(batch))
            for task in TASKS:
                logits[task][members.numpy()] = scores[task].numpy()
        return logits

    def evaluate(self, examples: Sequence[Example]) -> dict[str, float]:
        """Macro-F1 of sentiment and department, micro-F1 of topics (cut at 0.5), their mean."""
        logits = self.predict(examples)
        scores: dict[str, float] = {}
        for task in ("sentiment", "department"):
            gold = [str(example.targets[task][0].argmax()) for example in examples]
            scores[task] = macro_f1(gold, [str(label) for label in logits[task].argmax(axis=1)])
        gold_topics = np.stack([example.targets["topics"][0] > 0 for example in examples])
        scores["topics"] = topics_f1(gold_topics, sigmoid(logits["topics"]) >= 0.5, "micro")
        scores["mean"] = float(np.mean([scores[task] for task in TASKS]))
        return scores

    def _checkpoint(self) -> None:
        state = {
            "config": dataclasses.asdict(self.config),
            "data_hash": self.data_hash,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "history": self.history,
        }
        _save(state, self.folder / "checkpoint.pt")
        (self.folder / "history.json").write_text(json.dumps(self.history, indent=1))

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        try:
            state = torch.load(path, weights_only=True)
        except Exception as error:  # torch raises several kinds for a damaged file
            raise TrainingError(
                f"{path} is damaged ({type(error).__name__}): delete it to start the run anew"
            ) from error
        same_config = state["config"] == dataclasses.asdict(self.config)
        if not same_config or state["data_hash"] != self.data_hash:
            what = "rows, taxonomy or base" if same_config else "settings"
            raise TrainingError(
                f"{path} belongs to a run with other {what}: choose another run folder (--run)"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.epoch, self.best, self.history = state["epoch"], state["best"], state["history"]


def _save(state: object, path: Path) -> None:
    """Write beside and rename, so that a kill leaves the old file whole."""
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    os.replace(partial, path)


def _whole(example: Example) -> Example:
    """The example without its segments."""
    return dataclasses.replace(
        example,
        spans=example.spans[:1],
        targets={task: rows[:1] for task, rows in example.targets.items()},
    )


def _by_length(examples: Sequence[Example]) -> Iterator[tuple[torch.Tensor, Batch]]:
    """Batches of like length and the places of their members."""
    order = np.argsort([len(example.ids) for example in examples], kind="stable")
    for start in range(0, len(order), _EVALUATION_BATCH):
        members = order[start : start + _EVALUATION_BATCH]
        yield torch.from_numpy(members), collate([examples[index] for index in members])


def label_weights(examples: Sequence[Example], exponent: float) -> dict[str, torch.Tensor]:
    """Loss factor of each label: inverse frequency to a power, mean 1 over the rows."""
    weights = {}
    for task in TASKS:
        counts = np.sum([example.targets[task].sum(axis=0) for example in examples], axis=0)
        factor = np.maximum(counts, 1.0) ** -exponent
        factor *= counts.sum() / (factor * counts).sum()
        weights[task] = torch.from_numpy(factor.astype(np.float32))
    return weights
