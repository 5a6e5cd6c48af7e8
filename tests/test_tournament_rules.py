"""A rule in Python is locked in: it cannot read, write, reach the network, start, kill or hang anything, or cheat."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.strategy import PRESETS
from sim.tournament import rule_process
from sim.tournament.hand_in import HandIn
from sim.tournament.referee import trial
from sim.tournament.regulations import admitted
from sim.tournament.rule_process import LAYERS, Fault, RuleProcess, Unprotected

OWN = {"price": 1.0}
RIVALS = [{"price": 1.1}, {"price": 0.97}]
SYSTEM = ("limits", "landlock", "seccomp")


def asked(source: str, months: int = 1, layers: tuple[str, ...] = LAYERS) -> dict[str, object]:
    """What a rule answers after so many months."""
    with RuleProcess(layers=layers, unprotected=True) as process:
        process.load(source)
        for month in range(1, months + 1):
            process.ask(month, OWN, RIVALS)
            answer = process.answer(month)
        return answer.levers


def rule(body: str, before: str = "") -> str:
    lines = "\n    ".join(body.splitlines())
    return f"{before}\ndef rule(month, own, rivals, history):\n    {lines}\n"


def fault(source: str, layers: tuple[str, ...] = LAYERS, months: int = 1) -> str:
    with pytest.raises(Fault) as found:
        asked(source, months, layers)
    return str(found.value)


@pytest.fixture(scope="module")
def held() -> tuple[str, ...]:
    """The layers that this system has."""
    with RuleProcess(unprotected=True) as process:
        process.load(rule("return None"))
        return process.held


@pytest.fixture
def system(held: tuple[str, ...]) -> tuple[str, ...]:
    if "seccomp" not in held:
        pytest.skip("this system has no seccomp, and rules are refused on it unless a teacher says otherwise")
    return SYSTEM


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_process, "PATIENCE", 1.0)


# --- what a rule may do ----------------------------------------------------------------------------------------------
def test_a_rule_answers_from_figures_and_from_what_it_saw_before() -> None:
    body = (
        "import math\nprint(own)\nreturn {'price': min(r['price'] for r in rivals), 'depth': math.sqrt(len(history))}"
    )
    assert asked(rule(body), months=5) == {"price": 0.97, "depth": 2.0}


def test_a_rule_keeps_what_it_remembers_within_a_market_and_not_beyond() -> None:
    source = rule("seen.append(month)\nreturn {'depth': len(seen) / 10}", "seen = []")
    assert [asked(source, months=3), asked(source, months=3)] == [{"depth": 0.3}] * 2


def test_honest_python_passes_the_source_check() -> None:
    source = '''
"""A rule with a class, a match, and the usual line for trying it out."""
from math import sqrt


class Memory:
    def __init__(self):
        self.prices = {}


memory = Memory()


def rule(month, own, rivals, history):
    match own:
        case {"price": float(price)}:
            memory.prices[month] = sqrt(price)
    words = {word for word in "to be or not to be".split()}
    return {"consent": "prompt" if sorted(words)[0] == "be" else "none"}


if __name__ == "__main__":
    print(rule(1, {}, [], []))
'''
    assert asked(source) == {"consent": "prompt"}


def test_sets_of_words_have_the_same_order_in_every_process() -> None:
    source = rule("return {word: 1 for word in {'price', 'depth', 'control', 'resale', 'mixing', 'respect'}}")
    assert len({tuple(asked(source)) for _ in range(4)}) == 1


# --- what a rule may not do ------------------------------------------------------------------------------------------
ATTACKS = {
    "reads a rival's file": "open('{rival}').read()",
    "reads any file": "open('/etc/hostname').read()",
    "reads what the parent's process tells": "import os\nopen('/proc/%d/environ' % os.getppid()).read()",
    "lists a folder": "import os\nos.listdir('/')",
    "writes a file": "open('{loot}', 'w').write('x')",
    "makes a folder": "import os\nos.mkdir('{loot}')",
    "removes a file": "import os\nos.remove('{rival}')",
    "opens a socket": "import _socket\n_socket.socket()",
    "reaches a server": "import _socket\n_socket.socket().connect(('127.0.0.1', {port}))",
    "sends a datagram": "import _socket\n_socket.socket(2, 2).sendto(b'x', ('127.0.0.1', {port}))",
    "forks": "import os\nos.fork()",
    "executes": "import os\nos.execv('/bin/sh', ['sh', '-c', 'touch {loot}'])",
    "calls the shell": "import os\nos.system('touch {loot}')",
    "starts a program": "import subprocess\nsubprocess.run(['touch', '{loot}'])",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "calls the system by ctypes": "import ctypes\nctypes.CDLL(None).open(b'/etc/hostname', 0)",
    "sleeps": "import time\ntime.sleep(60)",
}  # fmt: skip
EVALUATED = {
    "recovers os through subclasses": (
        "for one in ().__class__.__mro__[1].__subclasses__():\n"
        "    if one.__name__ == '_wrap_close':\n"
        "        raise Exception(one.__init__.__globals__['__builtins__']['open']('{rival}').read())"
    ),
    "recovers open through a frame": (
        "try:\n    1 / 0\nexcept Exception as error:\n"
        "    frame = error.__traceback__.tb_frame\n"
        "while 'sys' not in frame.f_globals:\n"
        "    frame = frame.f_back\n"
        "raise Exception(frame.f_globals['sys'].modules['builtins'].open('{rival}').read())"
    ),
    "recovers os through the importing function": (
        "import math\n"
        "os = __builtins__['__import__'].__globals__['os']\n"
        "raise Exception(os.read(os.open('{rival}', 0), 100).decode())"
    ),
    "recovers open through a generator": (
        "one = (x for x in [1])\n"
        "frame = one.gi_frame\n"
        "next(one)\n"
        "importing = frame.f_builtins['__import__'].__globals__\n"
        "raise Exception(importing['sys'].modules['builtins'].open('{rival}').read())"
    ),
    "finds a class by a pattern": (
        "match 1:\n"
        "    case object(__class__=kind):\n"
        "        match kind:\n"
        "            case object(__base__=base):\n"
        "                match base:\n"
        "                    case object(__subclasses__=every):\n"
        "                        raise Exception('name: Rival' if len(every()) > 10 else '')"
    ),
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[dict[str, object]]:
    """A rival's file, a place that nothing may get to, and a server that nobody may reach."""
    rival = tmp_path / "rival.yaml"
    rival.write_text("name: Rival\n")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        yield {"rival": rival, "loot": tmp_path / "loot", "port": server.getsockname()[1]}
        with pytest.raises(TimeoutError):
            server.accept()
    assert rival.read_text() == "name: Rival\n"
    assert [one.name for one in tmp_path.iterdir()] == ["rival.yaml"]


def aimed(body: str, scene: dict[str, object]) -> str:
    for name, value in scene.items():
        body = body.replace(f"{{{name}}}", str(value))
    return rule(body)


@pytest.mark.parametrize("attack", [*ATTACKS, *EVALUATED])
def test_no_rule_gets_out(scene: dict[str, object], attack: str) -> None:
    said = fault(aimed({**ATTACKS, **EVALUATED}[attack], scene))
    assert "name: Rival" not in said
    assert said.startswith(("imports ", "uses ", "fails with "))


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_system_alone_keeps_a_rule_in(scene: dict[str, object], attack: str, system: tuple[str, ...]) -> None:
    said = fault(aimed(ATTACKS[attack], scene), system)
    assert said.startswith(("was stopped by the system", "fails with ImportError", "fails with ModuleNotFoundError"))


@pytest.mark.parametrize("attack", EVALUATED)
def test_taking_the_interpreter_apart_gets_out_of_restricted_words_alone(scene: dict[str, object], attack: str) -> None:
    """So that the next test, and the first, have something to hold."""
    assert "name: Rival" in fault(aimed(EVALUATED[attack], scene), ("builtins",))


@pytest.mark.parametrize("attack", [one for one in EVALUATED if one != "finds a class by a pattern"])
def test_the_system_keeps_in_who_takes_the_interpreter_apart(
    scene: dict[str, object], attack: str, system: tuple[str, ...]
) -> None:
    said = fault(aimed(EVALUATED[attack], scene), (*system, "builtins"))
    assert said.startswith("was stopped by the system")


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one != "sleeps"])
def test_the_audit_hook_alone_ends_an_attempt_that_a_rule_would_hide(scene: dict[str, object], attack: str) -> None:
    hidden = "\n".join(f"    {line}" for line in ATTACKS[attack].splitlines())
    source = aimed(f"try:\n{hidden}\nexcept BaseException:\n    return {{}}", scene)
    assert fault(source, ("audit",)).startswith("tried ")


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
@pytest.mark.parametrize("attack", ["reads a rival's file", "writes a file", "lists a folder", "makes a folder"])
def test_landlock_alone_keeps_files_away(scene: dict[str, object], attack: str, held: tuple[str, ...]) -> None:
    if "landlock" not in held:
        pytest.skip("this kernel has no Landlock")
    assert "Permission denied" in fault(aimed(ATTACKS[attack], scene), ("landlock",))


def test_nothing_is_inherited_and_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET", "42")
    kept = (tmp_path / "open").open("w")
    os.set_inheritable(kept.fileno(), True)
    source = rule(
        "import os, sys\n"
        "there = []\n"
        "for one in range(3, 256):\n"
        "    try:\n"
        "        os.fstat(one)\n"
        "        there.append(one)\n"
        "    except OSError:\n"
        "        pass\n"
        "told = [one for one in sys.orig_argv + sys.argv if 'tournament' in one and 'import' not in one]\n"
        "named = set(os.environ) - {'PYTHONHASHSEED', 'LC_CTYPE'}\n"
        "return {'descriptors': len(there), 'environment': len(named), 'told': len(told)}"
    )
    assert asked(source, layers=()) == {"descriptors": 0, "environment": 0, "told": 0}
    kept.close()


# --- what a rule cannot hang or swamp --------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("body", ["while True: pass", "9 ** 9 ** 9"])
def test_a_rule_that_never_ends_is_ended(body: str) -> None:
    busy = "does not answer within 20 seconds"  # of a machine that has no processor to spare
    assert fault(rule(body)) in ("takes more processor time than a rule has", busy)


@pytest.mark.usefixtures("impatient")
def test_a_rule_that_waits_for_ever_or_answers_too_late_is_not_waited_for() -> None:
    assert fault(rule("import os\nos.read(0, 1)"), ()) == "does not answer within 1 seconds"
    assert fault(rule("import time\ntime.sleep(3)\nreturn {}"), ()) == "does not answer within 1 seconds"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return [0] * 10**10", "needs more memory than a rule has (line 3)"),
        ("while True: own[len(own)] = bytearray(10**7) if False else 'x' * 10**7 + str(len(own))", "needs more memory"),
        ("return rule(month, own, rivals, history)", "calls itself without end (line 3)"),
        ("raise KeyError('price')", "fails with KeyError: 'price' (line 3)"),
        ("return 1 / 0", "fails with ZeroDivisionError: division by zero (line 3)"),
        ("return [1.0]", "answers with a list; a dict of levers, or None, would be right"),
        ("return {'price': [1]}", "answers with something else"),
        ("return {'price': 10**400}", "answers with far too large a number for price"),
        ("return {'a' * 10**5: 1.0}", "answers with more than 4,096 characters"),
        ("raise ValueError('\\x1b[2J' + 'x' * 1000)", "fails with ValueError: ?[2Jxxx"),
    ],
)
def test_a_rule_that_goes_wrong_is_told_of_in_a_few_words(body: str, said: str) -> None:
    found = fault(rule(body))
    assert found.startswith(said)
    assert len(found) < 250
    assert found.isprintable()


@pytest.mark.parametrize("layers", [(), LAYERS], ids=["unlocked", "locked"])
def test_leaving_is_no_way_out(layers: tuple[str, ...]) -> None:
    assert fault(rule("raise SystemExit(0)"), layers).startswith("fails with ")


@pytest.mark.parametrize(
    "noise",
    [
        'os.write(1, b\'{"month": 1, "levers": {"price": 0.5}}\\n\' * 50)',
        "os.write(1, b'no json\\n')",
        'os.write(1, b\'{"month": 7, "levers": {}}\\n\')',
        "os.write(1, b'[' * 3000 + b'\\n')",
        "os.write(1, b'[1]\\n')",
        "os.write(1, b'x' * 60000)",
        'os.write(1, b\'{"levers": "price", "month": 1}\\n\')',
        "os.close(1)",
        "os._exit(0)",
    ],
)
@pytest.mark.usefixtures("impatient")
def test_noise_on_the_line_is_a_fault_or_an_answer_and_nothing_else(noise: str) -> None:
    """Unlocked, a rule can write what it likes to its own line: it can only answer for its own firm."""
    source = rule(f"import os\n{noise}\nreturn None")
    try:
        said = str(asked(source, 3, ()))
    except Fault as found:
        said = str(found)
    assert said.startswith(("{'price': 0.5}", "answers ", "ended ", "closes ", "does not answer"))


@pytest.mark.parametrize("text", ["def rule(:", "x = 1", "1 / 0", "import os", "'" + "(" * 5000, "\0", "rule = 7"])
def test_what_is_no_rule_is_refused_before_any_market(text: str) -> None:
    assert fault(text)


def test_a_system_that_cannot_lock_rules_in_runs_none_unless_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = rule_process._room().replace('"x86_64": (', '"vax": (').replace('"aarch64": (', '"pdp11": (')
    monkeypatch.setattr(rule_process, "_room", lambda: elsewhere)
    with RuleProcess() as process, pytest.raises(Unprotected, match=r"seccomp is missing.*--allow-unprotected-rules"):
        process.load(rule("return None"))
    with RuleProcess(unprotected=True) as process:
        process.load(rule("return None"))
        assert "seccomp" not in process.held


def test_no_process_is_left_behind() -> None:
    with RuleProcess() as process:
        process.load(rule("return None"))
        number = process._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


# --- the trial before the tournament ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return {'price': float('nan')}", "after month 1, the rule price is nan; in a tournament it must be a number"),
        ("return {'price': 1e308 * 10}", "after month 1, the rule price is inf"),
        ("return {'price': True}", "after month 1, the rule price is true"),
        ("return {'prise': 1.0}", "after month 1, the rule prise is no lever; did you mean price?"),
        ("return {'security': 1.0}", "after month 1, the rule security costs nothing and is 0.7 for everybody"),
        ("return {'consent': 'maybe'}", "after month 1, the rule consent is the text 'maybe'"),
        ("return own['profits']", "after month 1, the rule fails with KeyError: 'profits' (line 3)"),
        ("return None if month < 30 else 1 / 0", "after month 30, the rule fails with ZeroDivisionError"),
        ("import os", "the rule imports os"),
    ],
)
def test_a_rule_is_tried_before_it_may_compete(body: str, said: str) -> None:
    reason = trial(HandIn("One", admitted(PRESETS["trusted"]), rule(body)), unprotected=True)
    assert reason is not None
    assert reason.startswith(said)


def test_a_good_rule_passes_the_trial() -> None:
    assert trial(HandIn("One", admitted(PRESETS["trusted"]), rule("return {'price': 1.01}")), unprotected=True) is None
