"""Hidden sums: noise on every part, none on the whole."""

from __future__ import annotations

import itertools

import pytest

from careloom.core import RequestError
from careloom.govern.hidden_sums import BYTES, PRIME, Member, add_up, fingerprint_of, noise_of
from careloom.govern.keys import StudyKey

NUMBERS = {
    "a": [1.5, -2.25, 1e9, 0.0, 1 / 3],
    "b": [0.5, 2.25, -1e9, 3.0, 1 / 3],
    "c": [1e-3, 7.0, 123456.789, 0.0, 1 / 3],
    "d": [2.0, 0.0, -0.1, -5.0, 1 / 3],
}


def members(about: str = "plan") -> dict[str, Member]:
    return {name: Member(name, StudyKey(name.encode() * 32), about) for name in NUMBERS}


def hidden(question: str, about: str = "plan") -> dict[str, str]:
    all_of_them = members(about)
    open_numbers = {name: member.open_number for name, member in all_of_them.items()}
    return {name: member.hide(NUMBERS[name], open_numbers, question) for name, member in all_of_them.items()}


def test_the_sum_of_all_is_the_sum() -> None:
    told = add_up([*hidden("1").values()], 5)
    assert told == pytest.approx([sum(column) for column in zip(*NUMBERS.values(), strict=True)], abs=4 * 2.0**-53)


def test_whole_numbers_add_up_to_the_last_bit_whatever_the_order() -> None:
    """Sums of floats depend on their order; these do not."""
    sent = hidden("1")
    sums = {tuple(add_up([sent[name] for name in order], 5)) for order in itertools.permutations(sent)}
    assert len(sums) == 1


def test_a_part_of_them_is_noise() -> None:
    """Leave out anyone: every number is then further off than 1,000, of a noise that fills 2^44."""
    sent = hidden("1")
    for left_out in sent:
        told = add_up([one for name, one in sent.items() if name != left_out], 5)
        true = [sum(NUMBERS[name][place] for name in sent if name != left_out) for place in range(5)]
        assert all(abs(one - other) > 1e3 for one, other in zip(told, true, strict=True))


def test_another_question_has_another_noise() -> None:
    """If it had the same, the difference of two answers would be there to read."""
    sent = {
        (name, question, about) for question in "12" for about in ("x", "y") for name in [hidden(question, about)["a"]]
    }
    assert len(sent) == 4


def test_two_agree_on_a_secret_that_no_other_two_have() -> None:
    all_of_them = members()
    secrets = {}
    for one, other in itertools.permutations(all_of_them.values(), 2):
        secrets[one.name, other.name] = one.secret_with(other.open_number)
    assert all(secrets[a, b] == secrets[b, a] for a, b in secrets)
    assert len(set(secrets.values())) == 6


def test_the_noise_is_as_likely_high_as_low() -> None:
    """Of 20,000 numbers half are in the upper half, within four standard errors; and no byte is ever the same."""
    noise = noise_of(b"secret", "1", 20_000)
    assert abs(sum(one >= 2 ** (8 * BYTES - 1) for one in noise) - 10_000) < 4 * 71
    assert all(len({one >> shift & 255 for one in noise}) == 256 for shift in range(0, 96, 8))


@pytest.mark.parametrize("number", [0, 1, PRIME - 1, PRIME, PRIME + 1, -2])
def test_an_open_number_that_hides_nothing_is_refused(number: int) -> None:
    with pytest.raises(RequestError, match="cannot be one"):
        members()["a"].secret_with(number)


def test_an_answer_of_another_length_is_refused() -> None:
    with pytest.raises(RequestError, match="5 numbers, where 4"):
        add_up([*hidden("1").values()], 4)


def test_the_prime_is_that_of_the_standard() -> None:
    """RFC 3526 section 3: 2^2048 - 2^1984 - 1 + 2^64 ([2^1918 pi] + 124476), with pi by Machin's formula."""
    one = 1 << 2100

    def arc_tangent_of_one_in(x: int) -> int:
        term = total = one // x
        for n in itertools.count(1):
            term //= x * x
            if not term:
                return total
            total += (-1) ** n * (term // (2 * n + 1))
        raise AssertionError

    pi = 4 * (4 * arc_tangent_of_one_in(5) - arc_tangent_of_one_in(239))
    assert 2**2048 - 2**1984 - 1 + 2**64 * ((pi >> (2100 - 1918)) + 124476) == PRIME


def test_a_fingerprint_can_be_read_out() -> None:
    told = fingerprint_of(members()["a"].open_number)
    assert len(told.split()) == 4
    assert told != fingerprint_of(members()["b"].open_number)
