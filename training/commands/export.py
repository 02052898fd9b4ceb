"""``klantstem-train export``: a bundle from a run that has finished."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.commands.fit import BASE_MODEL
from training.readers.options import add_read_options, load_labelled


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export", help="write a bundle from a finished run, perhaps quantised otherwise"
    )
    add = parser.add_argument
    add("config", type=Path, help="TOML file of the run")
    add("--run", type=Path, default=Path("build/run"), help="run folder", dest="run_folder")
    add("--out", type=Path, required=True, help="bundle folder to write")
    add(
        "--quantisation", choices=("int8", "w8a16", "int8_blocks"), help="default: as the file says"
    )
    add("--taxonomy", type=Path, help="labels; default: those that the run folder keeps")
    add("--data", type=Path, nargs="+", help="rows of the run; default: data/verbatims/")
    add("--field-shares", type=Path, help="JSON: share of each label where the model will work")
    add("--base-name", default=BASE_MODEL, help="base model and licence")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read network and rows, and write the bundle if the labels stay the same."""
    import dataclasses

    from models.taxonomy import read_taxonomy
    from training.calibrate import read_field_shares
    from training.config import read_config
    from training.export import check_target, export_bundle
    from training.saved_run import SavedRun, check_settings
    from training.teacher import read_teacher

    check_target(args.out)
    taxonomy = read_taxonomy(args.taxonomy) if args.taxonomy else None
    check_settings(args.run_folder, read_config(args.config))
    # What is compared with is computed in float32, whatever it was trained in.
    config = dataclasses.replace(read_config(args.config), precision="float32")
    saved = read_teacher(args.run_folder, config, taxonomy)
    shares = read_field_shares(args.field_shares, saved.taxonomy) if args.field_shares else None
    rows = load_labelled(args, args.data, saved.taxonomy, is_for_training=True)
    held_out = [row for row in rows if row.split == "validation"]
    finished = SavedRun(saved, held_out, args.run_folder, quantisation=args.quantisation)
    metrics = export_bundle(
        finished, held_out, rows, args.out, base_name=args.base_name, field_shares=shares
    )
    print(json.dumps(metrics, indent=1))
    return 0
