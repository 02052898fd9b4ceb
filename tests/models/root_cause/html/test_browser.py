"""The page in a real browser, where one is installed: its scripts run, and nothing is logged."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from html_report_fakes import HOSTILE, assignments, facts, report, taxonomy

from models.domain import Language
from models.root_cause.html import render_html
from models.root_cause.report import MapPoint

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The page after its scripts have run, and what the browser logged of it."""
    folder: Path = tmp_path_factory.mktemp("browser")
    points = (
        MapPoint(x=0.5, y=0.5, cause_id="C001", text=HOSTILE),
        MapPoint(x=0.7, y=0.1, cause_id=None, text=""),
    )
    rows = [replace(item, language=Language.EN) for item in assignments()]
    page = folder / "report.html"
    page.write_text(
        render_html(
            report(map_points=points), rows, language="nl", taxonomy=taxonomy(), facts=facts()
        ),
        encoding="utf-8",
    )
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-quic", f"--user-data-dir={folder / 'profile'}",
            "--enable-logging=stderr", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, check=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_scripts_run_under_the_policy_of_the_page(opened: tuple[str, str]) -> None:
    dom, log = opened
    assert "CONSOLE" not in log
    assert "4 van 4 klachten" in dom
    assert "Bladzijde 1 van 1" in dom


def test_controls_appear_once_scripts_run(opened: tuple[str, str]) -> None:
    controls = re.findall(r'<(?:form|div)[^>]*data-part="(\w+)"[^>]*>', opened[0])
    assert sorted(controls) == ["filter", "map", "table"]
    assert not re.search(r'data-part="\w+"[^>]*hidden', opened[0])
    assert '<optgroup label="channel">' in opened[0]


def test_hostile_text_stays_text_in_the_table(opened: tuple[str, str]) -> None:
    table = opened[0].partition('<table class="complaints">')[2].partition("</table>")[0]
    assert "&lt;img src=x" in table
    assert "<img" not in table


def test_complaints_in_another_language_say_so(opened: tuple[str, str]) -> None:
    table = opened[0].partition('<table class="complaints">')[2].partition("</table>")[0]
    assert table.count('lang="en"') == 4
