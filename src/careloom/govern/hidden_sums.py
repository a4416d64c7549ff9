"""Sums of which nobody sees a part: each two authorities share a secret, from which one adds noise and the other takes it.

What an authority sends looks like noise to all others, to the lead too; only when all are added up the noise is gone,
to the last bit, and the sum is left. Two authorities agree on their secret in the open (Diffie and Hellman 1976, IEEE
Trans. Inf. Theory 22:644, in the 2048-bit group of RFC 3526), so no secret is sent.
Source: Bonawitz et al. (2017), Practical Secure Aggregation for Privacy-Preserving Machine Learning, CCS '17, section 4.

It keeps an authority's numbers from others who keep to the rules. It does not help where all others join against one,
or where somebody stands between two authorities from the start; fingerprints read out by telephone find the latter.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from careloom.core import RequestError
from careloom.govern.keys import StudyKey

GENERATOR = 2
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D"
    "670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718"
    "3995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)
"""The 2048-bit MODP group, RFC 3526 section 3."""
BYTES = 12
PARTS = 2**52
"""Numbers are counted in parts of 2^-52, modulo 2^96: up to 8 million million, finer than a float holds above 1."""
ROOM = 2 ** (8 * BYTES)


class Member:
    """One authority in one exchange, which ``about`` names: its secret number, and the open number that it tells."""

    def __init__(self, name: str, key: StudyKey, about: str) -> None:
        self.name, self.about = name, about
        own = hmac.digest(key.secret, f"careloom hidden sums|{about}|{name}".encode(), "sha512")
        self.secret_number = int.from_bytes(own, "big")
        self.open_number = pow(GENERATOR, self.secret_number, PRIME)

    def secret_with(self, theirs: int) -> bytes:
        """The secret shared with who told this open number. Raises RequestError for a number that hides nothing."""
        if not 1 < theirs < PRIME - 1:
            raise RequestError("an authority told an open number that cannot be one: it should join again")
        shared = pow(theirs, self.secret_number, PRIME)
        return hashlib.sha256(f"{self.about}|".encode() + shared.to_bytes(256, "big")).digest()

    def hide(self, numbers: Sequence[float], open_numbers: Mapping[str, int], question: str) -> str:
        """The numbers with the noise of every pair on them, as hexadecimal digits.

        ``open_numbers`` are of all who take part, by name. ``question`` must be another in every round: the same noise
        on two answers would give away how they differ.
        """
        hidden = [round(number * PARTS) for number in numbers]
        for name, theirs in open_numbers.items():
            if name != self.name:
                noise = noise_of(self.secret_with(theirs), question, len(hidden))
                sign = 1 if self.name < name else -1
                hidden = [number + sign * one for number, one in zip(hidden, noise, strict=True)]
        return b"".join((number % ROOM).to_bytes(BYTES, "big") for number in hidden).hex()


def noise_of(secret: bytes, question: str, count: int) -> list[int]:
    stream = hashlib.shake_256(secret + question.encode()).digest(BYTES * count)
    return [int.from_bytes(stream[first : first + BYTES], "big") for first in range(0, len(stream), BYTES)]


def add_up(hidden: Sequence[str], count: int) -> list[float]:
    """The sum of what all members hid. Raises RequestError when one did not send so many numbers."""
    totals = [0] * count
    for one in hidden:
        sent = bytes.fromhex(one)
        if len(sent) != BYTES * count:
            raise RequestError(f"an answer holds {len(sent) // BYTES} numbers, where {count} were asked for")
        for place in range(count):
            totals[place] += int.from_bytes(sent[place * BYTES : (place + 1) * BYTES], "big")
    signed = [total % ROOM for total in totals]
    return [(total - ROOM if total >= ROOM // 2 else total) / PARTS for total in signed]


def fingerprint_of(open_number: int) -> str:
    """What two authorities can read out to each other, to be sure that nobody stands between them."""
    digits = hashlib.sha256(open_number.to_bytes(256, "big")).hexdigest()[:16]
    return " ".join(digits[first : first + 4] for first in range(0, 16, 4))
