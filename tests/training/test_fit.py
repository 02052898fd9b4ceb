import dataclasses
import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle
from models.domain import TaggedVerbatim, Verbatim
from training.config import ConfigError
from training.export import export_bundle
from training.fit import FineTuning
from training.writing import TrainingError

HERE = Path(__file__).parent


def start(base: Path, folder: Path, **changes: object) -> FineTuning:
    return FineTuning(tiny_rows(), tiny_taxonomy(), tiny_config(base, **changes), folder)


def test_run_overfits_a_few_examples(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path, epochs=40, int8_epochs=0, patience=40, base_weight=0.0)
    history = run.run()
    assert history[-1]["loss"] < history[0]["loss"] / 2
    scores = run.evaluate(run.train)
    assert scores["department"] == 1.0
    assert scores["sentiment"] == 1.0


def assert_same_ends(first: FineTuning, second: FineTuning) -> None:
    assert first.history == second.history
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name]), name


@pytest.mark.parametrize(
    ("checkpoint_steps", "killed_at"),
    [(0, 3), (1, 1), (1, 3), (1, 5)],  # 2 steps an epoch; the last one is an int8 epoch
)
def test_killed_run_ends_as_an_unbroken_one(
    tiny_base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    checkpoint_steps: int,
    killed_at: int,
) -> None:
    unbroken = start(tiny_base, tmp_path / "a", epochs=3)
    unbroken.run()

    killed = start(tiny_base, tmp_path / "b", epochs=3, checkpoint_steps=checkpoint_steps)
    steps = iter(range(1000))

    def step_until_killed(*arguments: object) -> float:
        if next(steps) == killed_at:
            raise KeyboardInterrupt
        return FineTuning._step(killed, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(killed, "_step", step_until_killed)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    resumed = start(tiny_base, tmp_path / "b", epochs=3, checkpoint_steps=checkpoint_steps)
    done: list[int] = []
    step = resumed._step

    def count(number: int, *arguments: object) -> float:
        done.append(number)
        return step(number, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(resumed, "_step", count)
    resumed.run()
    assert len(done) == (6 - killed_at if checkpoint_steps else 4)
    assert_same_ends(unbroken, resumed)


def test_parts_of_a_batch_give_the_gradients_of_the_whole(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gradients(most_tokens: int) -> tuple[float, dict[str, torch.Tensor]]:
        monkeypatch.setattr("training.objective._MOST_TOKENS", most_tokens)
        run = start(tiny_base, tmp_path, base_weight=2.0)
        run.network.eval()  # without dropout
        loss = run.objective.learn_labels(np.arange(len(run.train)))
        run.objective.align(run.objective.pairs)
        found = {name: p.grad for name, p in run.network.named_parameters() if p.grad is not None}
        return loss, found

    whole_loss, whole = gradients(100_000)
    parts_loss, parts = gradients(20)
    assert parts_loss == pytest.approx(whole_loss, rel=1e-5)
    assert set(parts) == set(whole)
    for name, gradient in whole.items():
        assert torch.allclose(gradient, parts[name], rtol=1e-3, atol=1e-5), name


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[2]]
import torch
torch.set_num_threads(1)  # as in this process: sums depend on it
from tiny import tiny_config, tiny_rows, tiny_taxonomy
from training.fit import FineTuning
config = tiny_config(Path(sys.argv[3]), epochs=3, checkpoint_steps=1)
run = FineTuning(tiny_rows(), tiny_taxonomy(), config, Path(sys.argv[4]))
step, steps = run._step, iter(range(9))
def step_until_killed(*arguments):
    if next(steps) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*arguments)
run._step = step_until_killed
run.run()
"""


def test_run_killed_by_the_system_ends_as_an_unbroken_one(tiny_base: Path, tmp_path: Path) -> None:
    arguments = [str(HERE.parents[1]), str(HERE), str(tiny_base), str(tmp_path / "b")]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    resumed = start(tiny_base, tmp_path / "b", epochs=3)
    resumed.run()
    unbroken = start(tiny_base, tmp_path / "a", epochs=3)
    unbroken.run()
    assert_same_ends(unbroken, resumed)


def test_full_disk_leaves_a_run_that_goes_on(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = start(tiny_base, tmp_path / "a", epochs=3)
    unbroken.run()
    save, saves = torch.save, iter(range(100))

    def fill_disk(state: object, stream: object) -> None:
        if next(saves) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(state, stream)  # type: ignore[arg-type]

    monkeypatch.setattr(torch, "save", fill_disk)
    with pytest.raises(TrainingError, match="the disk is full; the one before stands"):
        start(tiny_base, tmp_path / "b", epochs=3).run()
    monkeypatch.undo()
    resumed = start(tiny_base, tmp_path / "b", epochs=3)
    resumed.run()
    assert_same_ends(unbroken, resumed)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_mixed_precision_learns(tiny_base: Path, tmp_path: Path, precision: str) -> None:
    run = start(tiny_base, tmp_path, epochs=12, int8_epochs=0, patience=12, precision=precision)
    history = run.run()
    assert np.isfinite(history[-1]["loss"])
    assert history[-1]["loss"] < history[0]["loss"]


def test_export_is_compared_with_float32(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path / "run", epochs=1, precision="bfloat16")
    run.run()
    found = run.reference_logits()["trained"]
    rough = run.predict(run.validation)
    with run.network.in_float32():
        exact = run.predict(run.validation)
    assert np.array_equal(found["department"], exact["department"])
    assert not np.array_equal(found["department"], rough["department"])


def test_missing_gpu_is_named(tiny_base: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(TrainingError, match="no GPU can be used"):
        start(tiny_base, tmp_path, device="cuda")


def test_lora_changes_only_its_layers_and_is_merged(tiny_base: Path, tmp_path: Path) -> None:
    changes = {"mode": "lora", "epochs": 12, "int8_epochs": 0, "patience": 12}
    run = start(tiny_base, tmp_path / "run", quantisation="int8_blocks", **changes)
    before = {
        name.replace(".base_layer", ""): tensor.clone()
        for name, tensor in run.network.encoder.get_base_model().state_dict().items()
        if "lora_" not in name
    }
    history = run.run()
    assert history[-1]["loss"] < history[0]["loss"]
    after = run.network.encoder.state_dict()
    assert set(after) == set(before)
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed
    assert all(
        name.endswith("weight") and any(part in name for part in ("query", "key", "value", "dense"))
        for name in changed
    )
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    metrics = export_bundle(run, held_out, tiny_rows(), tmp_path / "bundle", base_name="tiny")
    assert metrics["label_agreement_with_torch"]["trained"]["department"] == 1.0


def test_lora_on_a_layer_that_does_not_exist_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    from training.config import LoraConfig

    with pytest.raises(TrainingError, match="'q_proj'; the encoder has dense, key"):
        start(tiny_base, tmp_path, mode="lora", int8_epochs=0, lora=LoraConfig(layers=("q_proj",)))


def test_int8_epochs_of_lora_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'int8_epochs' rounds whole layers"):
        start(tiny_base, tmp_path, mode="lora", int8_epochs=1)


def test_checkpoint_of_other_settings_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    start(tiny_base, tmp_path, epochs=1).run()
    with pytest.raises(TrainingError, match="other settings"):
        start(tiny_base, tmp_path, epochs=2).run()


def test_checkpoint_of_other_rows_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    start(tiny_base, tmp_path, epochs=1).run()
    rows = [dataclasses.replace(row, text=row.text + "!") for row in tiny_rows()]
    config = tiny_config(tiny_base, epochs=1)
    with pytest.raises(TrainingError, match="other rows"):
        FineTuning(rows, tiny_taxonomy(), config, tmp_path).run()


def test_missing_base_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no encoder folder"):
        start(tmp_path / "absent", tmp_path)


def test_damaged_checkpoint_is_named(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged"):
        start(tiny_base, tmp_path).run()


def test_checkpoint_of_another_program_is_named(tiny_base: Path, tmp_path: Path) -> None:
    torch.save({"model": torch.zeros(2)}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="is no checkpoint of this version"):
        start(tiny_base, tmp_path).run()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"model_type": "gpt2"}', "network of type 'gpt2': only BERT encoders"),
        ('{"model_type": "no such"}', "holds no network that transformers can read"),
        ("{", "holds no network that transformers can read"),
    ],
)
def test_base_that_is_no_bert_encoder_is_named(
    tiny_base: Path, tmp_path: Path, config: str, message: str
) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    (base / "config.json").write_text(config)
    with pytest.raises(TrainingError, match=message):
        start(base, tmp_path / "run")


def test_base_with_damaged_weights_is_named(tiny_base: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(TrainingError, match=r"the weights in .* cannot be read"):
        start(base, tmp_path / "run")


def test_rows_of_one_split_only_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    rows = [row for row in tiny_rows() if row.split == "train"]
    with pytest.raises(TrainingError, match="both splits"):
        FineTuning(rows, tiny_taxonomy(), tiny_config(tiny_base), tmp_path)


@pytest.mark.parametrize("quantisation", ["int8", "w8a16"])
def test_exported_bundle_serves_what_was_trained(
    tiny_base: Path, tmp_path: Path, quantisation: str
) -> None:
    changes = {"epochs": 40, "int8_epochs": 8, "patience": 40, "base_weight": 0.0}
    run = start(tiny_base, tmp_path / "run", quantisation=quantisation, **changes)
    run.run()
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    bundle = tmp_path / "bundle"
    metrics = export_bundle(run, held_out, tiny_rows(), bundle, base_name="tiny")
    assert metrics["label_agreement_with_torch"]["trained"]["department"] == 1.0
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["origin"]["corpus_rows"] == 12
    assert str(tmp_path) not in json.dumps(manifest)

    classifier = load_bundle(bundle, n_threads=1)
    train = [row for row in tiny_rows() if row.split == "train"]
    results = classifier.classify([Verbatim(id=row.id, text=row.text) for row in train])
    assert all(isinstance(result, TaggedVerbatim) for result in results)
    # Four held-out rows calibrate nothing: what was learnt is read off before that.
    logits = classifier.heads.logits(classifier.encoder.encode([row.text for row in train]))
    labels = tiny_taxonomy().labels("department")
    seen = [labels.index("hr"), labels.index("board")]  # the others have no examples
    best = logits["department"][:, seen].argmax(axis=1)
    assert [labels[seen[place]] for place in best] == [row.labels.department for row in train]
    long = classifier.classify([Verbatim(id="long", text="veel te duur en te laat " * 300)])[0]
    assert long.status.value == "ok"
    assert np.isfinite(long.department.probability)


def test_run_goes_on_from_another_one(tiny_base: Path, tmp_path: Path) -> None:
    first = start(tiny_base, tmp_path / "first", epochs=2, int8_epochs=0)
    first.run()
    second = start(tiny_base, tmp_path / "second", start_from=str(tmp_path / "first"))
    anew = start(tiny_base, tmp_path / "anew")
    best = torch.load(tmp_path / "first" / "best.pt", weights_only=True)
    heads = {name: value for name, value in best.items() if name.startswith("heads")}
    assert heads
    for name, value in heads.items():
        assert torch.equal(second.network.state_dict()[name], value), name
    assert second.data_hash != anew.data_hash
    places = np.arange(len(second.train))
    assert torch.equal(second.objective.base.of(places), anew.objective.base.of(places))


def test_run_to_go_on_from_that_does_not_fit_is_named(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"best\.pt"):
        start(tiny_base, tmp_path / "second", start_from=str(tmp_path / "none"))
    (tmp_path / "other").mkdir()
    torch.save({"heads": torch.zeros(1)}, tmp_path / "other" / "best.pt")
    with pytest.raises(TrainingError, match="same"):
        start(tiny_base, tmp_path / "second", start_from=str(tmp_path / "other"))


def test_only_joint_runs_go_on_from_another(tiny_base: Path) -> None:
    with pytest.raises(ConfigError, match="start_from"):
        tiny_config(tiny_base, mode="lora", int8_epochs=0, start_from="run")


def test_run_that_goes_astray_stops(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path, encoder_learning_rate=1e30, int8_epochs=0, epochs=8)
    with pytest.raises(TrainingError, match="are no numbers: lower the learning rates"):
        run.run()
    if (tmp_path / "best.pt").exists():
        state = torch.load(tmp_path / "best.pt", weights_only=True)
        assert all(torch.isfinite(tensor).all() for tensor in state.values())


def test_more_int8_epochs_than_epochs_are_all_of_them(tiny_base: Path, tmp_path: Path) -> None:
    more = start(tiny_base, tmp_path / "a", epochs=1, int8_epochs=2)
    more.run()
    smoothing = more.network.encoder.encoder.layer[0].attention.self.query.smoothing
    assert not torch.equal(smoothing, torch.ones_like(smoothing))


def test_more_tokens_than_the_base_reads_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="'max_tokens' must be at most 512"):
        start(tiny_base, tmp_path, max_tokens=513)


def test_validation_rows_are_read_whole_as_they_are_served(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path, max_tokens=8)
    assert max(len(example.ids) for example in run.train) == 8
    assert max(len(example.ids) for example in run.validation) > 8


def test_padding_of_the_base_tokenizer_is_left_out(tiny_base: Path, tmp_path: Path) -> None:
    padded = tmp_path / "base"
    shutil.copytree(tiny_base, padded)
    document = json.loads((padded / "tokenizer.json").read_text())
    document["padding"] = {
        "strategy": {"Fixed": 60},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 1,
        "pad_type_id": 0,
        "pad_token": "<pad>",
    }
    (padded / "tokenizer.json").write_text(json.dumps(document))
    usual = start(tiny_base, tmp_path / "a").train
    assert [e.spans for e in start(padded, tmp_path / "b").train] == [e.spans for e in usual]


def test_damaged_tokenizer_is_named(tiny_base: Path, tmp_path: Path) -> None:
    broken = tmp_path / "base"
    shutil.copytree(tiny_base, broken)
    (broken / "tokenizer.json").write_text("{")
    with pytest.raises(TrainingError, match=r"tokenizer\.json cannot be read"):
        start(broken, tmp_path / "run")


def test_run_that_lost_its_best_network_says_what_to_delete(
    tiny_base: Path, tmp_path: Path
) -> None:
    start(tiny_base, tmp_path).run()
    (tmp_path / "best.pt").write_bytes(b"x")
    with pytest.raises(TrainingError, match=r"delete it and checkpoint\.pt"):
        start(tiny_base, tmp_path).run()
    (tmp_path / "best.pt").unlink()
    with pytest.raises(TrainingError, match=r"delete checkpoint\.pt too"):
        start(tiny_base, tmp_path).run()


def test_rows_in_another_order_are_another_run(tiny_base: Path, tmp_path: Path) -> None:
    start(tiny_base, tmp_path).run()
    with pytest.raises(TrainingError, match="other rows"):
        FineTuning(tiny_rows()[::-1], tiny_taxonomy(), tiny_config(tiny_base), tmp_path).run()
