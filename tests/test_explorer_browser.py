"""The explorer in a real browser, as a page of its own and in JupyterLab: what is moved, shown and downloaded is right.

Every figure that the page shows is compared with what Python gives for the same settings. A request to any host but the
page's own fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

import sim
from sim.explore.answers import Answer
from sim.explore.panels import per_customer
from sim.explore.settings import Settings
from sim.present.rounding import rounded
from sim.scenario import Scenario
from sim.scenario_file import to_yaml

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 120_000  # milliseconds until what should come is given up; it usually comes within three seconds
CUSTOMERS = 100
SURPLUS, DEPTH = "rules.surplus", "firms.Trusted.strategy.depth"
TO_READ = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  document.querySelectorAll(".roi-page *").forEach((node) => {
    const own = [...node.childNodes].some((part) => part.nodeType === 3 && part.textContent.trim());
    if (!own || !node.getClientRects().length || ["STYLE", "OPTION"].includes(node.tagName)) return;
    const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(node.tagName + " " + node.className + ": " + node.textContent);
  });
  return faint;
}"""
"""Texts with less than 4.5:1 of contrast to what is behind them (WCAG 2.1, level AA)."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: the explorer cannot be tried in a browser"),
]


@pytest.fixture(scope="module")
def market() -> Scenario:
    """A market of which thirty replications take a second."""
    small = {"customers.count": CUSTOMERS, "horizon_months": 6}
    return sim.load(ROOT / "scenarios" / "retail.yaml").with_(small)


@pytest.fixture(scope="module")
def place(market: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of the repository: the notebook, and scenarios beside it."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "scenarios").mkdir()
    (folder / "notebooks").mkdir()
    (folder / "scenarios" / "retail.yaml").write_text(to_yaml(market, brief=True), encoding="utf-8")
    shutil.copy(ROOT / "notebooks" / "explorer.ipynb", folder / "notebooks")
    return folder


@contextmanager
def running(*command: str, cwd: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that writes to ``log``, ended by Ctrl-C at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1"}
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=cwd, env=environment, stdout=out, stderr=subprocess.STDOUT,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        try:
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise


def until(there: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What something gives once it gives anything."""
    end = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    """Where `roi explore` says that it is; at the end Ctrl-C leaves neither a process nor an error behind."""
    import psutil  # type: ignore[import-untyped]

    log = place / "explore.txt"
    with running("sim", "explore", "--no-browser", cwd=place, log=log) as server:
        said = until(lambda: re.match(r"The explorer is at (http://127\.0\.0\.1:\S+)\n", log.read_text()))
        yield str(said[1])
        kernels = psutil.Process(server.pid).children(recursive=True)
        assert kernels
    assert server.returncode == 0
    assert re.fullmatch(r"The explorer is at \S+\nCtrl-C ends it.\n", log.read_text())
    _, left = psutil.wait_procs(kernels, 10)
    assert not left


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@contextmanager
def visit(browser: Any, address: str, **how: Any) -> Iterator[Any]:
    """A page of a visitor of its own; what it asks other hosts for is a failure, and so is an error of its scripts."""
    strangers: list[str] = []
    errors: list[str] = []
    own = address.split("/")[2]

    def watch(request: Any) -> None:
        if not request.url.startswith(("data:", "blob:")) and request.url.split("/")[2] != own:
            strangers.append(request.url)

    context = browser.new_context(accept_downloads=True, **how)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("request", watch)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert not strangers
    assert not errors


def shown(page: Any, scenario: Scenario) -> None:
    """Wait until the page has settled on a scenario, and hold its figures against Python's."""
    comparison = sim.compare(scenario)
    page.get_by_text(f"Settled: 30 replications of {CUSTOMERS} customers").wait_for()
    page.wait_for_function(
        "text => document.querySelector('.roi-finding').textContent === text", arg=comparison.finding
    )
    gain = rounded(*per_customer(Answer(Settings.of(scenario), comparison)), signed=True)
    assert page.locator(".roi-answer .roi-gain").inner_text() == f"{gain.value} USD per customer"
    assert page.locator(".roi-answer .roi-between").inner_text().endswith(f": {gain.interval}")
    assert page.locator(".roi-hash").inner_text() == scenario.hash
    row = page.get_by_role("row", name="Operating margin, whole run").inner_text().split("\t")
    table = comparison.head_to_head.set_index(["firm", "measure"])
    for firm, cell in zip(scenario.firms, row[1:], strict=True):
        each: Any = table.loc[(firm, "margin")]
        assert cell.strip() == rounded(each["value"], each["low"], each["high"], percent=True).plus_minus


def pictures(page: Any) -> list[str]:
    return [str(one.get_attribute("src")) for one in page.locator(".roi-figure img").all()]


def row(page: Any, label: str) -> Any:
    return page.locator(".roi-row").filter(has=page.get_by_label(label, exact=True))


def reads(page: Any, one: Any, value: str) -> None:
    """Wait until the number beside a slider says so."""
    page.wait_for_function("([node, text]) => node.value === text", arg=[one.locator("input").element_handle(), value])


def test_a_slider_that_is_moved_by_keyboard_changes_figures_and_pictures_to_what_python_gives(
    browser: Any, address: str, market: Scenario, tmp_path: Path
) -> None:
    with visit(browser, address, viewport={"width": 1280, "height": 800}) as page:
        shown(page, market)
        page.locator(".roi-wide img").wait_for()
        before = pictures(page)
        assert len(before) == 7
        assert all(one.get_attribute("alt") for one in page.locator(".roi-figure img").all())

        page.get_by_role("button", name="Rules").click()
        one = row(page, "Value of a fitting offer")
        handle = one.get_by_role("slider")
        assert handle.get_attribute("aria-label") == "Value of a fitting offer"
        assert "0 to 0.25. Source: assumption" in one.locator("label").first.get_attribute("title")
        handle.focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
        reads(page, one, "0.12")
        changed = market.with_({SURPLUS: 0.12})
        shown(page, changed)
        after = pictures(page)
        assert all(old != new for old, new in zip(before, after, strict=True)), "the point on the map has moved, too"

        with page.expect_download() as download:
            page.get_by_role("link", name="figures", exact=True).click()
        assert download.value.suggested_filename == f"retail-{changed.hash}-summary.csv"
        download.value.save_as(tmp_path / "summary.csv")
        summary = sim.compare(changed).summary
        saved = pd.read_csv(tmp_path / "summary.csv").set_index("measure")
        assert saved["value"].to_list() == pytest.approx(summary["value"].to_list(), rel=1e-12)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download picture (PNG)").first.click()
        download.value.save_as(tmp_path / "picture.png")
        with Image.open(tmp_path / "picture.png") as picture:
            assert picture.size == (896, 640)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as a scenario file (YAML)").click()
        download.value.save_as(tmp_path / "mine.yaml")
        assert sim.load(tmp_path / "mine.yaml").hash == changed.hash

        page.get_by_role("button", name="Undo").click()
        reads(page, one, "0.1")
        page.wait_for_function("hash => document.querySelector('.roi-hash').textContent === hash", arg=market.hash)
        with page.expect_file_chooser() as chooser:
            page.locator(".roi-upload").click()
        chooser.value.set_files(tmp_path / "mine.yaml")
        shown(page, changed)


def test_an_error_is_a_sentence_beside_its_slider_and_two_users_do_not_mix(
    browser: Any, address: str, market: Scenario
) -> None:
    with visit(browser, address) as one, visit(browser, address, viewport={"width": 390, "height": 844}) as other:
        number = row(one, "Depth of personalisation").locator("input")
        number.fill("3")
        number.press("Enter")
        alert = row(one, "Depth of personalisation").get_by_role("alert")
        alert.wait_for()
        assert "is 3; it must be a number from 0 to 1 (share)" in alert.inner_text()
        number.fill("0.2")
        number.press("Enter")
        alert.wait_for(state="detached")

        choice = other.get_by_label("How it asks for consent")
        choice.select_option("banner")
        shown(one, market.with_({DEPTH: 0.2}))
        shown(other, market.with_({"firms.Trusted.strategy.consent": "banner"}))
        assert row(other, "Depth of personalisation").locator("input").input_value() == "0.6"

        for name in ("as it was", ""):
            one.get_by_label("Name", exact=True).fill(name)
            one.get_by_label("Name", exact=True).press("Enter")
            one.get_by_role("button", name="Save these settings").click()
            one.get_by_role("button", name=f"Load {name or 'A'}", exact=True).wait_for()
        assert "Paired" not in other.locator(".roi-main").inner_text()
        assert other.locator(".roi-saved").count() == 0
        assert one.locator(".roi-saved thead th").all_inner_texts() == ["", "as it was", "A"]

        # A phone shows everything within its width, in letters dark enough to be read
        edges = "() => [...document.querySelectorAll('.roi-page > *')].map(e => e.getBoundingClientRect().right)"
        assert max(other.evaluate(edges)) <= 390
        for page in (one, other):
            assert page.evaluate(TO_READ) == []


def test_the_same_widgets_work_in_jupyterlab(browser: Any, place: Path, market: Scenario) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = ["--no-browser", "--ServerApp.ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=", "--allow-root",
             "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    address = f"http://127.0.0.1:{port}/lab/tree/explorer.ipynb"

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with running("jupyterlab", *quiet, cwd=place / "notebooks", log=place / "lab.txt"):
        until(answers)
        with visit(browser, address, viewport={"width": 1280, "height": 1000}) as page:
            page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
            page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()

            def runs() -> bool:  # a kernel that has only just come up may not hear it
                page.get_by_role("menuitem", name="Run", exact=True).click()
                page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
                page.wait_for_timeout(5_000)
                return bool(page.locator(".roi-page").count())

            until(runs)
            page.locator(".roi-figure img").first.wait_for()
            before = pictures(page)
            handle = row(page, "Depth of personalisation").get_by_role("slider")
            handle.focus()
            for _ in range(5):
                handle.press("ArrowLeft")
            reads(page, row(page, "Depth of personalisation"), "0.55")
            shown(page, market.with_({DEPTH: 0.55}))
            assert pictures(page)[0] != before[0]
