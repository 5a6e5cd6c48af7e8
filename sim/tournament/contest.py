"""Holding a tournament: who is admitted, every match of every hidden population, and the table that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.errors import InputError, Interrupted
from sim.experiment.progress import Progress, told
from sim.experiment.runner import run
from sim.experiment.study import kept_in
from sim.experiment.workers import processors
from sim.tournament.fixtures import duels, heats, pairs
from sim.tournament.hand_in import HandIn, LeftOut, read_folder
from sim.tournament.match_play import Played, even_share, play
from sim.tournament.populations import Populations, classroom, market_of
from sim.tournament.referee import Referee, trial
from sim.tournament.result import Tournament

if TYPE_CHECKING:
    from sim.experiment.workers import Workers
    from sim.scenario import Scenario

POPULATIONS, OPPONENTS = 10, 6
BESIDE = ("tournament.html", "tournament.png", "tournament.gif")
"""What else may stand in the folder of a tournament's results."""


def compete(
    folder: str | PathLike[str] | Sequence[HandIn],
    scenario: Scenario | None = None,
    *,
    populations: int = POPULATIONS,
    opponents: int = OPPONENTS,
    seed: int = 1,
    allow_unprotected_rules: bool = False,
    workers: int | Workers | None = None,
    out: str | PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Tournament:
    """Let everything that was handed in compete, in one market and in pairs, over hidden customers.

    ``folder`` holds a YAML file for each student, some with a rule in Python beside it (see ``docs/tournament.md``), or
    is a sequence of hand-ins. ``scenario`` is the market, of which firms are replaced by alike ones;
    :func:`sim.tournament.populations.classroom` if left out. ``populations`` is the number of hidden populations, which
    ``seed`` draws, each with luck of its own that all matches in it share. Everybody meets ``opponents`` rivals in
    pairs, one more where that does not come out even, or all others if there are no more. Pairs without rules go
    through :func:`sim.experiment.runner.run`, with ``workers``, and are kept in ``out/cells`` as they come; all other
    matches are played in this process. ``progress(done, planned)`` is called with numbers of matches.

    Bad hand-ins are left out, with the reason in ``left_out`` of the result. A rule that fails in a match is told of in
    ``faults``; its firm goes on with the levers that it had.

    Raises
    ------
    InputError
        For a folder that cannot be read, fewer than two hand-ins that can compete, a number that is not valid, a
        folder for results that holds something else, or rules that this system cannot lock in.
    Stopped, Interrupted
        As :func:`sim.experiment.runner.run`.
    """
    for name, value, least in (("populations", populations, 1), ("opponents", opponents, 1), ("seed", seed, 0)):
        if type(value) is not int or not least <= value < 2**32:
            raise InputError(f"{name} must be a whole number of at least {least}, but is {value!r}")
    market = scenario if scenario is not None else classroom()
    taken, left_out = entrants(folder, unprotected=allow_unprotected_rules)
    if len(taken) < 2:
        why = "".join(f"; {file}: {reason}" for file, reason in left_out[:5])
        raise InputError(f"a tournament needs at least two hand-ins that can compete, but has {len(taken)}{why}")
    if isinstance(folder, str | PathLike) and out is not None and _within(Path(out), Path(folder)):
        raise InputError(
            f"results in {out} could be read by those who hand in to {folder}, and they tell of the hidden customers; "
            "another folder would be right"
        )
    cells = kept_in(out, beside=BESIDE)
    hidden = Populations(market, seed)
    referee = Referee(taken, unprotected=allow_unprotected_rules)
    met = pairs(len(taken), opponents, seed)
    by_hand = [
        [*heats(len(taken), p, seed), *(one for one in duels(met, p) if referee.has_rules(one))]
        for p in range(populations)
    ]
    plain = [pair for pair in met if all(taken[entrant].rule is None for entrant in pair)]
    planned = sum(map(len, by_hand)) + 2 * len(plain) * populations
    with told(progress, "match") as tell:
        done = 2 * len(plain) * populations
        played: list[Played] = []
        if plain:
            count: Progress | None = None if tell is None else lambda done, _: tell(done, planned)
            played += _plain_pairs(market, taken, plain, met, populations, seed, workers, cells, count)
        pool = ThreadPoolExecutor(min(4, processors()))
        try:
            for matches in by_hand:  # those of one population share nothing and are played side by side
                one = partial(play, hand_ins=taken, populations=hidden, seed=seed, referee=referee)
                for result in pool.map(one, matches):
                    played.append(result)
                    done += 1
                    if tell is not None:
                        tell(done, planned)
                referee.end_population()
        except KeyboardInterrupt:
            kept = f"; pairs without rules are in {out}, and the same call goes on from there" if cells else ""
            raise Interrupted(f"interrupted after {done} of {planned} matches{kept}") from None
        finally:
            pool.shutdown(cancel_futures=True)
    return Tournament(
        scenario=market,
        hand_ins=taken,
        left_out=left_out,
        reports=tuple(referee.reports),
        seed=seed,
        opponents=2 * len(met) // len(taken),
        played=tuple(sorted(played, key=_place)),
        drawn=tuple(dict(hidden.numbers(p)) for p in range(populations)),
        protected=not allow_unprotected_rules,
    )


def _place(one: Played) -> tuple[int, str, int, int]:
    return one.match.population, one.match.kind, one.match.heat, one.match.seating


def entrants(
    folder: str | PathLike[str] | Sequence[HandIn], *, unprotected: bool = False
) -> tuple[tuple[HandIn, ...], tuple[LeftOut, ...]]:
    """Hand-ins that may compete, each rule tried once in a small market, and what is left out with the reason.

    Raises :class:`sim.errors.InputError` for a folder that cannot be read, or rules that this system cannot lock in.
    """
    if isinstance(folder, str | PathLike):
        read, out = read_folder(Path(folder))
    else:
        read, out = tuple(folder), ()
    taken, left_out = [], list(out)
    for hand_in in read:
        reason = trial(hand_in, unprotected=unprotected)
        if reason is None:
            taken.append(hand_in)
        else:
            left_out.append(LeftOut(f"{hand_in.file}.py" if hand_in.file else hand_in.name, reason))
    return tuple(taken), tuple(sorted(left_out))


def _plain_pairs(
    market: Scenario, hand_ins: Sequence[HandIn], plain: Sequence[tuple[int, int]], met: Sequence[tuple[int, int]],
    populations: int, seed: int, workers: int | Workers | None, cells: Path | None, progress: Progress | None,
) -> list[Played]:  # fmt: skip
    """Pairs without rules: points of a design that differ in the strategies of two firms, one replication each."""
    base = market_of(market, 2)
    first, second = base.firms
    numbers = {pair: number for number, pair in enumerate(met)}
    matches = [
        replace(match, heat=numbers[pair])
        for pair in plain
        for match in duels([pair], 0)
    ]  # fmt: skip
    design = [
        {f"firms.{firm}.strategy": hand_ins[who].strategy for firm, who in zip(base.firms, one.seats, strict=True)}
        for one in matches
    ]
    table = run(
        base, design, replications=populations, seed=seed, parameters="uncertain", workers=workers, folder=cells,
        progress=progress,
    )  # fmt: skip
    even = even_share(base.customers.count, 2)
    columns = ("npv", "margin", "trust", "share_of_wallet")
    values = np.stack([table[[f"{firm}.{name}" for name in columns]].to_numpy(float) for firm in (first, second)], 1)
    values[:, :, 0] /= even
    return [
        Played(replace(matches[int(point)], population=int(replication)), values[row], np.zeros((0, 2, 3)))
        for row, (point, replication) in enumerate(zip(table["point"], table["replication"], strict=True))
    ]


def _within(inner: Path, outer: Path) -> bool:
    return inner.resolve().is_relative_to(outer.resolve())
