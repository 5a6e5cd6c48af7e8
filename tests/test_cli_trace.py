"""`roi trace` tells what happened to one customer: every choice follows from its numbers, every change has a cause."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.experiment.story import ELSEWHERE, Drift, Person, Story, Trip
from sim.experiment.trace import trace
from tests.test_cli import RETAIL, Roi, one_line, roi

__all__ = ["roi"]

LIVELY = {
    "customers.count": 300, "customers.turnover": 0.03, "customers.lapse": {"a": 0.3, "b": 6.0}, "horizon_months": 30,
    "rules.breach_half_life": 3.0,
    "events": [
        {"kind": "breach", "month": 6, "firm": "Extractive"}, {"kind": "expose", "month": 9, "firm": "Extractive"},
        {"kind": "law", "month": 20, "consent": "prompt"},
    ],
}  # fmt: skip


@cache
def lively() -> sim.Scenario:
    return sim.load(RETAIL).with_(LIVELY)


@cache
def stories() -> tuple[Story, ...]:
    return tuple(trace(lively(), customer) for customer in range(20))


def chapters(kind: type[Any]) -> list[Any]:
    return [one for story in stories() for one in story.chapters if isinstance(one, kind)]


def test_the_choice_is_always_the_offer_with_the_largest_sum() -> None:
    trips = chapters(Trip)
    assert len(trips) > 200
    assert {trip.chosen for trip in trips} == {"Trusted", "Uniform", "Extractive", ELSEWHERE}
    for trip in trips:
        assert trip.considered[0].name == trip.chosen


def test_the_reason_says_luck_only_where_another_offer_was_better() -> None:
    by_luck = [trip for trip in chapters(Trip) if trip.reason.startswith("Luck decided")]
    assert by_luck
    for trip in chapters(Trip):
        choice = trip.considered[0]
        best = max(one.utility for one in trip.considered)
        assert (trip in by_luck) == (choice.utility < best)
        assert (trip.reason == "No firm came to mind.") == (len(trip.considered) == 1)


def test_watching_changes_nothing() -> None:
    for story in stories()[:5]:
        run = sim.simulate(lively(), trace=story.customer)
        told = [(trip.month, trip.number, one.name) for trip in story.trips for one in trip.offers[:-1]]
        assert told == list(run.diary[["month", "trip", "firm"]].itertuples(index=False, name=None))


def test_both_engines_tell_the_same_story() -> None:
    longest = max(stories(), key=lambda story: len(story.chapters))
    other = trace(lively(), longest.customer, customers="agents")
    assert json.dumps(longest.to_dict()["chapters"]) == json.dumps(other.to_dict()["chapters"])


def test_money_spent_elsewhere_is_that_of_the_books() -> None:
    run = sim.simulate(lively())
    for story in stories():
        last = max(place for place, one in enumerate(story.chapters) if isinstance(one, Person))
        mine = [one for one in story.chapters[last:] if isinstance(one, Trip)]
        spent = sum(trip.paid_cents for trip in mine if trip.chosen == ELSEWHERE)
        missed = run.customers.loc[story.customer, "trips"] != len(mine)  # trips on which every firm had been left
        assert spent == run.customers.loc[story.customer, "spent_elsewhere_cents"] or missed


def test_every_drift_of_trust_has_causes_that_add_up_to_it() -> None:
    drifts = chapters(Drift)
    causes = {cause for drift in drifts for cause in drift.causes}
    assert {"forgetting", "word of mouth", "fading scare", "event of the scenario"} <= causes
    for drift in drifts:
        assert sum(drift.causes.values()) == pytest.approx(drift.after - drift.before, abs=2e-3)  # what was not told


def test_trust_goes_on_where_it_was() -> None:
    """Between what is told of one firm trust moves by no more than is worth telling."""
    for story in stories():
        now: dict[str, float] = {}
        for one in story.chapters:
            if isinstance(one, Person):
                now = dict(one.trust)
            elif isinstance(one, Drift):
                assert one.before == pytest.approx(now[one.firm], abs=2e-3)
                now[one.firm] = one.after
            else:
                for offer in one.offers:
                    if offer.name in now:
                        assert offer.trust_before == pytest.approx(now[offer.name], abs=2e-3)
                        now[offer.name] = offer.trust_after


def test_a_new_person_in_the_place_is_told() -> None:
    assert any(sum(isinstance(one, Person) for one in story.chapters) > 1 for story in stories())
    run = sim.simulate(lively())
    for story in stories():
        people = [one for one in story.chapters if isinstance(one, Person)]
        assert bool(run.customers.loc[story.customer, "newcomer"]) == (len(people) > 1)
        assert people[-1].threshold == run.customers.loc[story.customer, "threshold"]
        for one, following in pairwise(story.chapters):
            if isinstance(following, Trip) and following.number == 1:
                assert isinstance(one, Person | Drift)


def test_the_last_trip_is_told_as_such_and_no_other_follows() -> None:
    last = 0
    for story in stories():
        done = False
        for one in story.chapters:
            if isinstance(one, Person):
                done = False
            elif isinstance(one, Trip):
                assert not done
                done = one.last
                last += one.last
    assert last > 0


def test_answers_to_the_question_for_permission_are_told() -> None:
    trips = chapters(Trip)
    assert {trip.answer for trip in trips} == {"", "granted", "withheld"}
    for trip in trips:
        if trip.answer:
            offer = next(one for one in trip.offers if one.name == trip.chosen)
            assert offer.permission != trip.answer


@pytest.mark.parametrize("customer", [-1, 300])
def test_a_customer_who_does_not_exist_is_refused(customer: int) -> None:
    with pytest.raises(InputError, match="customer must be a number from 0 to 299"):
        trace(lively(), customer)


def test_the_first_months_are_those_of_the_whole_run() -> None:
    whole, part = trace(lively(), 3), trace(lively(), 3, months=7)
    assert part.trips == tuple(trip for trip in whole.trips if trip.month < 7)
    assert part.manifest["months"] == 7


def test_the_command_prints_the_story_in_order(roi: Roi) -> None:
    options = ["--customer", "17", "--months", "8", "--set", "customers.count=300"]
    story = trace(sim.load(RETAIL).with_({"customers.count": 300}), 17, months=8)
    code, out, err = roi("trace", RETAIL, *options)
    assert (code, err) == (0, "")
    text = one_line(out)
    assert text.startswith(story.finding)
    place = 0
    for trip in story.trips:
        place = text.index(f"Month {trip.month:.2f}, trip {trip.number}: buys ", place)
        assert trip.reason in text[place:]
    told = json.loads(roi("trace", RETAIL, *options, "--json").out)
    assert [one["number"] for one in told["chapters"] if one["kind"] == "trip"] == [one.number for one in story.trips]
    assert told["finding"] == story.finding
