import dataclasses
from pathlib import Path

import pytest
import torch
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle
from models.domain import Language, Verbatim
from training.config import ConfigError
from training.distil import Distillation
from training.distil_config import DistilConfig, read_distil_config
from training.export import export_bundle
from training.fit import FineTuning
from training.saved_run import SavedRun
from training.student import build_texts, choose_layers
from training.teacher import read_teacher
from training.writing import TrainingError

TEXTS = [(row.text, Language(row.lang)) for row in tiny_rows()]
HELD_OUT = [row for row in tiny_rows() if row.split == "validation"]


@pytest.fixture(scope="module")
def taught(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run folder of a teacher that knows its rows."""
    folder = tmp_path_factory.mktemp("teacher")
    config = tiny_config(tiny_base, epochs=25, int8_epochs=0, patience=25)
    FineTuning(tiny_rows(), tiny_taxonomy(), config, folder).run()
    return folder


def start(base: Path, taught: Path, folder: Path, **changes: object) -> Distillation:
    teacher_config = tiny_config(base, epochs=25, int8_epochs=0, patience=25)
    teacher = read_teacher(taught, teacher_config, None)
    settings = {"seed": 2, "layers": 1, "epochs": 2, "batch_size": 4, "learning_rate": 2e-3}
    settings["int8_epochs"] = 0
    config = DistilConfig(**{**settings, **changes})  # type: ignore[arg-type]
    return Distillation(teacher, TEXTS, HELD_OUT, config, folder)


@pytest.mark.parametrize(
    ("n_teacher", "n_student", "kept"),
    [(12, 6, (1, 3, 5, 7, 9, 11)), (12, 4, (2, 5, 8, 11)), (2, 1, (1,)), (3, 3, (0, 1, 2))],
)
def test_layers_are_evenly_spaced(n_teacher: int, n_student: int, kept: tuple[int, ...]) -> None:
    assert choose_layers(n_teacher, n_student) == kept


def test_more_layers_than_the_teacher_has_are_refused() -> None:
    with pytest.raises(ConfigError, match="between 1 and 2"):
        choose_layers(2, 3)


def test_student_comes_nearer_and_serves(tiny_base: Path, taught: Path, tmp_path: Path) -> None:
    run = start(tiny_base, taught, tmp_path / "run", epochs=30, quantisation="int8_blocks")
    history = run.run()
    assert history[-1]["loss"] < history[0]["loss"]
    assert len(run.network.encoder.encoder.layer) == 1
    assert history[-1]["of_teacher"] >= 0.98
    bundle = tmp_path / "bundle"
    metrics = export_bundle(run, HELD_OUT, tiny_rows(), bundle, base_name="tiny")
    assert metrics["label_agreement_with_torch"]["trained"]["department"] == 1.0
    (result,) = load_bundle(bundle, n_threads=1).classify([Verbatim(id="a", text="veel te duur")])
    assert result.status.value == "ok"


def test_teacher_stays_as_it_is(tiny_base: Path, taught: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=25, int8_epochs=0, patience=25)
    teacher = read_teacher(taught, config, None)
    before = {name: tensor.clone() for name, tensor in teacher.network.state_dict().items()}
    settings = DistilConfig(seed=2, layers=1, epochs=1, learning_rate=1e-2)
    Distillation(teacher, TEXTS, HELD_OUT, settings, tmp_path).run()
    for name, tensor in teacher.network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_killed_distillation_ends_as_an_unbroken_one(
    tiny_base: Path, taught: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = start(tiny_base, taught, tmp_path / "a")
    unbroken.run()
    killed = start(tiny_base, taught, tmp_path / "b", checkpoint_minutes=1e-9)
    steps = iter(range(100))

    def step_until_killed(members: object) -> float:
        if next(steps) == 4:
            raise KeyboardInterrupt
        return Distillation._step(killed, members)  # type: ignore[arg-type]

    monkeypatch.setattr(killed, "_step", step_until_killed)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    resumed = start(tiny_base, taught, tmp_path / "b")
    resumed.run()
    assert resumed.history == unbroken.history


def test_other_settings_are_refused(tiny_base: Path, taught: Path, tmp_path: Path) -> None:
    start(tiny_base, taught, tmp_path, epochs=1).run()
    with pytest.raises(TrainingError, match="other settings, rows, texts or teacher"):
        start(tiny_base, taught, tmp_path, epochs=2).run()


def test_other_texts_or_another_teacher_are_refused(
    tiny_base: Path, taught: Path, tmp_path: Path
) -> None:
    start(tiny_base, taught, tmp_path, epochs=1).run()
    teacher = read_teacher(taught, tiny_config(tiny_base, epochs=25, int8_epochs=0), None)
    settings = DistilConfig(
        seed=2, layers=1, epochs=1, batch_size=4, learning_rate=2e-3, int8_epochs=0
    )
    others = [("geheel anders", TEXTS[0][1]), *TEXTS[1:]]
    with pytest.raises(TrainingError, match="texts or teacher"):
        Distillation(teacher, others, HELD_OUT, settings, tmp_path).run()
    another = dataclasses.replace(teacher, sha256="0" * 64)
    with pytest.raises(TrainingError, match="texts or teacher"):
        Distillation(another, TEXTS, HELD_OUT, settings, tmp_path).run()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quantisation": "int4"}, "'quantisation' must be one of int8"),
        ({"int8_epochs": -1}, "'int8_epochs' must not be below 0"),
        ({"int8_epochs": 1, "quantisation": "int8_blocks"}, "must be 0 for"),
        ({"layers": 0}, "'layers' must be at least 1"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DistilConfig(**{"seed": 1, "epochs": 2, **changes})  # type: ignore[arg-type]


def test_folder_without_teacher_is_named(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no best\.pt"):
        read_teacher(tmp_path, tiny_config(tiny_base), None)


def test_clauses_of_a_text_are_spans_of_their_own(tiny_base: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tiny_base / "tokenizer.json"))
    texts = [
        ("goed geholpen, maar het was te duur", Language.NL),
        ("kind staff, but it was too expensive", Language.EN),
        ("te duur", Language.NL),
    ]
    examples = build_texts(
        texts, tokenizer, tiny_taxonomy(), prompt="", config=tiny_config(tiny_base)
    )
    assert [len(example.spans) for example in examples] == [3, 3, 1]


def test_unknown_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "distil.toml"
    path.write_text("seed = 1\nlayer = 6\n")
    with pytest.raises(ConfigError, match="layer"):
        read_distil_config(path)


def test_student_of_a_lora_run_learns(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, mode="lora", int8_epochs=0)
    FineTuning(tiny_rows(), tiny_taxonomy(), config, tmp_path / "teacher").run()
    teacher = read_teacher(tmp_path / "teacher", config, None)
    settings = DistilConfig(seed=2, layers=1, epochs=2, batch_size=4, int8_epochs=0)
    run = Distillation(teacher, TEXTS, HELD_OUT, settings, tmp_path / "run")
    before = run.network.encoder.encoder.layer[0].output.dense.weight.detach().clone()
    run.run()
    assert not torch.equal(run.network.encoder.encoder.layer[0].output.dense.weight, before)
    assert not run.network.encoder.embeddings.word_embeddings.weight.requires_grad


def test_finished_student_is_exported_again(tiny_base: Path, taught: Path, tmp_path: Path) -> None:
    start(tiny_base, taught, tmp_path / "run", int8_epochs=1).run()
    config = tiny_config(tiny_base, int8_epochs=1)
    saved = read_teacher(tmp_path / "run", config, None)
    assert len(saved.network.encoder.encoder.layer) == 1
    again = SavedRun(saved, HELD_OUT, tmp_path / "run", quantisation="w8a16")
    metrics = export_bundle(again, HELD_OUT, tiny_rows(), tmp_path / "bundle", base_name="tiny")
    assert metrics["label_agreement_with_torch"]["trained"]["department"] == 1.0


def test_distillation_that_goes_astray_stops(tiny_base: Path, taught: Path, tmp_path: Path) -> None:
    run = start(tiny_base, taught, tmp_path, learning_rate=1e30, epochs=8)
    with pytest.raises(TrainingError, match="are no numbers"):
        run.run()
