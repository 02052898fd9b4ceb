"""What a caller wants to have."""

import pytest

from service.api.accept import choose_media_type
from service.api.problems import Code, ProblemError

OFFERED = ("application/x-ndjson", "text/csv", "text/html")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/x-ndjson"),
        ("", "application/x-ndjson"),
        ("*/*", "application/x-ndjson"),
        ("text/*", "text/csv"),
        ("TEXT/HTML", "text/html"),
        ("text/csv;q=0.5, text/html;q=0.9", "text/html"),
        ("text/html;q=0, text/*", "text/csv"),
        ("image/png, */*;q=0.1", "application/x-ndjson"),
        ("application/x-ndjson;q=0, */*", "text/csv"),
    ],
)
def test_the_one_wanted_most_is_chosen(accept: str | None, chosen: str) -> None:
    assert choose_media_type(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["image/png", "text/csv;q=0", "text/csv;q=x", "nonsense"])
def test_what_cannot_be_given_is_refused(accept: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        choose_media_type(accept, OFFERED)
    assert refusal.value.code is Code.NOT_ACCEPTABLE
