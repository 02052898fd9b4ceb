from pathlib import Path

import pytest

from training.config import ConfigError, TrainConfig, read_config


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


def test_released_configurations_can_be_read() -> None:
    for path in (Path(__file__).parents[2] / "training" / "configs").glob("*.toml"):
        assert read_config(path).base == "build/base"
