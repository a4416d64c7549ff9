"""Periods of care as they were lived, and as SSDA903 tells them: a new episode at each change of legal status, placement
or carer; and reviews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from careloom.catalogue import Population
from careloom.synth.care.carers import Carers, draw_carers, postcodes
from careloom.synth.care.leaving import draw_leaving
from careloom.synth.care.moves import ADOPTERS, FOSTER, KIN, SUPPORTED, Placements, draw_placements
from careloom.synth.care.orders import E1, LEGAL, Orders, draw_orders
from careloom.synth.care.periods import Periods, at, key, periods_of, split
from careloom.synth.care.reasons import reason_changed, reason_left, reason_new
from careloom.synth.care.stays import Stays, draw_stays
from careloom.synth.days import NEVER, Days, Flags, day, year_starts
from careloom.synth.who.identity import Homes
from careloom.synth.world import Care, Episodes, Meetings, People, Placed, Rows, Texts

SUPPORTED_FROM = day(2023, 10, 28)  # semi-independent placements (H5) become registered supported accommodation (K3)
_TOLD_FROM = 400  # days before the first year from which periods of care leave more than their dates behind
_PLACE = np.array(["U3", "U6", "P1", "K2", "K1", "R1", "R2", "R3", "R5", "S1", "H5", "Z1", "A6"])
_LONG_TERM, _TO_ADOPT = {KIN: "U1", FOSTER: "U4"}, {KIN: "U2", FOSTER: "U5"}
_URN_STEP = 7919  # a prime, so that carers who follow each other have numbers far apart
_FIRST_REVIEW, _SECOND_REVIEW, _LATER_REVIEWS = (16, 28), (75, 89), (160, 181)  # days; at most, the law's 20 working
# days, 3 months and 6 months, less what moving a review from the weekend to the Friday before can add


@dataclass(frozen=True)
class InCare:
    """With whom children lived, how each row of Care ended ("" where only its days are kept), and what SSDA903 makes of it."""

    placed: Placed
    left: Texts
    episodes: Episodes
    reviews: Meetings


@dataclass(frozen=True)
class _Told:
    """One row per episode: the placement, the place type and the days, before reasons are given."""

    period: Rows
    starts_on: Days
    placement: Rows
    legal: Rows
    place: Texts
    is_away: Flags


def tell_care(
    people: People,
    care: Care,
    homes: Homes,
    population: Population,
    years: tuple[int, int],
    rng: np.random.Generator,
) -> InCare:
    """Placements, episodes and statutory reviews of every period of care that reaches near the years or into them.

    A period is longer than nothing and at the latest ends on the 18th birthday; one that ends by adoption lasts at least
    exits.SHORTEST_ADOPTION days. While a child is away for some days the fee of her usual placement goes on. Short
    breaks (V3, V4) are none of it.
    """
    periods = periods_of(people, care, population, year_starts(years[0]) - _TOLD_FROM)
    orders = draw_orders(periods, rng)
    placements = draw_placements(periods, orders, rng)
    stays = draw_stays(periods, orders, placements, rng)
    carers = draw_carers(periods, placements, rng)
    told = _cut(orders, placements, stays)
    reasons = _draw_reasons(carers, told, rng)
    is_last = _changed(placements.period[::-1])[::-1]
    left = draw_leaving(periods, placements.group[is_last], told.legal[_changed(told.period[::-1])[::-1]], rng)
    episodes = _episodes(periods, placements, carers, told, reasons, left, homes)
    ended = np.full(care.child.size, "", dtype=left.dtype)
    ended[periods.care] = left
    return InCare(_placed(periods, placements, carers), ended, episodes, draw_reviews(periods, rng))


def _placed(periods: Periods, placements: Placements, carers: Carers) -> Placed:
    return Placed(
        care=periods.care[placements.period],
        starts_on=placements.starts_on,
        ends_on=placements.ends_on,
        group=placements.group,
        provider=carers.provider,
        carer=carers.number,
    )


def _cut(orders: Orders, placements: Placements, stays: Stays) -> _Told:
    """Cut the periods wherever anything changes, and say what holds from there."""
    registered = (placements.group == SUPPORTED) & (placements.starts_on < SUPPORTED_FROM)
    registered &= placements.ends_on > SUPPORTED_FROM
    days = (stays.settled_on, stays.away_on, stays.back_on, np.where(registered, SUPPORTED_FROM, NEVER))
    within = [key(placements.period[on < NEVER], on[on < NEVER]) for on in days]
    keys = np.unique(np.concatenate([orders.keys, placements.keys, *within]))
    period, on = split(keys)
    row, order = at(placements.keys, keys), at(orders.keys, keys)
    away = (stays.away_on[row] <= on) & (on < stays.back_on[row])
    place = _place(placements, stays, row, on, orders.legal[order])
    return _Told(period, on, row, orders.legal[order], np.where(away, stays.away[row], place), away)


def _place(placements: Placements, stays: Stays, row: Rows, on: Days, legal: Rows) -> Texts:
    """The placement type on a day."""
    group, size = placements.group[row], row.size
    adopts = np.append(placements.stays, False)[row + 1]  # these foster carers go on to adopt
    place = _PLACE[group]
    for special, where in ((_LONG_TERM, stays.settled_on[row] <= on), (_TO_ADOPT, adopts)):
        for which, code in special.items():
            place = np.where(where & (group == which), code, place)
    place = np.where((group == SUPPORTED) & (on >= SUPPORTED_FROM), "K3", place)
    by_order, with_carer = legal == E1, placements.stays[row]
    adoption = np.select([by_order & with_carer, by_order, with_carer], ["A5", "A6", "A3"], "A4")
    return np.where(group == ADOPTERS, adoption, place).astype("U2").reshape(size)


def _carer_of(carers: Carers, told: _Told) -> Rows:
    """The carer of every episode; of one away, somebody for that time only."""
    return np.where(told.is_away, carers.count + np.arange(told.period.size), carers.number[told.placement])


def _draw_reasons(carers: Carers, told: _Told, rng: np.random.Generator) -> tuple[Texts, Texts]:
    """Why each episode begins, and why the placement changed when it ended."""
    is_first = _changed(told.period)
    new = reason_new(is_first, _changed(told.legal), _changed(_carer_of(carers, told)), _changed(told.place))
    temporary = told.is_away | np.roll(told.is_away, 1)
    to_adopters = np.char.startswith(told.place, "A")
    change = np.roll(reason_changed(np.where(is_first, "S", new), to_adopters, temporary, rng), -1)
    return new, np.where(np.roll(is_first, -1), "", change)


def _episodes(
    periods: Periods,
    placements: Placements,
    carers: Carers,
    told: _Told,
    reasons: tuple[Texts, Texts],
    left: Texts,
    homes: Homes,
) -> Episodes:
    """Every episode; `reasons` why each begins and why its placement changed, `left` how each period ended."""
    of, row, size = told.period, told.placement, told.period.size
    is_last = _changed(of[::-1])[::-1]
    carer, home = _carer_of(carers, told), _home_postcodes(periods, homes)
    code = np.where(told.is_away, postcodes(carer, np.zeros(size, dtype=bool)), carers.postcode[row])
    at_home = _postcode_on(homes, periods.child[of], placements.starts_on[row])
    ceased = np.full(size, "X1", dtype="U3")
    ceased[is_last] = reason_left(left, periods.ends_on)
    return Episodes(
        care=periods.care[of],
        starts_on=told.starts_on,
        ends_on=np.where(is_last, periods.ends_on[of], np.roll(told.starts_on, -1)),
        reason_new=reasons[0],
        legal=LEGAL[told.legal],
        place=told.place,
        provider=np.where(told.is_away, "", carers.provider[row]),
        reason_ceased=ceased,
        change=reasons[1],
        urn=_ofsted_numbers(told, carer),
        home_postcode=home[of],
        placement_postcode=np.where(code == "", at_home, code),
        carer=carer,
        weekly_fee=carers.weekly_fee[row],
    )


def _ofsted_numbers(told: _Told, carer: Rows) -> Texts:
    """Numbers of carers and homes that Ofsted registers, from SC900000, which no real one has reached; "" for others."""
    place = told.place
    registered = np.isin(place.astype("U1"), ("U", "K", "S", "A")) & ~told.is_away
    number = 900_000 + carer * _URN_STEP % 100_000
    return np.where(registered, np.char.add("SC", number.astype(str)), "")


def _changed(column: Rows | Texts) -> Flags:
    """Whether each value differs from the one before."""
    return np.append(True, column[1:] != column[:-1])[: column.size]


def _home_postcodes(periods: Periods, homes: Homes) -> Texts:
    """The home postcode at the start of each period; nobody knows that of a child who came alone."""
    return np.where(periods.is_uasc, "", _postcode_on(homes, periods.child, periods.starts_on))


def _postcode_on(homes: Homes, child: Rows, on: Days) -> Texts:
    return homes.postcode[at(key(homes.child, homes.from_on), key(child, on))]


def draw_reviews(periods: Periods, rng: np.random.Generator) -> Meetings:
    """Statutory reviews: within 20 working days, again within 3 months, then within every 6 months; never at a weekend."""
    most = periods.days // _LATER_REVIEWS[0] + 2
    of = np.repeat(np.arange(len(periods)), most)
    nth = np.arange(of.size) - np.repeat(np.cumsum(most) - most, most)
    low, high = (
        np.select([nth == 0, nth == 1], [_FIRST_REVIEW[i], _SECOND_REVIEW[i]], _LATER_REVIEWS[i]) for i in (0, 1)
    )
    waited = np.cumsum(rng.integers(low, high + 1))
    before = np.append(0, waited)[np.cumsum(most) - most]  # what the periods before have waited in all
    drawn = periods.starts_on[of] + waited - before[of]
    on = np.busday_offset(drawn.astype("M8[D]"), 0, roll="backward").astype(np.int64)
    held = on < periods.ends_on[of]
    return Meetings(of=periods.care[of[held]], on=on[held])
