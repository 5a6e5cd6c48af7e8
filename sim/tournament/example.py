"""A folder of hand-ins to start from: one of each kind, two with a rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sim.errors import InputError

README = """\
Hand-ins of a class tournament: one YAML file each, and if you like a rule in Python beside it, under the same name.

    roi tournament THIS_FOLDER --check      # what may take part, and what is wrong with the rest
    roi tournament THIS_FOLDER --seed 7     # the tournament; the seed draws the hidden customers

docs/tournament.md says which levers are open, what a rule is told, and how the prizes are computed.
"""

FILES: Mapping[str, str] = {
    "README.txt": README,
    "plain.yaml": """\
name: Plain & Simple
motto: the same for everybody, a little cheaper
strategy: {preset: uniform, price: 0.98}
""",
    "careful.yaml": """\
name: Careful
motto: ask first, share the value
strategy:
  preset: trusted # uniform, trusted or extractive; every open lever can be set besides
  depth: 0.4
  value_share: 0.4
""",
    "bold.yaml": """\
name: Bold
motto: know everything, sell everything
strategy: {preset: extractive, price: 1.02}
""",
    "undercut.yaml": """\
name: Undercut
motto: always a cent below the cheapest
strategy: {preset: uniform}
""",
    "undercut.py": '''\
"""A rule: a little below the cheapest rival, but never at any price."""


def rule(month, own, rivals, history):
    cheapest = min(rival["price"] for rival in rivals)
    return {"price": min(1.2, max(0.94, cheapest - 0.01))}
''',
    "repentant.yaml": """\
name: Repentant
motto: takes what it can until people mind
strategy: {preset: extractive, resale: 0.0, mixing: 0.3}
""",
    "repentant.py": '''\
"""A rule with a memory: once reputation has fallen for three months, it turns round for good."""


def rule(month, own, rivals, history):
    past = [then["own"]["reputation"] for then in history[-3:]] + [own["reputation"]]
    falling = len(past) == 4 and all(later < earlier for earlier, later in zip(past, past[1:]))
    if falling and own["respect"] < 1.0:
        return {"respect": 1.0, "depth": 0.4, "consent": "prompt", "value_share": 0.4, "mixing": 0.0}
    return None
''',
}


def write_example(folder: Path) -> Path:
    """Write the example to a new or empty folder; gives the folder.

    Raises :class:`sim.errors.InputError` for a folder that holds anything, or cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(f"the folder {folder} is in use; name a new folder for the example")
        folder.mkdir(exist_ok=True)
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the example cannot be written to {folder} ({error.strerror or error}); "
            "a new folder in one that can be written would be right"
        ) from None
    return folder
