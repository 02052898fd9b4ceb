from pathlib import Path

import numpy as np
import pytest
from root_cause_fakes import planted

from models.domain import Language
from models.errors import BundleError
from models.root_cause.arrays import as_float32, unit
from models.root_cause.offset import estimate_offset, load_offset, no_offset


def test_take_off_brings_twins_together() -> None:
    rows, _ = planted()
    shift = np.full(rows.shape[1], 0.2, dtype=np.float32)
    dutch, english = as_float32(rows - shift), as_float32(rows + shift)
    offset = estimate_offset(dutch, english)
    nl = offset.take_off(dutch, [Language.NL] * len(rows))
    en = offset.take_off(english, [Language.EN] * len(rows))
    np.testing.assert_allclose(nl, en, atol=1e-6)


def test_take_off_does_not_depend_on_the_neighbours() -> None:
    rows, _ = planted()
    offset = estimate_offset(rows[:100], rows[100:200])
    languages = [Language.NL, Language.EN, Language.UND] * 160
    together = offset.take_off(rows, languages)
    alone = offset.take_off(rows[5:6], languages[5:6])
    assert np.array_equal(together[5:6], alone)


def test_no_offset_changes_nothing() -> None:
    rows, _ = planted()
    same = no_offset(rows.shape[1]).take_off(rows, [Language.NL] * len(rows))
    np.testing.assert_allclose(same, as_float32(unit(rows)), atol=1e-7)


def test_save_load(tmp_path: Path) -> None:
    rows, _ = planted()
    offset = estimate_offset(rows[:9], rows[9:18])
    offset.save(tmp_path / "offset.npy")
    assert np.array_equal(load_offset(tmp_path / "offset.npy").to_array(), offset.to_array())


def test_load_refuses_what_is_no_offset(tmp_path: Path) -> None:
    np.save(tmp_path / "offset.npy", np.zeros(3))
    with pytest.raises(BundleError, match="shape"):
        load_offset(tmp_path / "offset.npy")
    with pytest.raises(BundleError, match="not a language offset"):
        load_offset(tmp_path / "absent.npy")


def test_estimate_refuses_unpaired_rows() -> None:
    rows, _ = planted()
    with pytest.raises(ValueError, match="paired"):
        estimate_offset(rows[:3], rows[:4])


def test_take_off_refuses_other_widths() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        no_offset(8).take_off(planted()[0], [Language.NL] * 480)
