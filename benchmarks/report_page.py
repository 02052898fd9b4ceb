"""Looks at a report as readers do: in Chromium, wide and narrow, light and dark, and printed.

::

    pip install selenium                     # and chromium with its driver, from the system
    npm pack axe-core && tar xzf axe-core-*.tgz
    python -m benchmarks.report_page report/report.html --axe package/axe.min.js --out screens/

Prints a line per finding: messages in the console, content wider than the window, violations of
the accessibility rules; and writes a screenshot per part and a PDF. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
MAX_HEIGHT = 4000
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
_WIDER = """
const inside = ".scroll, .contents, .sr, [hidden], svg";
return [...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(inside))
  .map((each) => `${each.tagName.toLowerCase()}.${each.className}`);
"""
_PARTS = """
const parts = [document.querySelector(".masthead"), ...document.querySelectorAll("section")];
return parts.map((part) => {
  const box = part.getBoundingClientRect();
  return [part.id || "head", box.top + scrollY, box.height];
});
"""
_AXE = """
const done = arguments[0];
axe.run(document, { resultTypes: ["violations"] }).then((result) => done(
  result.violations.map((each) => [each.id, each.impact, each.nodes.map((node) => node.target)])
));
"""


def main() -> None:
    """Look at a page and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--axe", type=Path, help="axe.min.js of the npm package axe-core")
    parser.add_argument("--out", type=Path, help="folder for screenshots and the PDF")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    profile = tempfile.mkdtemp()
    driver = start_browser(profile)
    try:
        found = {
            "page": given.page.name,
            "bytes": given.page.stat().st_size,
            "views": [look(driver, given.page, width, given.axe, given.out) for width in WIDTHS],
        }
        if given.out:
            print_page(driver, given.out / f"{given.page.stem}.pdf")
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
    for view in found["views"]:
        print(f"{found['page']}, {found['bytes']} bytes, {view['width']} pixels wide:")
        for kind in ("console", "wider", "violations"):
            print(f"  {kind}: {view[kind] or 'nothing'}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def start_browser(profile: str) -> Any:
    """A headless Chromium that keeps its console."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    driver.set_script_timeout(180)
    return driver


def look(driver: Any, page: Path, width: int, axe: Path | None, out: Path | None) -> dict[str, Any]:
    """Findings at one width."""
    resize(driver, width, 900)
    driver.get(page.resolve().as_uri())
    found = {
        "width": width,
        "console": [entry["message"] for entry in driver.get_log("browser")],
        "wider": driver.execute_script(_WIDER),
        "violations": [],
    }
    if out:
        take_screenshots(driver, width, out, page.stem)
    if axe:
        driver.execute_script(axe.read_text(encoding="utf-8"))
        for scheme in SCHEMES:
            emulate(driver, "prefers-color-scheme", scheme)
            found["violations"] += [[scheme, *each] for each in driver.execute_async_script(_AXE)]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    return found


def take_screenshots(driver: Any, width: int, out: Path, stem: str) -> None:
    """One picture per part of the page."""
    for name, top, height in driver.execute_script(_PARTS):
        clip = {"x": 0, "y": top, "width": width, "height": min(height, MAX_HEIGHT), "scale": 1}
        shot = driver.execute_cdp_cmd(
            "Page.captureScreenshot",
            {"format": "png", "captureBeyondViewport": True, "clip": clip},
        )
        (out / f"{stem}-{width}-{name}.png").write_bytes(base64.b64decode(shot["data"]))


def print_page(driver: Any, target: Path) -> None:
    """The page on A4, as a browser prints it by default: without backgrounds."""
    paper = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True}
    pdf = driver.execute_cdp_cmd("Page.printToPDF", {**paper, "printBackground": False})
    target.write_bytes(base64.b64decode(pdf["data"]))


def resize(driver: Any, width: int, height: int) -> None:
    """A window of a real width: Chromium makes no window under 500 pixels by itself."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )


def emulate(driver: Any, feature: str, value: str) -> None:
    """What a reader set in the system."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": feature, "value": value}]}
    )


if __name__ == "__main__":
    main()
