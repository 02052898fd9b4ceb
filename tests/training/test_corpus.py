import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.domain import FloatMatrix
from training.corpus import BENCH, ROOT, CorpusReport, check_corpus, main, write_card
from training.corpus_counts import Demands, count_rows, markdown_table, table_lines
from training.corpus_pairs import check_embeddings, check_near_duplicates
from training.corpus_rows import CorpusRow, normal_form
from training.labelled import CORPUS, LabelledDataError, LabelledVerbatim, parse_row

DUTCH = "De monteur kwam te laat, maar hij was heel vriendelijk"
ENGLISH = "Your website keeps crashing whenever I try to pay"
NO_DEMANDS = Demands(
    min_rows=0,
    dutch_share=(0, 1),
    min_flemish_share=0,
    min_sectors=0,
    min_departments={},
    min_topic=0,
    sentiment_shares={},
    min_shared_stories=0,
    min_segmented=0,
    median_words=(0, 200),
    validation_share=(0, 1),
)


def make_row(row_id: str = "a", text: str = DUTCH, **changes: Any) -> dict[str, Any]:
    lang = changes.get("lang", "nl")
    row = {
        "id": row_id,
        "text": text,
        "lang": lang,
        "variety": "nl-NL" if lang == "nl" else "en",
        "sector": "energy",
        "story": f"story-{row_id}",
        "sentiment": "mixed",
        "topics": ["delivery", "staff_attitude"],
        "department": "board",
        "department_2": "hr",
        "segments": [],
        "split": "train",
        "batch": "one",
    }
    return {**row, **changes}


def make_segment(start: int, end: int, **changes: Any) -> dict[str, Any]:
    segment = {"start": start, "end": end, "sentiment": "negative", "department": "board"}
    return {**segment, "topics": ["delivery"], **changes}


SEGMENTS = [make_segment(0, 24), make_segment(25, 54, sentiment="positive", department="hr")]


def write_rows(folder: Path, *rows: dict[str, Any], name: str = "one.jsonl") -> None:
    lines = [json.dumps(row) + "\n" for row in rows]
    (folder / name).write_text("".join(lines), encoding="utf-8")


def find_rules(folder: Path, **options: Any) -> list[tuple[int, str, str]]:
    options = {"demands": NO_DEMANDS, **options}
    return [
        (fault.line, fault.field, fault.rule) for fault in check_corpus(folder, **options).faults
    ]


@pytest.fixture(autouse=True)
def no_default_bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("training.corpus.BENCH", tmp_path / "no-bench")


def make_corpus_rows(*rows: dict[str, Any]) -> list[CorpusRow]:
    return [
        CorpusRow(file="one.jsonl", line=line, verbatim=parse_row(row))
        for line, row in enumerate(rows, start=1)
    ]


def test_clean_folder_has_no_faults(tmp_path: Path) -> None:
    english = make_row(
        "b", ENGLISH, lang="en", segments=[make_segment(0, 27), make_segment(28, 49)]
    )
    write_rows(tmp_path, make_row(segments=SEGMENTS), english)
    write_rows(tmp_path, make_row("c", "Prima! 👩‍🔧\n- snel"), name="two.jsonl")
    report = check_corpus(tmp_path, demands=NO_DEMANDS)
    assert report.faults == report.notes == ()
    assert report.counts.n_rows == {"nl": 2, "en": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"id": "a", "id": "b"}',
        b"[" * 100_000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_fault_names_the_line(tmp_path: Path, line: bytes) -> None:
    row = json.dumps(make_row()).encode()
    (tmp_path / "one.jsonl").write_bytes(row + b"\n\n" + line + b"\n")
    assert find_rules(tmp_path) == [(3, "row", "json")]


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"colour": "red"}, "colour", "unknown-key"),
        (
            {"segments": [{**SEGMENTS[0], "text": "De"}, SEGMENTS[1]]},
            "segments[0].text",
            "unknown-key",
        ),
        ({"text": 5}, "text", "type"),
        ({"sector": None}, "sector", "type"),
        ({"topics": "price"}, "topics", "type"),
        ({"topics": ["price", 1]}, "topics", "type"),
        ({"department_2": False}, "department_2", "type"),
        ({"segments": None}, "segments", "type"),
        ({"segments": ["De"]}, "segments[0]", "type"),
        ({"segments": [{**SEGMENTS[0], "start": "0"}, SEGMENTS[1]]}, "segments[0].start", "type"),
        ({"segments": [{**SEGMENTS[0], "end": True}, SEGMENTS[1]]}, "segments[0].end", "type"),
        ({"segments": [make_segment(0, 24, sentiment=1)]}, "segments[0].sentiment", "type"),
        ({"segments": [make_segment(0, 24, topics="price")]}, "segments[0].topics", "type"),
        ({"batch": " "}, "batch", "empty"),
        ({"lang": "de", "variety": "de"}, "lang", "known-language"),
        ({"variety": "nl-SR"}, "variety", "variety"),
        ({"variety": "en"}, "variety", "variety"),
        ({"split": "test"}, "split", "known-split"),
        ({"sentiment": "angry"}, "sentiment", "known-label"),
        ({"department": "it"}, "department", "known-label"),
        ({"department_2": "it"}, "department_2", "known-label"),
        ({"topics": ["parking"]}, "topics", "known-label"),
        ({"topics": []}, "topics", "n-topics"),
        ({"topics": ["price", "terms", "policy", "billing"]}, "topics", "n-topics"),
        ({"topics": ["price", "price"]}, "topics", "distinct-topics"),
        ({"topics": ["general", "price"]}, "topics", "exclusive-topic"),
        ({"department_2": "board"}, "department_2", "second-owner"),
        ({"text": "woord " * 125 + "woord"}, "text", "n-words"),
        ({"text": ""}, "text", "n-words"),
        ({"text": DUTCH + " "}, "text", "stripped"),
        ({"text": unicodedata.normalize("NFD", "één café")}, "text", "nfc"),
        ({"text": "te\tduur"}, "text", "control-character"),
        ({"text": "te\u200bduur"}, "text", "control-character"),
        ({"text": "caf\ufffd"}, "text", "control-character"),
        ({"text": "te duur \ud83d"}, "text", "control-character"),
        ({"segments": [make_segment(0, 54)]}, "segments", "several-segments"),
        (
            {"segments": [make_segment(0, 24, sentiment="mixed"), SEGMENTS[1]]},
            "segments[0].sentiment",
            "segment-sentiment",
        ),
        (
            {"segments": [make_segment(0, 24, topics=["parking"]), SEGMENTS[1]]},
            "segments[0].topics",
            "known-label",
        ),
        ({"segments": [make_segment(0, 29), SEGMENTS[1]]}, "segments[1]", "segment-order"),
        ({"segments": [*SEGMENTS, make_segment(54, 54)]}, "segments[2]", "empty"),
        ({"segments": [make_segment(0, 25), SEGMENTS[1]]}, "segments[0]", "stripped"),
        ({"segments": [*SEGMENTS, make_segment(54, 55)]}, "segments[2]", "inside-text"),
        ({"segments": [*SEGMENTS, make_segment(-2, -1)]}, "segments[2]", "inside-text"),
        ({"segments": [*SEGMENTS, make_segment(9, 2)]}, "segments[2]", "inside-text"),
        ({"segments": [make_segment(0, 10), SEGMENTS[1]]}, "segments", "covers-text"),
        ({"segments": [make_segment(0, 22), SEGMENTS[1]]}, "segments", "covers-text"),
        ({"lang": "en", "variety": "en"}, "lang", "language"),
    ],
)
def test_row_rule_is_the_only_fault(
    tmp_path: Path, changes: dict[str, Any], field: str, rule: str
) -> None:
    write_rows(tmp_path, make_row("z", "Opzeggen kan niet"), make_row(**changes))
    assert find_rules(tmp_path) == [(2, field, rule)]


@pytest.mark.parametrize("key", sorted(make_row()))
def test_missing_key_is_named(tmp_path: Path, key: str) -> None:
    row = make_row()
    del row[key]
    write_rows(tmp_path, row)
    assert find_rules(tmp_path) == [(1, key, "missing-key")]


def test_another_folder_may_leave_out_provenance(tmp_path: Path) -> None:
    needed = ("id", "text", "lang", "sentiment", "topics", "department")
    write_rows(tmp_path, {key: make_row()[key] for key in needed})
    assert find_rules(tmp_path, demands=None) == []


def test_connective_between_segments_needs_no_segment(tmp_path: Path) -> None:
    without_but = [SEGMENTS[0], make_segment(30, 54, sentiment="positive")]
    assert DUTCH[24:30].strip() == "maar"
    write_rows(tmp_path, make_row(segments=without_but))
    assert find_rules(tmp_path) == []


def test_short_text_may_read_as_the_other_language(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row(text="Customer service is terrible"))
    assert find_rules(tmp_path) == []


def test_ids_are_unique_across_files(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row())
    write_rows(tmp_path, make_row("a", ENGLISH, lang="en", story="other"), name="two.jsonl")
    (fault,) = check_corpus(tmp_path).faults
    assert (fault.file, fault.rule) == ("two.jsonl", "unique-id")
    assert "one.jsonl:1" in fault.detail


def test_story_lies_in_one_split(tmp_path: Path) -> None:
    english = make_row("b", ENGLISH, lang="en", story="story-a", split="validation")
    write_rows(tmp_path, make_row(), english)
    assert find_rules(tmp_path) == [(2, "split", "story-split")]


def test_eight_shared_words_are_a_fault_and_seven_are_none(tmp_path: Path) -> None:
    other = "Volgens mijn buurvrouw stond het busje er al, monteur kwam te laat, maar hij was"
    seven, eight = f"{other} chagrijnig", f"{other} heel chagrijnig"
    write_rows(tmp_path, make_row(), make_row("b", seven), make_row("c", "Ja: " + eight.lower()))
    found = check_corpus(tmp_path).faults
    assert [fault.id for fault in found if fault.rule == "eight-word-run"] == ["c", "c"]
    assert "maar hij was heel" in next(f.detail for f in found if "(a)" in f.detail)


@pytest.mark.parametrize(
    ("first", "second", "is_alike"),
    [
        ("De koerier gooide het pakje over de muur", "koerier gooide het pakje op de muur", True),
        ("De koerier gooide het pakje over de muur", "Het pakje lag al weken bij de buren", False),
        ("keeps logging me out", "It keeps logging me out", False),
    ],
)  # fmt: skip
def test_near_duplicates_share_their_grams(first: str, second: str, is_alike: bool) -> None:
    rows = make_corpus_rows(make_row("a", first), make_row("b", second))
    assert [fault.rule for fault in check_near_duplicates(rows)] == ["near-duplicate"] * is_alike


def test_near_duplicates_within_a_story_are_wanted() -> None:
    first = make_row("a", "De bezorger gooide het pakket over de schutting", story="one")
    second = make_row("b", "bezorger gooide het pakket op de schutting", story="one")
    assert not list(check_near_duplicates(make_corpus_rows(first, second)))


def test_near_duplicates_equal_a_comparison_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    words = ["trein", "alweer", "uitgevallen", "zonder", "melding", "vandaag", "perron", "koud"]
    texts = [" ".join(rng.choice(words, size=rng.integers(5, 9))) for _ in range(120)]
    rows = make_corpus_rows(*(make_row(f"r{i}", text) for i, text in enumerate(texts)))

    def grams(text: str) -> set[str]:
        return {text[i : i + 5] for i in range(len(text) - 4)}

    expected = {
        (i, j)
        for i in range(len(texts))
        for j in range(i)
        if texts[i] != texts[j]
        and len(grams(texts[i]) & grams(texts[j])) > 0.6 * len(grams(texts[i]) | grams(texts[j]))
    }
    places = [re.search(r":(\d+) ", fault.detail) for fault in check_near_duplicates(rows)]
    lines = [fault.line for fault in check_near_duplicates(rows)]
    found = {
        (line - 1, int(place[1]) - 1)
        for line, place in zip(lines, places, strict=True)
        if place is not None
    }
    assert found == expected
    assert len(expected) > 10


@pytest.mark.parametrize(
    ("texts", "n_faults"),
    [
        (["te duur", "Te duur!"], 0),
        (["te duur", "Te duur!", "TE DUUR"], 1),
        (["te duur", "Te duur!", "TE DUUR", "te  duur", "te duur."], 3),
        (["blijft me uitloggen steeds", "Blijft me uitloggen, steeds"], 1),
        (["-", ".", "-", "?"], 0),
    ],
)
def test_equal_texts_are_short_and_at_most_two(
    tmp_path: Path, texts: list[str], n_faults: int
) -> None:
    write_rows(tmp_path, *(make_row(f"r{i}", text) for i, text in enumerate(texts)))
    assert [rule for *_, rule in find_rules(tmp_path)] == ["duplicate"] * n_faults


@pytest.mark.parametrize(
    ("changes", "n_faults"),
    [
        ({"department": "legal"}, 1),
        ({"sentiment": "negative"}, 1),
        ({"department_2": None}, 1),
        ({"topics": ["price"]}, 1),
        ({"topics": ["staff_attitude", "delivery"]}, 0),
    ],
)
def test_equal_texts_have_equal_labels(
    tmp_path: Path, changes: dict[str, Any], n_faults: int
) -> None:
    write_rows(tmp_path, make_row(text="Te duur"), make_row("b", "te duur!", **changes))
    assert [rule for *_, rule in find_rules(tmp_path)] == ["conflicting-labels"] * n_faults


@pytest.mark.parametrize(
    ("cosine", "lang", "story", "is_alike"),
    [
        (0.96, "nl", "b", True),
        (0.94, "nl", "b", False),
        (0.94, "en", "b", True),
        (0.91, "en", "b", False),
        (0.96, "nl", "a", False),
    ],
)
def test_embeddings_of_two_stories_differ(
    cosine: float, lang: str, story: str, is_alike: bool
) -> None:
    first = make_row("a", DUTCH, story="a")
    second = make_row("b", "one two three four five", story=story, lang=lang)
    rows = make_corpus_rows(first, second, make_row("c", "te kort", story="c"))

    def encode(texts: Sequence[str]) -> FloatMatrix:
        assert len(texts) == 2
        return np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]], dtype=np.float32)

    found = [(fault.id, fault.rule) for fault in check_embeddings(rows, encode)]
    assert found == [("b", "near-duplicate-embedding")] * is_alike


def make_bench(folder: Path, text: str, field: str = "text") -> Path:
    (folder / "bench" / "deeper").mkdir(parents=True)
    write_rows(folder / "bench" / "deeper", {"id": "x", field: text})
    return folder / "bench"


@pytest.mark.parametrize("field", ["text", "nl"])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Your app is slow AND ugly", "bench-text"),
        ("I say: your phone app is slow and rather ugly indeed", "bench-run"),
        ("Slow app!", None),
        ("Nothing alike", None),
    ],
)
def test_bench_texts_do_not_stand_in_the_corpus(
    tmp_path: Path, text: str, rule: str | None, field: str
) -> None:
    write_rows(
        tmp_path,
        make_row("a", "Your app is slow and ugly.", lang="en"),
        make_row("b", "Since May your phone app is slow and rather ugly", lang="en"),
        make_row("c", "slow app", lang="en"),
    )
    found = [found for *_, found in find_rules(tmp_path, bench=make_bench(tmp_path, text, field))]
    assert found == ([rule] if rule else [])


def test_bench_folder_without_files_is_refused(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row())
    with pytest.raises(LabelledDataError, match=r"no \*\.jsonl"):
        check_corpus(tmp_path, bench=tmp_path / "absent")


@pytest.mark.parametrize(
    ("demands", "field", "what"),
    [
        ({"min_rows": 3}, "rows", "rows: 2, at least 3"),
        ({"dutch_share": (0.6, 0.7)}, "lang", "share of Dutch: 0.5"),
        ({"min_flemish_share": 0.1}, "variety", "share of Flemish"),
        ({"min_sectors": 2}, "sector", "sectors: 1"),
        ({"min_departments": {"hr": 1}}, "department", "en hr: 0"),
        ({"min_topic": 1}, "topics", "nl price: 0"),
        ({"sentiment_shares": {"mixed": 0.5}}, "sentiment", "share of nl mixed: 1"),
        ({"min_shared_stories": 1}, "story", "stories in both languages: 0"),
        ({"min_segmented": 2}, "segments", "rows with several segments: 1"),
        ({"median_words": (12, 18)}, "text", "median of words: 9.5"),
        ({"validation_share": (0.1, 0.2)}, "split", "share of validation: 0"),
    ],
)
def test_demanded_count_is_named(
    tmp_path: Path, demands: dict[str, Any], field: str, what: str
) -> None:
    write_rows(tmp_path, make_row(segments=SEGMENTS), make_row("b", ENGLISH, lang="en"))
    faults = check_corpus(tmp_path, demands=replace(NO_DEMANDS, **demands)).faults
    assert {(fault.field, fault.rule) for fault in faults} == {(field, "demanded-count")}
    assert any(what in fault.detail for fault in faults)


def test_all_faults_come_in_one_run_in_order(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row(department="it", topics=[]), make_row(text="te\tduur"))
    (tmp_path / "two.jsonl").write_text("{\n" + json.dumps({"id": "b"}), encoding="utf-8")
    lines = [str(fault).split(": ")[:3] for fault in check_corpus(tmp_path).faults]
    needed = ("department", "lang", "sentiment", "text", "topics")
    assert lines == [
        ["one.jsonl:1", "department", "known-label"],
        ["one.jsonl:1", "topics", "n-topics"],
        ["one.jsonl:2", "text", "control-character"],
        ["one.jsonl:2", "id", "unique-id"],
        ["two.jsonl:1", "row", "json"],
        *(["two.jsonl:2", key, "missing-key"] for key in needed),
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("mail jan@example.nl", "email"),
        ("bel 06-12345678", "phone"),
        ("naar NL91 ABNA 0417 1643 00", "iban"),
    ],
)
def test_personal_data_is_noted_and_no_fault(tmp_path: Path, text: str, rule: str) -> None:
    write_rows(tmp_path, make_row(text=text))
    report = check_corpus(tmp_path)
    assert report.faults == ()
    assert [note.rule for note in report.notes] == [rule]


def test_counts_go_by_field_label_and_language() -> None:
    rows = [
        parse_row(make_row(segments=SEGMENTS, story="one")),
        parse_row(make_row("b", ENGLISH, lang="en", story="one", topics=["price"])),
        parse_row(make_row("c", "te duur", topics=["price"], variety="nl-BE")),
    ]
    counts = count_rows(rows)
    assert counts.by_field["topics"]["price"] == {"en": 1, "nl": 1}
    assert counts.by_field["n_words"] == {"1-5": {"nl": 1}, "6-14": {"nl": 1, "en": 1}}
    assert (counts.n_stories, counts.n_shared_stories) == (2, 1)
    assert (counts.n_segments, counts.n_segmented, counts.median_words) == (2, 1, 9)
    assert counts.count("variety", "nl-BE") == 1


def test_normal_form_ignores_case_marks_and_space() -> None:
    assert normal_form("N.v.t.") == normal_form(" nvt ") == "nvt"
    assert normal_form("👍") == "👍"


def test_main_prints_every_fault_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(tmp_path, make_row(department="it", text="te duur \ud83d"))
    assert main([str(tmp_path), "--json", str(tmp_path / "out.json")]) == 1
    printed = capsys.readouterr().out
    assert "one.jsonl:1: department: known-label: 'it' is none of" in printed
    assert "one.jsonl:1: text: control-character: holds U+D83D" in printed
    assert "1 rows, 2 faults, 0 notes" in printed
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [fault["rule"] for fault in document["faults"]] == ["known-label", "control-character"]
    assert document["counts"]["by_field"]["sector"] == {"energy": {"nl": 1}}


def test_main_asks_no_counts_of_another_folder(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row())
    assert main([str(tmp_path)]) == 0


@pytest.mark.parametrize("options", [[], ["--bench", "absent"], ["--taxonomy", "absent.json"]])
def test_main_ends_with_2_if_it_cannot_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    if options:
        write_rows(tmp_path, make_row())
    assert main([str(tmp_path), *options]) == 2
    assert capsys.readouterr().err.startswith("training.corpus: ")


def test_write_card_fills_only_its_block(tmp_path: Path) -> None:
    write_rows(tmp_path, make_row())
    card = tmp_path / "card.md"
    card.write_text("before\n<!-- counts -->\nold \\1\n<!-- /counts -->\nafter\n", encoding="utf-8")
    assert main([str(tmp_path), "--write-card", str(card)]) == 0
    text = card.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- counts -->\n| | | nl | en | all | demanded |\n")
    assert text.endswith(" |\n<!-- /counts -->\nafter\n")
    assert "old" not in text


def test_write_card_refuses_a_card_without_block(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    with pytest.raises(LabelledDataError, match="cannot be read"):
        write_card(card, "table")
    card.write_text("no block", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="needs one block"):
        write_card(card, "table")


def test_row_without_story_is_its_own_story() -> None:
    row = LabelledVerbatim(id="a", text="x", lang="nl", labels=parse_row(make_row()).labels)
    assert count_rows([row]).n_stories == 1


@pytest.fixture(scope="module")
def released() -> CorpusReport:
    return check_corpus(CORPUS, demands=Demands(), bench=BENCH if BENCH.is_dir() else None)


def test_released_corpus_is_clean(released: CorpusReport) -> None:
    assert not released.faults, "\n".join(map(str, released.faults[:50]))


def test_card_holds_the_released_counts(released: CorpusReport) -> None:
    card = (ROOT / "data" / "cards" / "verbatims.md").read_text(encoding="utf-8")
    table = markdown_table(tuple(table_lines(released.counts, Demands())))
    assert table in card, "fill it: python -m training.corpus --write-card data/cards/verbatims.md"
