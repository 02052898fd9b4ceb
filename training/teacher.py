"""A fine-tuned network, read from the folder of its run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from models.taxonomy import Taxonomy, parse_taxonomy
from training.checkpoint import load_state
from training.config import TrainConfig
from training.devices import pick_compute
from training.fake_int8 import Rounding, set_rounding
from training.fit import load_encoder
from training.network import JointNetwork
from training.writing import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A fine-tuned network, read from its run folder; ``sha256`` is that of its file."""

    network: JointNetwork
    taxonomy: Taxonomy
    config: TrainConfig
    sha256: str


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
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Teacher(network=network, taxonomy=taxonomy, config=config, sha256=digest)
