"""`roi deck` and `roi report` write whole files from scenarios and saved results, or say in a sentence why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli import main
from sim.present.saved import save_case
from tests.cases import case, comparison

TWO = str(Path(__file__).resolve().parent.parent / "scenarios" / "two-kinds.yaml")


def roi(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_case(case(), tmp_path_factory.mktemp("results") / "case")


def test_saved_results_become_a_deck_and_a_report(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert roi("deck", str(saved), "-o", str(tmp_path / "a.pptx"), "--accent", "#FFEE00") == 0
    said = capsys.readouterr()
    assert "11 slides" in said.out
    assert "main colour #FFEE00 has a contrast of" in said.err
    assert roi("report", str(saved), "-o", str(tmp_path / "r.html")) == 0
    assert case().comparison.scenario.hash in capsys.readouterr().out
    assert (tmp_path / "a.pptx").stat().st_size > 50_000
    assert f"roi report {saved}" in (tmp_path / "r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--seed", "2"), "has its comparison already; --seed goes with a scenario file"),
        (("--quick",), "holds all results already; without --quick"),
        (("--accent", "blue"), "--accent is 'blue', which is no colour"),
        (("--template", "none.pptx"), "none.pptx cannot be opened (it is not there)"),
        (("-o", "a.ppt"), "one that ends in .pptx would be right"),
        (("--region", "nowhere"), "there are no results in nowhere"),
    ],
)
def test_what_does_not_go_together_is_refused_in_one_sentence(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], said: str
) -> None:
    where = () if "-o" in more else ("-o", str(tmp_path / "a.pptx"))
    assert roi("deck", str(saved), *where, *more) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_map_is_no_comparison_and_a_comparison_no_map(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert roi("deck", str(saved / "region"), "-o", str(tmp_path / "a.pptx")) == 2
    assert "holds other results; a comparison" in capsys.readouterr().err
    only = comparison().save(tmp_path / "compared")
    assert roi("deck", TWO, "-o", str(tmp_path / "a.pptx"), "--region", str(only)) == 2
    assert "holds other results; a map" in capsys.readouterr().err
