"""Whatever is wrong with what `roi` is given, it says so in one sentence, leaves with 2 and has written nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_cli import RETAIL, SMALL, TWO, Roi, roi

__all__ = ["roi"]

FIRMS = "firms:\n  A: {strategy: trusted}\n  B: {strategy: uniform}\n"

BAD_FILES: dict[str, tuple[str | bytes, str]] = {
    "misspelt key": (f"{FIRMS}costumers: {{}}\n", "line 4: unknown key costumers; did you mean customers?"),
    "wrong type": (f"{FIRMS}horizon_months: soon\n", "line 4: horizon_months is the text 'soon'"),
    "out of range": (f"{FIRMS}rules: {{surplus: 3}}\n", "line 4: rules.surplus is 3; it must be a number from 0 to 1"),
    "a mixture that does not sum to one": (
        f"{FIRMS}customers: {{segments: {{a: {{share: 0.5}}, b: {{share: 0.6}}}}}}\n",
        "the shares of the segments must sum to 1, but sum to 1.1",
    ),
    "two firms of one name": (f"{FIRMS}  A: {{strategy: uniform}}\n", "line 4"),
    "unknown preset": ("firms: {A: {strategy: trustful}}\n", "'trustful', which is no strategy"),
    "empty": ("", "nothing is written here"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "is not UTF-8"),
    "a tag that runs code": (
        'firms: {A: !!python/object/apply:os.system ["touch SENTINEL"]}\n',
        "the tag !!python/object/apply:os.system is not allowed",
    ),
    "no mapping": ("- 1\n- 2\n", "a scenario is a mapping"),
    "no YAML": ("firms: {A: {\n", "this is not valid YAML"),
}


def refused(roi: Roi, *arguments: str) -> str:
    """The one sentence that is said, after checking that it is the only thing."""
    code, out, err = roi(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("roi: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err.removeprefix("roi: ").strip()


@pytest.mark.parametrize("command", ["run", "compare", "check", "trace"])
@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_scenario_is_refused_in_one_sentence(
    roi: Roi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, command: str
) -> None:
    content, said = BAD_FILES[case]
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bad.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    more = ["--customer", "1"] if command == "trace" else ["--out", "new"] if command in ("run", "compare") else []
    sentence = refused(roi, command, "bad.yaml", *more)
    assert sentence.startswith("bad.yaml")
    assert said in sentence
    assert [one.name for one in tmp_path.iterdir()] == ["bad.yaml"]  # no results, and no SENTINEL


LOGS = {
    "bad dates": ("customer,date,amount\n1,soon,3\n", "line 2: 'soon' is not a date"),
    "nothing but returns": ("customer,date,amount\n1,2023-01-05,-3\n", "there are only returns, no purchase"),
    "no repeat buyers": (
        "customer,date,amount\n" + "".join(f"{n},2023-01-{1 + n % 28:02d},{n + 1}\n" for n in range(80)),
        "none of 80 customers bought on a second day",
    ),
    "too few": ("customer,date,amount\n1,2023-01-05,3\n", "1 customers are too few"),
    "no columns": ("one,two\n3,4\n", "no column for the customer"),
    "empty": ("", ""),
}


@pytest.mark.parametrize("case", LOGS)
def test_a_bad_purchase_log_is_refused_in_one_sentence(roi: Roi, tmp_path: Path, case: str) -> None:
    content, said = LOGS[case]
    path = tmp_path / "log.csv"
    path.write_text(content)
    sentence = refused(roi, "compare", TWO, *SMALL, "--transactions", str(path), "--out", str(tmp_path / "new"))
    assert said in sentence
    assert "log.csv" in sentence
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]


OPTIONS = {
    "no such file": (["check", "nowhere.yaml"], "there is no file nowhere.yaml"),
    "a folder": (["check", "."], "is a folder"),
    "unknown firm": (
        ["compare", TWO, "--firm", "Trust"],
        "firm 'Trust' is not in two-kinds; its firms are",
    ),
    "unknown strategy": (["compare", TWO, "--against", "trust"], "there is no strategy 'trust'"),
    "a setting without a value": (["run", TWO, "--set", "rules.surplus"], "'rules.surplus' sets nothing"),
    "a setting of nothing": (["run", TWO, "--set", "rules.surplu=1"], "did you mean rules.surplus"),
    "a setting that is wrong": (["run", TWO, "--set", "rules.surplus=a"], "rules.surplus is the text 'a'"),
    "a setting that is no YAML": (["run", TWO, "--set", "rules.surplus=["], "cannot be read"),
    "precision too large": (["compare", TWO, "--precision", "1.5"], "precision must be between 0 and 1"),
    "precision not a number": (["compare", TWO, "--precision", "nan"], "precision must be between 0 and 1"),
    "precision no number": (["compare", TWO, "--precision", "fine"], "'--precision': 'fine' is no number"),
    "no replications": (["compare", TWO, "--replications", "0"], "replications must be a whole number of at least 1"),
    "half a replication": (["compare", TWO, "--replications", "2.5"], "'2.5' is no whole number"),
    "a negative seed": (["run", TWO, "--seed", "-1"], "seed must be a whole number from 0"),
    "a seed in words": (["run", TWO, "--seed", "lucky"], "'--seed': 'lucky' is no whole number"),
    "an unknown engine": (["run", TWO, "--customers", "herd"], "'herd' is not one of 'crowd', 'agents'"),
    "an unknown option": (["run", TWO, "--sed", "1"], "no such option: --sed"),
    "an unknown command": (["compar", TWO], "no such command 'compar'. Did you mean 'compare'?"),
    "no scenario": (["run"], "missing argument 'SCENARIO'"),
    "two scenarios": (["run", TWO, RETAIL], "unexpected extra argument"),
    "no customer": (["trace", TWO], "missing option '--customer'"),
    "a customer too many": (
        ["trace", TWO, "--customer", "10000"],
        "customer must be a number from 0 to 9999",
    ),
    "a negative customer": (["trace", TWO, "--customer", "-1"], "customer must be a number from 0 to 9999, but is -1"),
    "no months": (["trace", TWO, "--customer", "1", "--months", "0"], "months must be from 1 to 60"),
    "too many months": (["trace", TWO, "--customer", "1", "--months", "61"], "months must be from 1 to 60"),
    "no purchase log": (["run", TWO, "--transactions", "nowhere.csv"], "nowhere.csv"),
    "a picture of no kind": (
        ["compare", TWO, "--plot", "gain.jpg"],
        "one that ends in .png, .svg, .pdf would",
    ),
    "a picture in no folder": (["compare", TWO, "--plot", "no/gain.png"], "no/gain.png cannot be written"),
    "no folder of scenarios": (["scenarios", "nowhere"], "there is no folder nowhere"),
    "a folder without scenarios": (["scenarios", "."], "there is no scenario in ."),
    "a schema in no folder": (["schema", "-o", "no/s.json"], "no/s.json cannot be"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_options_are_refused_in_one_sentence(
    roi: Roi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    arguments, said = OPTIONS[case]
    monkeypatch.chdir(tmp_path)
    assert said in refused(roi, *arguments)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["run", "compare"])
@pytest.mark.parametrize("place", ["file", "file/new", "missing/new", "full", "/proc/new"])
def test_a_folder_that_cannot_take_results_is_refused_before_the_work(
    roi: Roi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, command: str
) -> None:
    def worked(*_: object, **__: object) -> None:
        raise AssertionError("worked before looking where to write")

    if place == "/proc/new" and not Path("/proc").is_dir():
        pytest.skip("there is no /proc, where nobody can write")
    monkeypatch.setattr("sim.experiment.compare.simulate", worked)
    monkeypatch.setattr("sim.market.simulate", worked)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    refused(roi, command, TWO, *SMALL, "--out", str(tmp_path / place))
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["file", "full", "mine.txt"]
