"""A finished run of fine-tuning, read from its folder for another export."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from models.embedding import EmbeddingSpace
from models.heads import Heads, TaskArrays
from training.config import TrainConfig
from training.fake_int8 import ROUNDING_OF, Rounding, set_rounding
from training.features import build_examples
from training.labelled import LabelledVerbatim
from training.origins import load_tokenizer, read_prompt
from training.predict import predict_logits
from training.teacher import Teacher
from training.tracking import flatten
from training.writing import TrainingError


def check_settings(run_folder: Path, config: TrainConfig) -> None:
    """Make sure that a run has ended and was trained as a configuration says.

    A distilled run knows its own settings; the configuration is that of its teacher.

    Raises
    ------
    TrainingError
        Names the settings that differ.
    """
    status = run_folder / "status.json"
    if status.exists() and json.loads(status.read_text(encoding="utf-8"))["status"] != "finished":
        raise TrainingError(f"{run_folder} holds a run that was interrupted: repeat its command")
    params = run_folder / "params.json"
    told = json.loads(params.read_text(encoding="utf-8")) if params.exists() else {}
    if "layers" in told:
        return
    given = dict(flatten(config.identity()))
    tables = {"lora", "frozen"} - {config.mode}
    differing = [
        name
        for name in sorted(given.keys() & told.keys() - {"base", "start_from", "quantisation"})
        if given[name] != told[name] and name.partition(".")[0] not in tables
    ]
    if differing:
        raise TrainingError(
            f"{run_folder} was trained with other settings than the file says "
            f"({', '.join(differing)}): name the file of that run"
        )


class SavedRun:
    """What export asks of a finished run, without the optimiser and the rows it learnt from.

    Parameters
    ----------
    saved : Teacher
        Network, taxonomy and configuration, see :func:`training.teacher.read_teacher`.
    validation : sequence of LabelledVerbatim
        The rows on which exported and trained model are compared.
    folder : Path
        Run folder.
    quantisation : str, optional
        How to export; default: as the configuration says.
    """

    def __init__(
        self,
        saved: Teacher,
        validation: Sequence[LabelledVerbatim],
        folder: Path,
        *,
        quantisation: str | None = None,
    ) -> None:
        config = saved.config
        self.network, self.taxonomy, self.folder = saved.network, saved.taxonomy, folder
        wanted = quantisation or config.quantisation
        # Float32 counts as trained where blocks are exported: they do not round as was learnt.
        self._rounding = ROUNDING_OF[wanted] if config.int8_epochs else Rounding.NONE
        int8_epochs = config.int8_epochs if self._rounding is not Rounding.NONE else 0
        self.config = dataclasses.replace(config, quantisation=wanted, int8_epochs=int8_epochs)
        base = Path(config.base)
        longest = self.network.encoder.config.max_position_embeddings
        self._validation = build_examples(
            validation,
            load_tokenizer(base),
            self.taxonomy,
            prompt=read_prompt(base),
            config=dataclasses.replace(config, max_tokens=longest),
        )
        history = folder / "history.json"
        self.history: list[dict[str, float]] = (
            json.loads(history.read_text(encoding="utf-8")) if history.exists() else []
        )

    def write_encoder(self, path: Path) -> None:
        """Export the encoder."""
        from training.onnx_export import export_encoder

        export_encoder(self.network.encoder, path, quantisation=self.config.quantisation)

    def export_heads(self) -> Heads:
        """The heads as they serve."""
        return self.network.export_heads()

    def export_space(self) -> EmbeddingSpace:
        """The readout, without alignment."""
        return self.network.export_readout()

    def reference_logits(self) -> dict[str, TaskArrays]:
        """Logits of the validation rows, as trained and in the other way of computing."""
        references: dict[str, TaskArrays] = {"trained": self._predict(self._rounding)}
        if self._rounding is not Rounding.NONE:
            references["float32"] = self._predict(Rounding.NONE)
        return references

    def _predict(self, rounding: Rounding) -> TaskArrays:
        """Logits of the validation rows, rounded in a way."""
        set_rounding(self.network.encoder, rounding)
        return predict_logits(self.network, self._validation, what="the trained network")
