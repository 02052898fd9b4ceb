import re
from importlib import resources

import pytest

from models.root_cause.html.render import SCRIPTS, STYLES

FOLDER = resources.files("models.root_cause.html")
PAIRS = [
    ("ink", "paper"),
    ("ink", "panel"),
    ("quiet", "paper"),
    ("quiet", "panel"),
    ("accent", "paper"),
    ("accent", "panel"),
    ("cost", "paper"),
    ("warn", "warn-soft"),
    ("good", "good-soft"),
    ("cost", "cost-soft"),
    ("new", "new-soft"),
]
MARKS = ["bar", "bar-cost", "cost", "quiet", *(f"dot-{number}" for number in range(1, 9))]


def schemes() -> dict[str, dict[str, str]]:
    """Colours of the light and of the dark page."""
    css = FOLDER.joinpath("assets/page.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", css, re.S)[:2]
    )
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_page_text_stands_out_enough(scheme: str, text: str, ground: str) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[text], colours[ground]) >= 4.5  # WCAG 2.2, 1.4.3, level AA


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["panel", "paper"])
@pytest.mark.parametrize("mark", MARKS)
def test_page_marks_stand_out_enough(scheme: str, mark: str, ground: str) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[mark], colours[ground]) >= 3.0  # WCAG 2.2, 1.4.11, level AA


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_text_stands_out_on_the_deepest_tint_of_a_cross_table(scheme: str) -> None:
    styles = [FOLDER.joinpath(name).read_text(encoding="utf-8") for name in STYLES]
    shades = re.findall(r"--shade: (\d+) (\d+) (\d+);", styles[0])
    shade = [int(part) for part in shades[["light", "dark"].index(scheme)]]
    depth = max(int(each) for each in re.findall(r"var\(--shade\) / (\d+)%", styles[1])) / 100
    colours = schemes()[scheme]
    ground = [int(colours["paper"][place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [
        round(depth * over + (1 - depth) * under) for over, under in zip(shade, ground, strict=True)
    ]
    assert contrast(colours["ink"], "#{:02x}{:02x}{:02x}".format(*mixed)) >= 4.5


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_can_stand_within_a_page(name: str) -> None:
    text = FOLDER.joinpath(name).read_text(encoding="utf-8")
    assert "</script" not in text.lower()
    assert "<!--" not in text


@pytest.mark.parametrize("name", ["page.js", "table.js"])
def test_script_writes_text_never_markup(name: str) -> None:
    text = FOLDER.joinpath("assets", name).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
