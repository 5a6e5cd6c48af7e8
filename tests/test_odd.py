"""``docs/odd.md`` says what the code does: equations, processes, parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import rules
from sim.errors import InputError
from sim.market import PROCESSES
from sim.market.audit import fine_share
from sim.market.breach import breach_hazard
from sim.market.closing import closing
from sim.market.review import copy_probability
from sim.present import parameters
from sim.quantity import Provenance, provenance
from sim.rulebook import Rules
from sim.scenario import Scenario
from sim.strategy import FRAMES, LEVERS, PRESETS
from sim.world import Baskets
from tests.equations import evaluated

TEXT = parameters.DOCUMENT.read_text(encoding="utf-8")
SUBMODELS = TEXT.split("\n## 7 Submodels\n", 1)[1].split("\n## What differs", 1)[0]

PROCEDURES = {"trip", "think_again", "gamma_variate"}
"""Functions of the rulebook that string equations together or draw: described in words, without an equation."""

EQUATIONS: dict[str, Callable[..., Any]] = {
    **{
        name: function
        for name, function in vars(rules).items()
        if isinstance(function, FunctionType) and function.__module__ == rules.__name__ and name not in PROCEDURES
    },
    "breach_hazard": breach_hazard,
    "fine_share": fine_share,
    "copy_probability": copy_probability,
}


# Equations --------------------------------------------------------------------------------------------------------


SHARES = (
    "threshold", "trust", "control", "respect", "memory", "value_share", "vigilance", "attention", "transparency",
    "known", "suits", "participation", "security", "fine_cap", "fine_median", "depth", "allowed", "used", "tolerated",
    "own", "rival", "last",
)  # fmt: skip
LUCK = ("luck", "first", "second")
WHOLE = {"permission": (rules.UNASKED, rules.LEFT)}
SIGNED = ("taste",)


def values(name: str) -> st.SearchStrategy[Any]:
    """Plausible values of an argument."""
    if name in WHOLE:
        return st.integers(*WHOLE[name])
    if name in LUCK:
        return st.floats(1e-9, 1.0 - 1e-9)
    if name in SHARES:
        return st.floats(0.0, 1.0)
    return st.floats(-3.0, 3.0) if name in SIGNED else st.floats(0.01, 20.0)


SOME_RULES = st.builds(
    Rules,
    **{
        name: st.floats(said.low, said.high)
        for name in Rules.model_fields
        for said in [provenance(Rules, name)]
        if said is not None and name not in ("leave_below", "withdraw_below")
    },
)


@pytest.mark.parametrize("name", EQUATIONS)
@given(data=st.data())
def test_the_equation_in_the_document_gives_what_the_function_gives(name: str, data: st.DataObject) -> None:
    function = EQUATIONS[name]
    some = data.draw(SOME_RULES) if "rules" in inspect.signature(function).parameters else Rules()
    given: dict[str, Any] = {"GRANTED": rules.GRANTED, "UNASKED": rules.UNASKED, "FRAME_OPT_OUT": rules.FRAME_OPT_OUT}
    given |= some.model_dump()
    if name == "basket_size":
        first, second, mean, sd = (data.draw(values(n)) for n in ("first", "second", "mean", "trust"))
        given |= {"normal": rules.normal, "mean": mean, "first": first, "second": second, "sd_within": sd}
        result = rules.basket_size(1, 0, 1, mean, first, second, Baskets(sd, 0.0), 1, 0)
    else:
        arguments: dict[str, Any] = {}
        for argument in inspect.signature(function).parameters:
            if argument == "rules":
                arguments[argument] = some
            elif argument == "consent":
                arguments[argument] = data.draw(st.integers(0 if name == "may_use" else 1, len(FRAMES) - 1))
            else:
                arguments[argument] = data.draw(values(argument))
        given |= arguments
        if name == "grant_probability":
            given["frame_odds"] = given[dict(FRAME_ROWS)[FRAMES[arguments["consent"]]]]
        result = function(**arguments)
    assert evaluated(TEXT, name, given) == pytest.approx(result, rel=1e-9, abs=1e-9)


FRAME_ROWS: list[tuple[str, str]] = re.findall(r"^\| ([\w-]+) \| `(grant_\w+)` \|", TEXT, flags=re.M)


def test_every_frame_that_asks_has_its_odds_in_the_document() -> None:
    assert [frame for frame, _ in FRAME_ROWS] == list(FRAMES[1:])


def test_a_wrong_equation_would_be_noticed() -> None:
    wrong = TEXT.replace("threshold · (1 + tolerance_trust", "threshold · (1 − tolerance_trust")
    assert wrong != TEXT
    given = {**Rules().model_dump(), "threshold": 0.5, "trust": 0.8, "control": 0.0}
    assert evaluated(wrong, "tolerance", given) != pytest.approx(rules.tolerance(0.5, 0.8, 0.0, Rules()))


@pytest.mark.parametrize("name", sorted(PROCEDURES - {"trip"}))
def test_every_procedure_of_the_rulebook_is_described_by_name(name: str) -> None:
    assert f"`{name}`" in SUBMODELS


@pytest.mark.parametrize("name", Rules.model_fields)
def test_every_parameter_of_the_rules_is_used_in_the_submodels(name: str) -> None:
    assert re.search(rf"\b{name}\b", SUBMODELS)


@pytest.mark.parametrize("name", LEVERS)
def test_every_lever_is_used_in_the_submodels(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXT.split("\n## 5 Initialisation\n", 1)[1].split("\n## What differs", 1)[0])


# Processes --------------------------------------------------------------------------------------------------------


def test_every_market_process_is_described_in_the_order_in_which_it_acts() -> None:
    rows = re.findall(r"^\| \d* ?\| `(\w+)` \| ([\d, ]+) \|", TEXT, flags=re.M)
    assert [name for name, _ in rows] == ["closing", *(process.__name__ for process in PROCESSES)]


NUMBERED = [process for process in (closing, *PROCESSES) if (process.__doc__ or "").startswith("Submodel")]


@pytest.mark.parametrize("process", NUMBERED, ids=lambda process: process.__name__)
def test_a_process_and_the_document_name_the_same_submodels(process: Callable[..., Any]) -> None:
    said = (process.__doc__ or "").partition(":")[0].partition(", at")[0]
    row = re.search(rf"^\| \d* ?\| `{process.__name__}` \| ([\d, ]+) \|", TEXT, flags=re.M)
    assert row is not None
    assert re.findall(r"\d+", row[1]) == re.findall(r"\d+", said)


def test_the_document_has_the_sixteen_submodels() -> None:
    assert re.findall(r"^### (\d+) ", SUBMODELS, flags=re.M) == [str(k) for k in range(1, 17)]


def test_the_seven_elements_of_odd_are_there_in_order() -> None:
    assert re.findall(r"^## (\d) (\w+)", TEXT, flags=re.M) == [
        ("1", "Purpose"), ("2", "Entities"), ("3", "Process"), ("4", "Design"), ("5", "Initialisation"),
        ("6", "Input"), ("7", "Submodels"),
    ]  # fmt: skip


# Tables -----------------------------------------------------------------------------------------------------------


def block(name: str) -> str:
    """One generated part of the document."""
    return TEXT.split(f"<!-- {name}: begin -->", 1)[1].split(f"<!-- {name}: end -->", 1)[0]


def rows_of(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


ROWS = list(rows_of(block("parameters")))
SAME = dict(re.findall(r"^\*\*`(.+)`\*\* – the same as `(.+)`\.", block("parameters"), flags=re.M))


def rows_at(path: str) -> list[list[str]]:
    return [cells for cells in ROWS if cells[0].strip("` ") == path]


MARKETS = [  # between them they have every part of which a number has a default
    Scenario.model_validate({"firms": {"A": {}}, "customers": customers, "review": {}, "entry_exit": {}})
    for customers in (
        {},
        {"lapse": {}, "segments": {"S": {}}, "basket": {"kind": "gamma-gamma"}},
        {"lapse": {"kind": "lifetime"}},
    )
]


def in_table(path: str) -> str:
    """Where the table lists the number at a path: any firm's as ``firms.*``, what is the same in one place only."""
    path = path.replace("firms.A", "firms.*").replace("segments.S", "segments.*")
    for part, listed in SAME.items():
        if path.startswith(f"{part}."):
            return path.replace(part, listed, 1)
    return path


NUMBERS = [(in_table(path), value, said) for market in MARKETS for path, value, said in market.assumptions()]


@pytest.mark.parametrize(("path", "value", "said"), NUMBERS, ids=[path for path, _, _ in NUMBERS])
def test_the_table_says_of_each_number_what_the_code_says(path: str, value: float, said: Provenance) -> None:
    matching = [cells for cells in rows_at(path) if float(cells[4]) == value]
    assert matching, f"{path} is {value} in the code; the table has {[cells[4] for cells in rows_at(path)]}"
    _, symbol, meaning, unit, _, plausible, source = matching[0]
    assert (symbol.strip("`"), meaning, unit, source) == (said.symbol, said.meaning, said.unit, said.source)
    if said.idle is not None and said.idle == value:
        assert plausible.endswith(f", unless {value:g}"), "with that value it does nothing, and is known for sure"
        assert said.low == said.high == value
        return
    assert [float(end) for end in plausible.split(" to ")] == [said.low, said.high]


MARKET, FIRM = MARKETS[0], MARKETS[0].firms["A"]


@pytest.mark.parametrize(
    ("path", "default"),
    [
        ("horizon_months", MARKET.horizon_months),
        ("customers.count", MARKET.customers.count),
        ("customers.neighbours", MARKET.customers.neighbours),
        ("firms.*.economics.staff_count", FIRM.economics.staff_count),
        ("firms.*.enters_month", FIRM.enters_month),
    ],
)
def test_the_table_says_of_each_setting_what_the_code_says(path: str, default: int) -> None:
    assert [int(cells[4]) for cells in rows_at(path)] == [default]


@pytest.mark.parametrize("lever", LEVERS)
def test_the_levers_of_the_presets_are_those_of_the_code(lever: str) -> None:
    (cells,) = [cells for cells in rows_of(block("presets")) if cells[0].strip("` ") == lever]
    for cell, preset in zip(cells[1:], PRESETS.values(), strict=True):
        value = getattr(preset, lever)
        assert cell == value if isinstance(value, str) else float(cell) == value


def test_no_row_is_about_something_that_the_code_does_not_know() -> None:
    code = {one.path for part in parameters.parts() for one in part.parameters}
    assert {cells[0].strip("` ") for cells in ROWS} == code
    assert {path for path, _, _ in NUMBERS} <= code


def test_writing_the_tables_again_changes_nothing() -> None:
    assert parameters.rewritten(TEXT) == TEXT, "run python -m sim.present.parameters"


def test_a_document_without_markers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="parameters: begin"):
        parameters.rewritten("# no markers")
    empty = tmp_path / "odd.md"
    empty.write_text("# no markers", encoding="utf-8")
    assert parameters.main(empty) == 2
    assert "both markers would be right" in capsys.readouterr().err


def test_a_stale_table_is_written_anew(tmp_path: Path) -> None:
    stale = tmp_path / "odd.md"
    stale.write_text(TEXT.replace("| 0.186 |", "| 0.5 |"), encoding="utf-8")
    assert parameters.main(stale) == 0
    assert stale.read_text(encoding="utf-8") == TEXT
