"""``klantstem-train distil``: a smaller encoder from a fine-tuned one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.commands.fit import BASE_MODEL
from training.readers.options import add_read_options, load_labelled, load_unlabelled

if TYPE_CHECKING:
    from models.domain import Language


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "distil", help="train a smaller encoder on what a fine-tuned one says"
    )
    add = parser.add_argument
    add("config", type=Path, help="TOML file, see training/configs/distil.toml")
    add("--teacher", type=Path, required=True, help="TOML file of the teacher's run")
    add("--teacher-run", type=Path, default=Path("build/run"), help="run folder of the teacher")
    add("--taxonomy", type=Path, help="labels; default: those that the teacher's folder keeps")
    add("--texts", type=Path, nargs="+", default=[], help="verbatims without labels")
    add("--data", type=Path, nargs="+", help="labelled verbatims; default: data/verbatims/")
    add("--run", type=Path, default=Path("build/distil"), help="run folder", dest="run_folder")
    add("--out", type=Path, help="bundle folder to write")
    add("--base-name", default=BASE_MODEL, help="base model and licence")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read teacher and texts, distil, and write the bundle where one is asked for."""
    from models.domain import Language
    from models.taxonomy import read_taxonomy
    from training.config import read_config
    from training.distil import Distillation
    from training.distil_config import read_distil_config
    from training.export import check_target, export_bundle
    from training.saved_run import check_settings
    from training.teacher import read_teacher

    settings = read_distil_config(args.config)
    if args.out is not None:
        check_target(args.out)
    taxonomy = read_taxonomy(args.taxonomy) if args.taxonomy else None
    check_settings(args.teacher_run, read_config(args.teacher))
    teacher = read_teacher(args.teacher_run, read_config(args.teacher), taxonomy)
    rows = load_labelled(args, args.data, teacher.taxonomy, is_for_training=True)
    texts = [(row.text, Language(row.lang)) for row in rows if row.split == "train"]
    texts += _texts(args)
    held_out = [row for row in rows if row.split == "validation"]
    student = Distillation(teacher, texts, held_out, settings, args.run_folder)
    student.run()
    print(json.dumps({"teacher": student.teacher_scores, "student": student.history[-1]}))
    if args.out is not None:
        metrics = export_bundle(student, held_out, rows, args.out, base_name=args.base_name)
        print(json.dumps(metrics, indent=1))
    return 0


def _texts(args: argparse.Namespace) -> list[tuple[str, Language]]:
    """The verbatims without labels whose language is Dutch or English."""
    from models.domain import Language
    from models.text.clean import clean
    from models.text.language import detect_language

    found: list[tuple[str, Language]] = []
    for verbatim in load_unlabelled(args, args.texts) if args.texts else ():
        language = verbatim.language or detect_language(clean(verbatim.text).text).language
        if language is not Language.UND:
            found.append((verbatim.text, language))
    return found
