from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.clean import clean
from models.text.redact import PersonalDataKind

UNICODE = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from("06 12345678@.enl&;<>\u0301")),
    max_size=60,
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Mail  naar jan.test@example.org aub", "Mail naar [EMAIL] aub"),
        ("Please reply to jan.test@example.org", "Please reply to [EMAIL]"),
        ("niet slecht, maar te laat 😀", "niet slecht, maar te laat 😀"),
        ("", ""),
    ],
)
def test_clean_masks_personal_data(source: str, expected: str) -> None:
    assert clean(source).text == expected


def test_clean_leaves_personal_data_when_told_so() -> None:
    cleaned = clean("jan.test@example.org", redact=False)

    assert cleaned.text == "jan.test@example.org"
    assert cleaned.personal_data == ()


def test_clean_gives_personal_data_in_the_source() -> None:
    source = "\u200b Mail &amp; bel jan.test@example.org"
    cleaned = clean(source)
    (span,) = cleaned.personal_data

    assert span.kind is PersonalDataKind.EMAIL
    assert source[span.start : span.end] == "jan.test@example.org"
    start = cleaned.text.index("[EMAIL]")
    assert cleaned.source_span(start, start + len("[EMAIL]")) == (span.start, span.end)


def test_clean_source_span_translates_offsets() -> None:
    source = "  Te   duur &amp; traag"
    cleaned = clean(source)
    start = cleaned.text.index("duur")

    assert source[slice(*cleaned.source_span(start, start + 4))] == "duur"
    assert cleaned.source_span(len(cleaned.text), len(cleaned.text)) == (len(source), len(source))


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (0, 99)])
def test_clean_source_span_refuses_a_span_outside(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="The span must lie in 0 to 4"):
        clean("goed").source_span(*span)


@given(UNICODE, st.booleans())
def test_clean_offsets_are_monotone_and_inside_the_source(source: str, redact: bool) -> None:
    cleaned = clean(source, redact=redact)

    assert len(cleaned.source_starts) == len(cleaned.source_ends) == len(cleaned.text)
    assert np.all(np.diff(cleaned.source_starts) >= 0)
    assert np.all(np.diff(cleaned.source_ends) >= 0)
    assert np.all(cleaned.source_starts < cleaned.source_ends)
    if cleaned.text:
        start, end = cleaned.source_span(0, len(cleaned.text))
        assert 0 <= start < end <= len(source)
    if cleaned.text == source and not cleaned.personal_data:
        assert cleaned.source_starts.tolist() == list(range(len(source)))
