import pytest

from models.domain import Language
from models.root_cause.key_terms import KeyTerm, find_key_terms
from models.root_cause.lemma import lemma_key
from models.root_cause.names import MAX_LENGTH, name_causes, name_themes
from models.root_cause.phrases import Reader, cut_phrases, find_names

NL, EN = Language.NL, Language.EN

WAITING = [
    "Ik stond drie kwartier in de wacht bij de klantenservice.",
    "Alweer lang in de wacht gestaan voor de klantenservice",
    "Na een half uur in de wacht werd de verbinding verbroken",
]
BILLING = [
    "De factuur klopt niet en ik betaalde dubbel",
    "Mijn facturen kloppen al maanden niet",
    "Weer een verkeerde factuur gekregen van Telvoro",
]


def terms_of(texts: list[str], causes: list[int], language: Language, **extra: object) -> list[str]:
    found = find_key_terms(texts, [language] * len(texts), causes, **extra)  # type: ignore[arg-type]
    return [term.text for term in found[0, language]]


def test_find_key_terms_sets_causes_apart() -> None:
    found = find_key_terms(WAITING + BILLING, [NL] * 6, [0, 0, 0, 1, 1, 1])
    assert any("wacht" in term.text for term in found[0, NL])
    assert any("factu" in term.text for term in found[1, NL])
    assert not any("factu" in term.text for term in found[0, NL])


def test_find_key_terms_counts_forms_together() -> None:
    texts = ["de factuur hapert", "alle facturen ontbreken", "weer die factuur!"]
    found = find_key_terms(texts, [NL] * 3, [0, 0, 0])
    (term,) = [term for term in found[0, NL] if term.text == "factuur"]
    assert term.n_complaints == 3


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            NL,
            ["De app van Telvoro hapert", "Bij Telvoro hapert de app", "de app hapert in Utrecht"],
        ),
        (EN, ["The app of Telvoro stalls", "At Telvoro the app stalls", "app stalls in London"]),
    ],
)
def test_no_term_is_a_name_a_place_or_a_stop_word(language: Language, texts: list[str]) -> None:
    words = {word for term in terms_of(texts, [0, 0, 0], language) for word in term.split()}
    assert words & {"app"}
    assert not words & {"telvoro", "utrecht", "london", "de", "the", "in", "van", "of"}


def test_no_term_is_a_handle_or_a_redaction_tag() -> None:
    texts = ["@FlyAlba lost bag of [NAAM]", "flyalba lost bag again", "lost bag, call [TELEFOON]"]
    words = {word for term in terms_of(texts, [0, 0, 0], EN) for word in term.split()}
    assert "bag" in words
    assert not words & {"flyalba", "naam", "telefoon"}


def test_excluded_terms_name_nothing() -> None:
    texts = ["meter kapot", "meter kapot gegaan", "de meter is kapot"]
    assert not any("meter" in term for term in terms_of(texts, [0, 0, 0], NL, excluded=["Meter"]))


@pytest.mark.parametrize(
    ("language", "texts", "phrase"),
    [
        (NL, ["niet bereikbaar per telefoon", "jullie zijn niet bereikbaar"], "niet bereikbaar"),
        (EN, ["no reply to my emails", "still no reply"], "no reply"),
    ],
)
def test_a_negation_opens_a_phrase(language: Language, texts: list[str], phrase: str) -> None:
    assert phrase in terms_of(texts, [0, 0], language)


@pytest.mark.parametrize("text", ["", "😡😡", "de het een", "x" * 4000])
def test_texts_without_terms_give_none(text: str) -> None:
    found = find_key_terms([text], [NL], [0])
    assert all(len(term.text) > 2 for terms in found.values() for term in terms)


def test_find_names_sees_capitals_inside_sentences() -> None:
    texts = ["Klacht over Telvoro en de Monteur", "de monteur kwam", "een monteur van Telvoro"]
    assert find_names(texts, NL) == {"telvoro"}


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        (NL, ["klacht", "klachten"]),
        (NL, ["wacht", "wachten", "gewacht", "wachtte"][:3]),
        (NL, ["brief", "brieven"]),
        (NL, ["monteur", "monteurs"]),
        (NL, ["prijs", "prijzen"]),
        (NL, ["kosten", "kost"]),
        (EN, ["delivery", "deliveries"]),
        (EN, ["cancel", "cancelled", "cancels", "cancelling"][:1]),
        (EN, ["charge", "charged", "charges", "charging"]),
        (EN, ["stop", "stopped", "stopping"]),
        (EN, ["parcel", "parcels"]),
        (EN, ["broken", "broke", "break"]),
    ],
)
def test_lemma_key_joins_forms(language: Language, forms: list[str]) -> None:
    assert len({lemma_key(form, language) for form in forms}) == 1


@pytest.mark.parametrize("pair", [("bus", "bu"), ("dienst", "dien")])
def test_lemma_key_keeps_words_apart(pair: tuple[str, str]) -> None:
    assert lemma_key(pair[0], NL) != lemma_key(pair[1], NL)


def term(text: str, n_complaints: int = 2) -> KeyTerm:
    return KeyTerm(text=text, score=3.0 * n_complaints, n_complaints=n_complaints)


def test_names_are_phrases_or_two_words() -> None:
    names = name_causes(
        {
            (0, NL): (term("lang in de wacht"), term("telefoon")),
            (0, EN): (term("queue"), term("phone")),
        },
        1,
    )
    assert (names[0].nl, names[0].en) == ("Lang in de wacht · telefoon", "Queue · phone")
    assert names[0].borrowed == ()


def test_names_in_a_language_without_terms_are_borrowed() -> None:
    (name,) = name_causes(
        {(0, NL): (term("kapotte lift"),)},
        1,
        topic_names={0: {NL: ("Gebouw",), EN: ("Facilities",)}},
    )
    assert name.en == "Facilities (kapotte lift)"
    assert name.borrowed == (EN,)
    assert name.in_language(NL) == "Kapotte lift"


def test_names_differ() -> None:
    terms = {(cause, NL): (term("te duur"), term("prijs")) for cause in range(4)}
    names = [name.nl for name in name_causes(terms, 4)]
    assert len(set(names)) == 4


def test_names_exist_without_terms() -> None:
    first, second = name_causes({}, 2)
    assert first.nl
    assert first.nl != second.nl


def test_a_phrase_that_few_complaints_hold_stands_behind_the_topic() -> None:
    terms = {
        (0, Language.NL): (term("zolen piepen", 2), term("kraakt", 2), term("nat", 1)),
        (1, Language.NL): (term("lang in de wacht", 9),),
    }
    topics = {row: {Language.NL: ("Kwaliteit",)} for row in (0, 1)}
    sizes = {(0, Language.NL): 50, (1, Language.NL): 50}
    weak, firm = name_causes(terms, 2, topic_names=topics, sizes=sizes)
    assert weak.nl == "Kwaliteit (zolen piepen · kraakt)"
    assert firm.nl == "Lang in de wacht"
    assert weak.borrowed == firm.borrowed == (Language.EN,)


def test_a_language_of_few_complaints_borrows_its_name() -> None:
    terms = {
        (0, Language.NL): (term("ecocheques geweigerd", 9),),
        (0, Language.EN): (term("weight in microfibres", 2),),
    }
    sizes = {(0, Language.NL): 40, (0, Language.EN): 2}
    topics = {0: {Language.EN: ("Payment",)}}
    (name,) = name_causes(terms, 1, topic_names=topics, sizes=sizes)
    assert (name.nl, name.en) == ("Ecocheques geweigerd", "Payment (ecocheques geweigerd)")
    assert name.borrowed == (Language.EN,)


@pytest.mark.parametrize(
    ("language", "text", "words", "phrases"),
    [
        (
            NL,
            "De factuur klopt niet. Te duur",
            ["factuur", "klopt", "duur"],
            {"factuur", "factuur klopt niet", "klopt niet", "te duur"},
        ),
        (NL, "app te openen", ["app", "openen"], {"app", "openen"}),
        (EN, "no reply with the parcel", ["reply", "parcel"], {"reply", "no reply", "parcel"}),
    ],
)
def test_cut_phrases_ends_where_a_customer_would(
    language: Language, text: str, words: list[str], phrases: set[str]
) -> None:
    keys = {lemma_key(word, language) for word in words}
    found = {phrase.text for phrase in cut_phrases(Reader(language).read(text), keys)}
    assert phrases <= found
    assert not any(text.split()[-1] in {"te", "no", "with", "the"} for text in found)
    assert "te openen" not in found


@pytest.mark.parametrize(
    ("language", "texts", "words"),
    [
        (
            NL,
            ["kapotte rits", "kapotte rits alweer", "slot hapert", "het slot hapert"],
            "rits slot",
        ),
        (EN, ["broken zip", "a broken zip", "lock jams", "the lock jams"], "zip lock"),
    ],
)
def test_the_first_two_terms_cover_what_the_other_does_not(
    language: Language, texts: list[str], words: str
) -> None:
    first, second, *_ = terms_of(texts, [0] * 4, language)
    assert {word for word in words.split() if word in f"{first} {second}"} == set(words.split())
    assert not set(first.split()) & set(second.split())


def test_a_dutch_word_counts_its_compounds() -> None:
    texts = ["de rits hapert", "rits hapert", "ritssluiting kapot"]
    (term,) = [
        term for term in find_key_terms(texts, [NL] * 3, [0] * 3)[0, NL] if "rits" in term.text
    ]
    assert term.n_complaints == 3


def test_a_word_at_home_in_the_other_language_names_nothing() -> None:
    texts = ["letter about rekening", "letter with rekening"] + ["de rekening klopt"] * 8
    found = find_key_terms(texts, [EN] * 2 + [NL] * 8, [0] * 10)
    assert [term.text for term in found[0, EN]] == ["letter"]


def test_what_one_of_many_complaints_says_is_no_key_term() -> None:
    texts = [
        "purple elephants",
        *(f"unlike{chr(97 + row)} words{chr(97 + row)}" for row in range(9)),
    ]
    assert (0, EN) not in find_key_terms(texts, [EN] * 10, [0] * 10)


def test_a_long_second_phrase_gives_way() -> None:
    terms = (term("niet aangebeld door de bezorger"), term("pakket bij de buren"), term("regen"))
    (name,) = name_causes({(0, NL): terms}, 1)
    assert name.nl == "Niet aangebeld door de bezorger · regen"
    assert len(name.nl) <= MAX_LENGTH


def test_causes_of_one_topic_without_terms_take_their_second_topic() -> None:
    topics = {row: {EN: ("Price", f"Topic {row}")} for row in range(2)}
    first, second = name_causes({}, 2, topic_names=topics)
    assert (first.en, second.en) == ("Price", "Price · Topic 1")


def test_a_term_at_home_in_all_causes_names_none() -> None:
    common = KeyTerm(text="tent", score=1.0, n_complaints=9)
    topics = {0: {EN: ("Quality",)}}
    (name,) = name_causes({(0, EN): (common,)}, 1, topic_names=topics, sizes={(0, EN): 20})
    assert name.en == "Quality"


@pytest.mark.parametrize(
    ("text", "n_complaints", "name"),
    [
        ("invoice", 20, "Billing (invoice)"),
        ("wrong invoice", 2, "Billing (wrong invoice)"),
        ("wrong invoice", 5, "Wrong invoice"),
    ],
)
def test_a_lone_word_or_a_rare_phrase_stands_behind_its_topic(
    text: str, n_complaints: int, name: str
) -> None:
    terms = {(0, EN): (term(text, n_complaints),)}
    topics = {0: {EN: ("Billing",)}}
    assert name_causes(terms, 1, topic_names=topics, sizes={(0, EN): 20})[0].en == name


def test_themes_bear_the_names_of_their_main_topics() -> None:
    topics = {
        0: {NL: ("Levering", "Prijs", "Algemeen"), EN: ("Delivery", "Price", "General")},
        1: {NL: ("Levering", "Prijs"), EN: ("Delivery", "Price")},
        2: {NL: ("Prijs",), EN: ("Price",)},
    }
    names = name_themes(topics, 4)
    assert [name.nl for name in names] == [
        "Levering · Prijs",
        "Levering",
        "Prijs",
        "Overige klachten",
    ]
    assert [name.en for name in names][:2] == ["Delivery · Price", "Delivery"]
