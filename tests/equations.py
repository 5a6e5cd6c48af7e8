"""Equations that stand in the documents, turned into Python so that they can be compared with the code."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from statistics import NormalDist
from typing import Any


@cache
def equations(text: str) -> dict[str, str]:
    """Equations in the fenced blocks by the name on their left, turned into Python; indented lines go on."""
    blocks = re.findall(r"^```text\n(.*?)^```", text, flags=re.M | re.S)
    lines = re.sub(r"\n +", " ", "\n".join(blocks)).splitlines()
    pairs = [re.fullmatch(r"(\w+)\s+= (.+)", line) for line in lines if line]
    assert all(pairs), [line for line, pair in zip([x for x in lines if x], pairs, strict=True) if not pair]
    found: dict[str, str] = {}
    for pair in filter(None, pairs):
        name, right = pair.groups()
        assert name not in found, f"{name} has two equations"
        for sign, python in (("·", "*"), ("−", "-"), ("^", "**")):
            right = right.replace(sign, python)
        found[name] = right
    return found


class Names(dict[str, Any]):
    """What the names on the right of an equation mean: given values, or what an equation beside it says."""

    def __init__(self, text: str, given: Mapping[str, Any]) -> None:
        functions = {"min": min, "max": max, "exp": math.exp, "ln": math.log, "sqrt": math.sqrt, "cos": math.cos}
        super().__init__(functions, floor=math.floor, pi=math.pi, quantile=NormalDist().inv_cdf, **given)
        self._right = equations(text)

    def __missing__(self, name: str) -> Any:
        if name in self._right:
            return eval(self._right[name], {"__builtins__": {}}, self)
        raise KeyError(name)


def evaluated(text: str, name: str, given: Mapping[str, Any]) -> Any:
    """The value of the equation of that name in a document."""
    return eval(equations(text)[name], {"__builtins__": {}}, Names(text, given))
