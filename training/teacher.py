"""A fine-tuned network, read from the folder of its run."""

from __future__ import annotations

import hashlib
import json
import re
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

_LAYER = re.compile(r"encoder\.layer\.(\d+)\.")


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
    if config.mode == "frozen":
        raise TrainingError(
            "a run in frozen mode keeps no network: its bundle is written by 'klantstem-train fit "
            "CONFIG --out', which repeats it quickly, its features are kept"
        )
    path = run_folder / "best.pt"
    if not path.exists():
        raise TrainingError(f"{run_folder} holds no best.pt: run 'klantstem-train fit' first")
    if taxonomy is None:
        try:
            document = json.loads((run_folder / "taxonomy.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise TrainingError(f"{run_folder} keeps no taxonomy.json: name it") from error
        taxonomy = parse_taxonomy(document)
    state = load_state(path)
    encoder = load_encoder(Path(config.base))
    # A distilled network has fewer layers than its base.
    held = {int(found.group(1)) for found in map(_LAYER.search, state) if found}
    encoder.encoder.layer = encoder.encoder.layer[: max(held, default=0) + 1]
    encoder.config.num_hidden_layers = len(encoder.encoder.layer)
    network = JointNetwork(
        encoder,
        taxonomy,
        compute=pick_compute(config.device, config.precision),
        lora=config.lora if config.mode == "lora" else None,
    )
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            f"{path} does not fit the configuration or the taxonomy: name those of its run"
        ) from error
    network.merge()
    set_rounding(network.encoder, Rounding.NONE)
    network.eval()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Teacher(network=network, taxonomy=taxonomy, config=config, sha256=digest)
