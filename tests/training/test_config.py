from pathlib import Path

import pytest

from training.config import ConfigError, TrainConfig, read_config
from training.distil_config import read_distil_config

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def write(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text)
    return path


def test_read_config_keeps_defaults_for_what_is_not_said(tmp_path: Path) -> None:
    config = read_config(write(tmp_path, 'seed = 1\nbase = "b"\nepochs = 9\n'))
    assert config == TrainConfig(seed=1, base="b", epochs=9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('seed = 1\nbase = "b"\nepoch = 9\n', "unknown key 'epoch'"),
        ('base = "b"\n', "seed"),
        ("seed = \n", "not a readable TOML file"),
        ('seed = 1\nbase = "b"\nepochs = 0\n', "'epochs' must be at least 1"),
        ('seed = 1\nbase = "b"\nlabel_smoothing = 1.0\n', "'label_smoothing' must be in"),
        ('seed = 1\nbase = "b"\nprecision = "half"\n', "'precision' must be"),
    ],
)
def test_read_config_names_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        read_config(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[lora]\nrnk = 4\n", r"unknown key 'rnk' in \[lora\]; known are alpha"),
        ("[lora]\nrank = 0\n", "'rank' must be at least 1"),
        ("[frozen]\npenalties = []\n", "'penalties' must be above 0"),
        ("lora = 4\n", r"'lora' must be a table: write \[lora\]"),
        ('mode = "fast"\n', "'mode' must be one of joint, lora, frozen"),
        ('mode = "lora"\n', "'int8_epochs' rounds whole layers"),
        ('quantisation = "int8_blocks"\n', "'int8_epochs' rounds whole layers"),
        ("checkpoint_minutes = -1\n", "must not be below 0"),
        ('device = "tpu"\n', "'device' must be one of"),
        ('tracking = "paper"\n', "'tracking' must be one of"),
    ],
)
def test_read_config_names_what_is_wrong_in_modes(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(write(tmp_path, 'seed = 1\nbase = "b"\n' + text))


def test_read_config_reads_tables(tmp_path: Path) -> None:
    text = 'seed = 1\nbase = "b"\nmode = "frozen"\n[frozen]\npenalties = [0.1]\n'
    assert read_config(write(tmp_path, text)).frozen.penalties == (0.1,)


def test_identity_leaves_out_what_changes_nothing(tmp_path: Path) -> None:
    one = TrainConfig(seed=1, base="b", checkpoint_steps=3, device="cpu", tracking="plain")
    assert one.identity() == TrainConfig(seed=1, base="b").identity()
    assert one.identity() != TrainConfig(seed=2, base="b").identity()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.name)
def test_released_configurations_can_be_read(path: Path) -> None:
    if path.name == "distil.toml":
        assert read_distil_config(path).layers == 6
    else:
        assert read_config(path).base == "build/base"
