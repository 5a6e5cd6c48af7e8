"""Scenario files: what is right is read, what is wrong is told in one sentence with place, value and remedy."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.files.tree import parse
from sim.scenario import Scenario
from sim.scenario_file import load, read, register, to_yaml

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
FIRM = "firms:\n  A: {strategy: trusted}\n"  # lines 1 and 2
BASE = read(FIRM)


def refused(tmp_path: Path, content: str | bytes) -> str:
    """What is said about a file, without its name."""
    path = tmp_path / "bad.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError) as caught:
        load(path)
    said = str(caught.value)
    assert said.startswith(str(path)), said
    assert "\n" not in said
    return said.removeprefix(str(path))


LINE_3 = {
    # misspelt
    "costumers: {}": "unknown key costumers; did you mean customers?",
    "customers: {tresholds: {}}": "unknown key customers.tresholds; did you mean threshold?",
    "  B: {strategy: {dept: 0.5}}": "unknown key firms.B.strategy.dept; did you mean depth?",
    "  B: {depth: 0.5}": "unknown key firms.B.depth; did you mean strategy.depth?",
    "gross_margin: 0.3": "unknown key gross_margin; did you mean firms.<name>.economics.gross_margin?",
    "review: {temprature: 1}": "unknown key review.temprature; did you mean temperature?",
    "review: {zzz: 1}": "unknown key review.zzz; one of every_months, temperature would be right",
    "notes: {}": "unknown key notes; notes stand beside the number, as in {value: 0.3, source: …}",
    "rules: {surplus: {value: 0.1, sorce: x}}": "unknown key rules.surplus.sorce; did you mean source?",
    "customers: {basket: {kind: gamma-gamma, sd_within: 1}}": (
        "unknown key customers.basket.sd_within; did you mean shape_within?"
    ),
    "events: [{kind: change, month: 1, levers: {legacy_data: 1}}]": (
        "unknown key events.0.levers.legacy_data; one of depth, respect, consent, value_share, memory, transparency, "
        "control, mixing, misuse, resale, security, contact_rate, price, monitoring would be right"
    ),
    "events: [{kind: change, month: 1, levers: trusted}]": (
        "events.0.levers is the text 'trusted'; it must be a mapping of levers to values"
    ),
    "events: [{kind: change, month: 1, levers: {prce: 1}}]": ("unknown key events.0.levers.prce; did you mean price?"),
    # of the wrong kind
    "rules: {surplus: yes}": ("rules.surplus is the text 'yes'; it must be a number from 0 to 1 (share of the basket)"),
    "rules: {surplus: true}": "rules.surplus is true; it must be a number from 0 to 1 (share of the basket)",
    "rules: {surplus: '0.3'}": (
        "rules.surplus is the text '0.3'; it must be a number from 0 to 1 (share of the basket), "
        "written without quotation marks"
    ),
    "rules: {surplus: 30%}": (
        "rules.surplus is the text '30%'; it must be a number from 0 to 1 (share of the basket), so perhaps 0.3"
    ),
    "rules: {surplus: }": "rules.surplus is empty; it must be a number from 0 to 1 (share of the basket)",
    "rules: {surplus: [1]}": "rules.surplus is a list; it must be a number from 0 to 1 (share of the basket)",
    "customers: {count: 10.5}": ("customers.count is 10.5; it must be a whole number from 10 to 10000000 (customers)"),
    "customers: {count: {value: false}}": (
        "customers.count is false; it must be a whole number from 10 to 10000000 (customers)"
    ),
    "customers: 3": "customers is 3; it must be a mapping of keys to values",
    "customers: {segments: [1]}": "customers.segments is a list; it must be a mapping of names to mappings",
    "events: {month: 1}": "events is a mapping; it must be a list",
    "events: [3]": "events.0 is 3; it must be a mapping of keys to values",
    "  B:": "firms.B is empty; it must be a mapping of keys to values",
    "title: 1997": "title is 1997; it must be text, so put it in quotation marks",
    "title: [a]": "title is a list; it must be text",
    "  B: {strategy: 3}": "firms.B.strategy is 3; it must be the name of a strategy or a mapping of keys to values",
    # out of range
    "rules: {surplus: 1.5}": "rules.surplus is 1.5; it must be a number from 0 to 1 (share of the basket)",
    "rules: {surplus: {value: -1, source: x}}": (
        "rules.surplus is -1; it must be a number from 0 to 1 (share of the basket)"
    ),
    "rules: {trust_weight: .inf}": (
        "rules.trust_weight is inf; it must be a number from 0 to 100 (utility per unit of trust)"
    ),
    "rules: {trust_weight: .nan}": (
        "rules.trust_weight is nan; it must be a number from 0 to 100 (utility per unit of trust)"
    ),
    "customers: {count: 5}": "customers.count is 5; it must be a whole number from 10 to 10000000 (customers)",
    "events: [{kind: change, month: 1, levers: {depth: 3}}]": (
        "events.0.levers.depth is 3; it must be a number from 0 to 1 (share)"
    ),
    "events: [{kind: law, month: -1}]": "events.0.month is -1; it must be a whole number from 0 to 1200 (months)",
    "entry_exit: {entrants: [{depth: 2}]}": (
        "entry_exit.entrants.0.depth is 2; it must be a number from 0 to 1 (share)"
    ),
    "strategies: {mine: {preset: trusted, depth: 2}}": (
        "strategies.mine.depth is 2; it must be a number from 0 to 1 (share)"
    ),
    # missing
    "events: [{kind: law}]": "events.0.month is missing; it must be a whole number from 0 to 1200 (months)",
    "events: [{kind: breach, month: 1}]": "events.0.firm is missing; it must be text",
    "events: [{month: 3}]": "events.0.kind is missing; one of change, breach, expose, law, society would be right",
    "rules: {surplus: {source: x}}": (
        "rules.surplus has notes but no value; value must be a number from 0 to 1 (share of the basket)"
    ),
    # not one of the words
    "events: [{kind: chang, month: 3}]": "events.0.kind is the text 'chang'; did you mean change?",
    "events: [{kind: 7, month: 3}]": "events.0.kind is 7; one of change, breach, expose, law, society would be right",
    "customers: {basket: {kind: uniform}}": (
        "customers.basket.kind is the text 'uniform'; one of lognormal, gamma-gamma would be right"
    ),
    "  B: {strategy: {consent: promt}}": "firms.B.strategy.consent is the text 'promt'; did you mean prompt?",
    "  B: {strategy: trusty}": ("firms.B.strategy is the text 'trusty', which is no strategy; did you mean trusted?"),
    "  B: {strategy: {preset: [trusted]}}": (
        "firms.B.strategy.preset is a list, which is no strategy; one of uniform, trusted, extractive would be right"
    ),
    "strategies: {mine: later, later: trusted}": (
        "strategies.mine is the text 'later', which is no strategy; one of uniform, trusted, extractive would be right"
    ),
    "events: [{kind: breach, month: 1, firm: B}]": (
        "events.0.firm is the text 'B', which is no firm; one of A would be right"
    ),
    # units and notes
    "rules: {surplus: {value: 0.1, unit: percent}}": (
        "rules.surplus is given in 'percent'; its unit is 'share of the basket'"
    ),
    "horizon_months: {value: 5, unit: years}": "horizon_months is given in 'years'; its unit is 'months'",
    "rules: {surplus: {value: 0.1, range: 0.3}}": (
        "rules.surplus.range is not a range; [low, high] with two numbers would be right"
    ),
    "rules: {surplus: {value: 0.1, range: [0.3, 0.2]}}": (
        "rules.surplus.range is not a range; [low, high] with two numbers would be right"
    ),
    "rules: {surplus: {value: 0.1, se: small}}": "rules.surplus.se is the text 'small'; it must be a number",
    "rules: {surplus: {value: 0.1, n: 2.5}}": "rules.surplus.n is 2.5; it must be a whole number",
    "rules: {surplus: {value: 0.1, source: 2020}}": (
        "rules.surplus.source is 2020; it must be text, so put it in quotation marks"
    ),
    # values that do not go together
    "customers: {threshold: {at_zero: 0.9, at_one: 0.5}}": (
        "customers.threshold: at_zero + at_one must be at most 1, but is 1.4"
    ),
    "customers: {segments: {a: {share: 0.3}}}": ("customers: the shares of the segments must sum to 1, but sum to 0.3"),
    "events: [{kind: change, month: 4, until: 2, levers: {}}]": "events.0: until must be after month 4, but is 2",
    # names
    "  A: {}": "firms.A is written a second time (first in line 2); remove one or give it another name",
    "  A.b: {}": "'A.b' is no name that firms can use; words without dots and equals signs would be right",
    "  '': {}": "'' is no name that firms can use; words without dots and equals signs would be right",
    # not plain data
    "title: !!python/object/apply:os.system [ls]": (
        "the tag !!python/object/apply:os.system is not allowed; "
        "a scenario holds plain text, numbers, lists and mappings"
    ),
    "title: !env HOME": "the tag !env is not allowed; a scenario holds plain text, numbers, lists and mappings",
    "title: !!int ten": "'ten' cannot be read as !!int",
    "customers: &c {threshold: *c}": "the aliases (*) refer to themselves or grow without end",
    "<<: {title: x}": "the merge key << is not allowed; write the keys out",
    "? [title]\n: x": "a key must be a word, not a list or a mapping",
    # not YAML
    "title: 'open": (
        "this is not valid YAML (something is opened here and never closed); "
        "check the indentation, colons, brackets and quotation marks here and just above"
    ),
    "\ttitle: x": "this is not valid YAML (a tab cannot start a word); indent with blanks",
    "title: *x": ("this is not valid YAML (found undefined alias 'x'); put text that begins with * in quotation marks"),
    "---\ntitle: x": (
        "this is not valid YAML (a second document begins here); keep one scenario in a file, without ---"
    ),
    "title: a\x07": "the character '\\x07' is not allowed in YAML; remove it",
}


@pytest.mark.parametrize("text", LINE_3)
def test_what_is_wrong_in_a_line_is_told_with_line_key_value_and_remedy(text: str, tmp_path: Path) -> None:
    assert refused(tmp_path, FIRM + text + "\n") == f", line 3: {LINE_3[text]}"


def test_an_annotated_value_is_found_in_its_own_line(tmp_path: Path) -> None:
    text = FIRM + "rules:\n  surplus:\n    source: x\n    value: 7\n"
    assert refused(tmp_path, text).startswith(", line 6: rules.surplus is 7; ")


def test_the_first_of_several_problems_is_told_and_the_others_are_counted(tmp_path: Path) -> None:
    text = FIRM + "rules:\n  surplus: 7\n  sirplus: 1\nevents:\n- {kind: law, month: x}\n"
    said = refused(tmp_path, text)
    assert said == ", line 4: rules.surplus is 7; it must be a number from 0 to 1 (share of the basket) (and 2 more)"


def test_a_problem_is_not_counted_again_for_what_follows_from_it(tmp_path: Path) -> None:
    said = refused(tmp_path, "firms:\n  A: 3\nevents:\n- {kind: breach, month: 1, firm: A}\n")
    assert said == ", line 2: firms.A is 3; it must be a mapping of keys to values"


def test_a_file_without_firms_is_told_so(tmp_path: Path) -> None:
    assert refused(tmp_path, "title: x") == ", line 1: firms is missing; it must be a mapping of names to mappings"
    assert refused(tmp_path, "firms: {}") == ", line 1: firms has 0 entries; at least 1 would be right"
    many = "firms:\n" + "".join(f"  F{i}: {{}}\n" for i in range(13))
    assert refused(tmp_path, many) == ", line 1: firms has 13 entries; at most 12 would be right"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~"])
def test_an_empty_file_is_told_what_a_scenario_needs(text: str, tmp_path: Path) -> None:
    assert "nothing is written here; a scenario names at least its firms" in refused(tmp_path, text)


@pytest.mark.parametrize(("text", "what"), [("- a\n- b", "a list"), ("retail", "the text 'retail'"), ("3", "3")])
def test_a_file_that_is_no_mapping_is_told_so(text: str, what: str, tmp_path: Path) -> None:
    assert refused(tmp_path, text) == f": a scenario is a mapping (key: value), but this is {what}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (FIRM.encode() + b"title: \xff\xfe", ", line 3: byte 0xff is not UTF-8; save it as text in UTF-8"),
        (FIRM.encode("utf-16"), ", line 1: byte 0xff is not UTF-8; save it as text in UTF-8"),
        (b"PK\x03\x04", ", line 1: the character '\\x03' is not allowed in YAML; remove it"),
        (b"#" * 1_000_001, " is larger than a megabyte; a scenario has a few thousand characters"),
        (b"a: " + b"[" * 5_000, ": the text is nested too deeply; a scenario has about six levels"),
    ],
    ids=["bytes", "utf-16", "archive", "huge", "deep"],
)
def test_a_file_that_is_no_readable_text_is_told_so(content: bytes, said: str, tmp_path: Path) -> None:
    assert refused(tmp_path, content) == said


def test_aliases_of_aliases_do_not_explode(tmp_path: Path) -> None:
    lines = ["a0: &a0 [1, 1]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    assert "the aliases (*) refer to themselves or grow without end" in refused(tmp_path, "\n".join(lines))


def test_a_missing_file_is_told_with_the_nearest_that_exists(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"retial\.yaml; did you mean .*retail\.yaml\?$"):
        load(ROOT / "scenarios" / "retial.yaml")
    with pytest.raises(InputError, match=r"; the scenarios there are airline\.yaml, alike\.yaml, bank\.yaml"):
        load(ROOT / "scenarios" / "zzzzzzzz")
    with pytest.raises(InputError, match=r"x\.yaml; there is no scenario in that folder$"):
        load(tmp_path / "x.yaml")
    with pytest.raises(InputError, match=r"x\.yaml, nor a folder .*nowhere$"):
        load(tmp_path / "nowhere" / "x.yaml")


def test_a_folder_or_an_impossible_path_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; a scenario is one file"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"cannot be read .*; a readable YAML file would be right"):
        load("a\0b")
    with pytest.raises(InputError, match=r"cannot be read \(File name too long\)"):
        load(tmp_path / ("x" * 5_000))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(FIRM)
    path.chmod(0)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        load(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E-3", 0.001),
        (".5", 0.5),
        ("1.", 1.0),
        ("5.0e-1", 0.5),
        ("+0.5", 0.5),
        ("00.5", 0.5),
        ("1", 1.0),
    ],
)
def test_numbers_are_read_however_people_write_them(text: str, value: float) -> None:
    assert read(FIRM + f"rules: {{surplus: {text}}}").rules.surplus == value


@pytest.mark.parametrize(("text", "value"), [("1e4", 10_000), ("10_000", 10_000), ("0100", 100), ("250.0", 250)])
def test_whole_numbers_are_read_however_people_write_them(text: str, value: int) -> None:
    count = read(FIRM + f"customers: {{count: {text}}}").customers.count
    assert (count, type(count)) == (value, int)


def test_names_are_taken_as_they_are_written() -> None:
    scenario = read("firms: {no: {}, 1e3: {}, null: {}, The Rival: {}, 2024-01-01: {}}")
    assert list(scenario.firms) == ["no", "1e3", "null", "The Rival", "2024-01-01"]
    assert read("title: no\nfirms: {A: {}}").title == "no"


def test_a_firm_may_be_called_like_a_key() -> None:
    text = "strategies: {levers: trusted}\nfirms: {levers: {strategy: levers}, kind: {appeal: 1}, value: {}, notes: {}}"
    scenario = read(text).with_({"firms.kind": {}, "firms.levers.strategy.legacy_data": 1, "firms.value.appeal": 2})
    assert list(scenario.firms) == ["levers", "kind", "value", "notes"]
    assert read(to_yaml(scenario)) == scenario


def test_a_scenario_is_called_after_its_file_unless_it_gives_a_name(tmp_path: Path) -> None:
    path = tmp_path / "my shop.yaml"
    path.write_text(FIRM, encoding="utf-8-sig")
    assert load(path).name == "my shop"
    path.write_text(FIRM + "name: Mine")
    assert load(str(path)).name == "Mine"


ANNOTATED = [
    ("horizon_months", "horizon_months: {value: 12, unit: months, source: x}"),
    ("customers.count", "customers: {count: {value: 500, unit: customers, source: x}}"),
    ("customers.threshold.at_zero", "customers: {threshold: {at_zero: {value: 0.2, unit: share, source: x}}}"),
    ("customers.basket.mean", "customers: {basket: {mean: {value: 20, source: x}}}"),
    ("customers.basket.shape_within", "customers: {basket: {kind: gamma-gamma, shape_within: {value: 2, source: x}}}"),
    ("customers.lapse.a", "customers: {lapse: {a: {value: 1, source: x}}}"),
    (
        "customers.segments.s.vigilance.mean",
        "customers: {segments: {s: {share: 1, vigilance: {mean: {value: 0.3, source: x}}}}}",
    ),
    ("rules.surplus", "rules: {surplus: {value: 0.2, unit: 'share  of the basket', source: x}}"),
    ("firms.B.strategy.depth", "  B: {strategy: {preset: trusted, depth: {value: 0.3, source: x}}}"),
    ("firms.B.strategy.consent", "  B: {strategy: {consent: {value: banner, source: x}}}"),
    ("firms.B.economics.gross_margin", "  B: {economics: {gross_margin: {value: 0.3, source: x}}}"),
    ("firms.B.enters_month", "  B: {enters_month: {value: 3, source: x}}"),
    ("strategies.mine.depth", "strategies: {mine: {preset: trusted, depth: {value: 0.3, source: x}}}"),
    ("review.temperature", "review: {temperature: {value: 0.1, source: x}}"),
    ("events.0.levers.price", "events: [{kind: change, month: 2, levers: {price: {value: 0.9, source: x}}}]"),
    ("events.0.month", "events: [{kind: law, month: {value: 2, source: x}}]"),
    ("entry_exit.entrants.0.depth", "entry_exit: {entrants: [{depth: {value: 0.2, source: x}}]}"),
]


@pytest.mark.parametrize(("path", "text"), ANNOTATED)
def test_any_number_can_say_where_it_comes_from(path: str, text: str) -> None:
    scenario = read(FIRM + text)
    assert {name: note.source for name, note in scenario.notes.items()} == {path: "x"}
    assert read(to_yaml(scenario)) == scenario


def test_a_note_keeps_everything_that_was_said() -> None:
    note = read(FIRM + "rules: {surplus: {value: 0.2, range: [0, 1], note: y, se: 1, n: 30}}").notes["rules.surplus"]
    assert note.model_dump() == {"source": None, "unit": None, "range": (0.0, 1.0), "note": "y", "se": 1.0, "n": 30}


def test_firms_can_share_what_is_written_once() -> None:
    scenario = read("firms: {A: {economics: &e {gross_margin: {value: 0.4, source: x}}}, B: {economics: *e}}")
    assert scenario.firms["A"] == scenario.firms["B"]
    assert set(scenario.notes) == {"firms.A.economics.gross_margin", "firms.B.economics.gross_margin"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_comes_back_the_same_from_what_is_written(path: Path) -> None:
    scenario = load(path)
    again = read(to_yaml(scenario))
    assert again == scenario
    assert again.hash == scenario.hash


WORDS = st.from_regex(r"[^\s.=]+( [^\s.=]+)*", fullmatch=True, alphabet=st.characters(codec="utf-8"))


@given(
    title=st.text(st.characters(codec="utf-8")),
    firm=WORDS,
    source=st.text(st.characters(codec="utf-8")),
    surplus=st.floats(0, 1),
    appeal=st.floats(-20, 20),
    count=st.integers(10, 10_000_000),
)
def test_whatever_is_written_is_read_back_the_same(
    title: str, firm: str, source: str, surplus: float, appeal: float, count: int
) -> None:
    scenario = Scenario.model_validate(
        {
            "title": title,
            "firms": {firm: {"strategy": "extractive", "appeal": appeal}},
            "rules": {"surplus": surplus},
            "customers": {"count": count},
            "notes": {"rules.surplus": {"source": source, "range": (surplus, 1.0)}},
        }
    )
    again = read(to_yaml(scenario))
    assert again == scenario
    assert again.hash == scenario.hash


@given(st.text(st.sampled_from("ab:{}[],-?&*!|>'\"%@`#\n\t 01.e~<")))
def test_whatever_text_is_given_only_an_input_error_comes_out(text: str) -> None:
    with contextlib.suppress(InputError):
        read(text)


KEYS = (
    "firms A strategy depth preset value unit range events kind month levers firm customers basket segments share "
    "strategies entry_exit entrants notes x.y"
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["trusted", "change", "law", "0.5", "A"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
    max_leaves=12,
)
PLACES = st.sampled_from(["firms", "firms.A", "events", "customers", "strategies", "entry_exit", "rules", "title"])


@given(st.dictionaries(PLACES, ANYTHING, min_size=1))
def test_whatever_data_are_given_only_an_input_error_comes_out(data: dict[str, object]) -> None:
    said = ""
    try:
        BASE.with_(data)
    except InputError as error:
        said = str(error)
    assert "\n" not in said
    assert "Input should" not in said


def test_lines_are_remembered_for_every_key_and_every_entry_of_a_list() -> None:
    tree = parse("a:\n  b: 1\n  c:\n  - x\n  - {d: 2}\n")
    assert tree.data == {"a": {"b": 1, "c": ["x", {"d": 2}]}}
    at = {path: line for path, line in tree.lines.items() if path}
    assert at == {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("a", "c", 0): 4, ("a", "c", 1): 5, ("a", "c", 1, "d"): 5}


def test_the_register_lists_every_quantity_with_what_stands_behind_it() -> None:
    scenario = read(FIRM + "rules: {surplus: {value: 0.3, source: a survey}, trust_weight: {value: 7, range: [1, 9]}}")
    table = register(scenario).set_index("path")
    assert set(table.index) == {path for path, _, _ in scenario.assumptions()}
    assert not table.drop(columns=["meaning", "se", "n"]).isna().to_numpy().any()
    assert (table.loc["rules.surplus", "evidence"], table.loc["rules.breach_rate", "evidence"]) == (
        "published",
        "assumed",
    )
    row = table.loc["rules.surplus"]
    assert (row["value"], row["unit"], row["source"]) == (0.3, "share of the basket", "a survey")
    assert (row["low"], row["high"], bool(row["outside"])) == (0.0, 0.25, True)
    assert list(table.index[table["outside"]]) == ["rules.surplus"]
    assert table.loc["rules.trust_weight", "high"] == 9.0


def test_the_register_lists_settings_about_which_the_file_says_something() -> None:
    table = register(
        read(
            FIRM + "customers: {count: {value: 500, source: our list, range: [600, 900]}}\n"
            "events: [{kind: change, month: 2, levers: {price: {value: 0.9, source: plan}, consent: {value: none}}}]"
        )
    ).set_index("path")
    assert table.loc["customers.count"].drop(["meaning", "se", "n"]).to_dict() == {
        "value": 500.0, "unit": "customers", "low": 600.0, "high": 900.0, "source": "our list",
        "evidence": "published", "outside": True,
    }  # fmt: skip
    assert table.loc["events.0.levers.price", "unit"] == "multiple of the market level"
    assert table["low"].isna().to_dict()["events.0.levers.price"]
    assert not table.loc["events.0.levers.price", "outside"]
