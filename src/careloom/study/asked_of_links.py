"""[link] of the study file: which identifiers may join two records of one child."""

from dataclasses import dataclass

from careloom.core import Keys
from careloom.link import LINK_MODES


@dataclass(frozen=True)
class AskedOfLinks:
    """How children are linked: `mode` is one of LINK_MODES, `both` keys unless the study says otherwise."""

    mode: str


def read_asked_of_links(keys: Keys) -> AskedOfLinks:
    """Read [link]. Raises StudyError naming the key at fault."""
    asked = AskedOfLinks(mode=keys.one_of("link_mode", LINK_MODES, "both"))
    keys.done()
    return asked
