"""Read what describes who came: profiles, and the flow from the rows handed over to those that figures rest on."""

from collections.abc import Mapping
from pathlib import Path

from careloom.catalogue.nouns import Flow, Profile, ProfileItem
from careloom.catalogue.read_returns import read_drops
from careloom.core import CatalogueError, Keys, Table, read_toml

KINDS = ("level", "amount")


def read_profile(path: Path) -> Profile:
    keys = read_toml(path, CatalogueError)
    profile = Profile(
        name=path.stem,
        title=keys.text("title"),
        unit=keys.text("unit"),
        why=keys.text("why"),
        source=keys.text("source"),
        select=keys.text("select"),
        items=tuple(read_item(item) for item in keys.tables("items")),
        examples=keys.text("examples"),
    )
    keys.done()
    names = [column.name for column in profile.table.columns]
    if twice := [name for name in names if names.count(name) > 1]:
        raise CatalogueError(f'{path.name}: an item cannot be called "{twice[0]}", which is there already')
    return profile


def read_item(keys: Keys) -> ProfileItem:
    item = ProfileItem(keys.text("name"), keys.text("title"), keys.one_of("kind", KINDS), keys.texts("levels", []))
    if item.kind == "amount" and item.levels:
        raise CatalogueError(f'{keys.where}: an amount has no "levels"')
    keys.done()
    return item


def read_flow(path: Path) -> Flow:
    keys = read_toml(path, CatalogueError)
    flow = Flow(
        name=path.stem,
        title=keys.text("title"),
        begin=keys.text("begin"),
        end=keys.text("end"),
        why=keys.text("why"),
        source=keys.text("source"),
        needs=keys.texts("needs"),
        select=keys.text("select"),
        drops=read_drops(keys),
        examples=keys.text("examples"),
    )
    keys.done()
    return flow


def described(profiles: Mapping[str, Profile]) -> dict[str, Table]:
    """Return the common tables that profiles make, by name."""
    return {profile.table.name: profile.table for profile in profiles.values()}
