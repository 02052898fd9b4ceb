from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban
from stdnum.be import nn
from stdnum.nl import bsn

from benchmarks.redaction import SENTENCES_PATH, main, measure, read_sentences
from models.text import redact
from models.text.first_names import (
    FIRST_NAMES,
    LOWER_CASE_WORD_FIRST_NAMES,
    WEAK_FIRST_NAMES,
    WORD_FIRST_NAMES,
)
from models.text.name_reader import fold
from models.text.redact import TAGS, PersonalDataKind, PersonalDataSpan, find_personal_data
from models.text.surnames import COMMON_WORD_SURNAMES, SURNAMES

Kind = PersonalDataKind
MIN_STRUCTURED_RECALL = 0.95
MIN_NAME_RECALL = 0.85
MAX_FALSE_ALARM_SHARE = 0.02


def mask(text: str) -> str:
    """Put the tags in the place of the spans."""
    for span in reversed(find_personal_data(text)):
        text = text[: span.start] + TAGS[span.kind] + text[span.end :]
    return text


def read_rows() -> list[dict[str, Any]]:
    """Read the test sentences as they lie on disk."""
    return [json.loads(line) for line in SENTENCES_PATH.read_text(encoding="utf-8").splitlines()]


def test_public_names_are_pinned() -> None:
    assert set(redact.__all__) == {
        "TAGS",
        "PersonalDataKind",
        "PersonalDataSpan",
        "find_personal_data",
    }


def test_tags_cover_every_kind() -> None:
    assert {kind.value: TAGS[kind] for kind in Kind} == {
        "email": "[EMAIL]",
        "phone": "[TELEFOON]",
        "iban": "[IBAN]",
        "bsn": "[BSN]",
        "national_number_be": "[RIJKSREGISTER]",
        "postcode_address": "[ADRES]",
        "licence_plate": "[KENTEKEN]",
        "order_number": "[NUMMER]",
        "url": "[URL]",
        "person": "[NAAM]",
    }


def test_tags_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TAGS[Kind.EMAIL] = "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail j.devries@example.nl maar", "mail [EMAIL] maar"),
        ("write to ann @ example.com please", "write to [EMAIL] please"),
        ("jan apenstaartje example punt nl", "[EMAIL]"),
        ("bel 06 12 34 56 78 na zessen", "bel [TELEFOON] na zessen"),
        ("gsm 0475/12.34.56", "gsm [TELEFOON]"),
        ("call +44 20 7946 0958 or 0031 6 12345678", "call [TELEFOON] or [TELEFOON]"),
        ("0612345678/0687654321", "[TELEFOON]/[TELEFOON]"),
        ("naar nl47 knab 0003 5308 29 graag", "naar [IBAN] graag"),
        ("refund to BE42001198081554.", "refund to [IBAN]."),
        ("mijn bsn is 9999.22.026", "mijn bsn is [BSN]"),
        ("999922026 is my bsn", "[BSN] is my bsn"),
        ("rijksregisternummer 86.01.27-994.09", "rijksregisternummer [RIJKSREGISTER]"),
        ("national number 55010299312 leaked", "national number [RIJKSREGISTER] leaked"),
        ("op Kerkstraat 12, 1234 AB Utrecht", "op [ADRES] Utrecht"),
        ("Stationsstraat 5 bus 3, 9000 Gent", "[ADRES] Gent"),
        ("postcode 5611 EM 14", "postcode [ADRES]"),
        ("I live at 14 Maple Road, M14 5TP", "I live at [ADRES]"),
        ("mijn XZ-123-B staat er nog", "mijn [KENTEKEN] staat er nog"),
        ("number plate ab12 cde is wrong", "number plate [KENTEKEN] is wrong"),
        ("nummerplaat 1ABC234", "nummerplaat [KENTEKEN]"),
        ("bestelnummer is 12345678", "bestelnummer is [NUMMER]"),
        ("order #A-99213 and invoice no. 77/2024", "order #[NUMMER] and invoice no. [NUMMER]"),
        ("booking reference QWERTZ", "booking reference [NUMMER]"),
        ("pakket 3SKLPD0012345 is weg", "pakket [NUMMER] is weg"),
        ("kaart 4111 1111 1111 1111", "kaart [NUMMER]"),
        ("zie https://example.nl/bestelling/9928371.", "zie [URL]."),
        ("see www.example.com/reset?token=8f3a91", "see [URL]"),
    ],
)
def test_find_personal_data_masks_numbers_and_addresses(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mevrouw Jansen hielp", "mevrouw [NAAM] hielp"),
        ("meneer bakker belde niet terug", "meneer [NAAM] belde niet terug"),
        ("Dhr. J.P. van den Heuvel", "Dhr. [NAAM]"),
        ("mevrouw van der Berg-de Vries", "mevrouw [NAAM]"),
        ("Kevin van de klantenservice", "[NAAM] van de klantenservice"),
        ("geholpen door sanne, top", "geholpen door [NAAM], top"),
        ("Groeten, Els", "Groeten, [NAAM]"),
        ("mijn naam is Fatima El Amrani en", "mijn naam is [NAAM] en"),
        ("iemand genaamd Xhemalja hing op", "iemand genaamd [NAAM] hing op"),
        ("Dr. Vermeulen luistert", "Dr. [NAAM] luistert"),
        ("De heer Özdemir", "De heer [NAAM]"),
        ("Mr Patel and Mrs. O'Brien", "Mr [NAAM] and Mrs. [NAAM]"),
        ("spoke to Rachel in billing", "spoke to [NAAM] in billing"),
        ("ask for Mark at the till", "ask for [NAAM] at the till"),
        ("Will from customer support called", "[NAAM] from customer support called"),
        ("My name is Sean O'Connor.", "My name is [NAAM]."),
        ("Kevin's advice, Anna\u2019s too", "[NAAM]'s advice, [NAAM]\u2019s too"),
        ("Thanks Robert J. Miller", "Thanks [NAAM]"),
        ("niet Kevin maar Fatima", "niet [NAAM] maar [NAAM]"),
        ("not Kevin but Fatima", "not [NAAM] but [NAAM]"),
        ("die Kevin was so rude, echt niet normaal", "die [NAAM] was so rude, echt niet normaal"),
        ("🙏 dankjewel Samira 😊", "🙏 dankjewel [NAAM] 😊"),
        ("🙏 thank you Samira 😊", "🙏 thank you [NAAM] 😊"),
    ],
)
def test_find_personal_data_masks_names(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😀",
        "Philips van Albert Heijn in Den Haag, Jan Linders was goedkoper",
        "Van Gogh Museum en Van der Valk, mercedes voor de deur",
        "Alexa and Siri at Marks & Spencer, Jordan shoes, Dr Martens",
        "Will never order again, may come back in May",
        "max 3 personen, 12,50 per stuk, 20% korting, 4.250 euro",
        "12-05-2024 10:30 besteld, 1-jan-24 geleverd, trein 17.05",
        "flight KL1234, gate B32, room 1204, size 42, WH-1000XM4",
        "order of 2500 euros, invoice dated 03/04/2024",
        "bel 0900-1234, 0800 2345 of 112",
        "code NL12ABCD0123456789 en nummer 123456789",
        "bol.com, www.ns.nl en https://www.example.nl/veelgestelde-vragen",
        "in de Kerkstraat, in 1234 redenen, 1000 MB, 2000 EN 2023",
        "onderdeel XZ-123-B past niet, the AB-12-34 charger neither",
        "meneer aan de balie, de mevrouw die ik sprak, the doctor",
        "mijn naam klopt niet, my name is misspelled",
        "ziekte van Parkinson, storm Eunice, restaurant Anna",
        "Met vriendelijke groet, een ontevreden klant",
    ],
)
def test_find_personal_data_leaves_other_text(text: str) -> None:
    assert find_personal_data(text) == ()


@pytest.mark.parametrize("number", ["nl47knab0003530828", "55010299313"])
def test_find_personal_data_needs_valid_check_digits(number: str) -> None:
    assert find_personal_data(f"code {number} op de doos") == ()


def test_find_personal_data_needs_words_for_a_bsn() -> None:
    assert find_personal_data("artikel 999922026 ontbrak") == ()


def test_find_personal_data_gives_offsets_in_the_text() -> None:
    assert find_personal_data("Sanne belde 06-12345678 terug") == (
        PersonalDataSpan(start=0, end=5, kind=Kind.PERSON),
        PersonalDataSpan(start=12, end=23, kind=Kind.PHONE),
    )


def test_find_personal_data_prefers_the_address_to_the_name_in_it() -> None:
    assert mask("Jan van Galenstraat 190, 1056 CE") == "[ADRES]"


def test_find_personal_data_finds_nothing_more_after_masking() -> None:
    masked = [mask(row["text"]) for row in read_rows()]
    assert [mask(text) for text in masked] == masked


@given(st.text())
def test_find_personal_data_takes_any_text(text: str) -> None:
    spans = find_personal_data(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@given(
    st.lists(
        st.sampled_from(
            [
                "Sanne", "de", "van", "der", "Berg", "mevrouw", "Dr.", "J.P.", "groeten,", "12",
                "0612345678", "1234 AB", "Kerkstraat", "@", "example.nl", "http://", "bsn", "#",
                "999922026", "NL47", "KNAB", "0003", "order", "\n", "XZ-123-B", "İ", "ß", "’s", "-",
            ]
        )
    ).map(" ".join)
)  # fmt: skip
def test_find_personal_data_gives_sorted_spans_that_exclude_each_other(text: str) -> None:
    spans = find_personal_data(text)
    assert all(span.end <= later.start for span, later in pairwise(spans))


@pytest.mark.parametrize(
    "piece",
    [
        "7", "0", "0 ", "12 34 ", "a", "A", " ", "a-", "a'", "a.", "@", "a@", "www.", "http://",
        "/", "+31 ", "Jan ", "Jan van der ", "J. ", "mevrouw ", "groet, ", "1234 AB ", "12-AB-34 ",
        "Kerk Straat ", "bestelnummer ", "NL91 ABNA 0417 ", "bsn 123456782 ", "\n", "(", "😀",
    ],
)  # fmt: skip
def test_find_personal_data_ends_on_4000_hostile_characters(piece: str) -> None:
    text = (piece * 4_000)[:4_000]
    assert all(span.end <= len(text) for span in find_personal_data(text))


@pytest.mark.parametrize(("word", "folded"), [("Kübra", "kubra"), ("Ayşe", "ayse"), ("İ", "i")])
def test_fold_takes_off_accents(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_word_lists_are_folded_and_consistent() -> None:
    assert WORD_FIRST_NAMES | WEAK_FIRST_NAMES <= FIRST_NAMES
    assert LOWER_CASE_WORD_FIRST_NAMES <= WORD_FIRST_NAMES
    assert COMMON_WORD_SURNAMES <= SURNAMES
    assert all(name == fold(name) for name in FIRST_NAMES | SURNAMES)


def test_sentences_have_sound_offsets_and_no_twins() -> None:
    rows = read_rows()
    assert len({row["id"] for row in rows}) == len({row["text"] for row in rows}) == len(rows)
    for row in rows:
        ends = [0]
        for span in row["spans"]:
            assert ends[-1] <= span["start"] < span["end"] <= len(row["text"]), row["id"]
            assert row["text"][span["start"] : span["end"]].strip()
            ends.append(span["end"])


def test_sentences_are_half_clean_and_cover_every_kind() -> None:
    rows = read_rows()
    n_spans = Counter(span["kind"] for row in rows for span in row["spans"])
    assert 0.4 < sum(not row["spans"] for row in rows) / len(rows) < 0.6
    assert min(n_spans[kind] for kind in Kind) >= 20
    assert n_spans[Kind.PERSON] >= 60


def test_sentences_hold_numbers_with_valid_check_digits() -> None:
    is_valid = {"iban": iban.is_valid, "bsn": bsn.is_valid, "national_number_be": nn.is_valid}
    for row in read_rows():
        for span in row["spans"]:
            if span["kind"] in is_valid:
                number = row["text"][span["start"] : span["end"]].replace(".", "")
                compact = number.replace(" ", "").replace("-", "")
                assert is_valid[span["kind"]](compact), row["id"]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_measure_keeps_its_targets(split: str) -> None:
    figures = measure(read_sentences(SENTENCES_PATH, split=split))
    recall = {kind: counts.recall for kind, counts in figures.by_kind.items()}
    assert recall.pop(Kind.PERSON) >= MIN_NAME_RECALL
    assert min(recall.values()) >= MIN_STRUCTURED_RECALL
    assert figures.false_alarm_share <= MAX_FALSE_ALARM_SHARE


def test_main_shows_no_mistakes_of_the_test_half(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--split", "test", "--mistakes"])
    assert "dev half only" in capsys.readouterr().err


@pytest.mark.bench
def test_main_writes_json(tmp_path: Path) -> None:
    out = tmp_path / "redaction.json"
    assert main(["--split", "dev", "--json", str(out)]) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert set(report["by_kind"]) == {kind.value for kind in Kind}
