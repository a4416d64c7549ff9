"""`careloom encode`: records hashed part by part at their owner's, and two such files linked by somebody who cannot read them."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from careloom.catalogue import load_catalogue
from careloom.core import RequestError
from careloom.study import encode_file, link_encoded

ABOUT = """Write a list of people so that it can be linked with another without being read: names, birth dates and postcodes are cut
into parts, and each part is written as a keyed hash. Each owner does so at their own site, all with one key, which who
links the files does not get. With --link, two such files are linked one to one.
What is written is still personal data: whoever holds the key can try out names, and rare hashes can be told from common ones.
Share it only as an agreement says, destroy it after linking, and use a key for one linkage only.
Beside OUT.csv stands OUT.records.csv, which says whose number each record is: it stays with the owner."""
EXAMPLES = """examples:
  careloom encode people.csv --id "Child ID" --key ours.key --out people_encoded.csv
  careloom encode --link ours_encoded.csv theirs_encoded.csv --out links.csv
"""


def add_encode(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "encode",
        help="hash a list of people part by part, to be linked by somebody who must not read it",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("file", type=Path, nargs="?", metavar="FILE.csv", help="the list of people")
    command.add_argument("--id", default="child_id", metavar="HEADING", help="the column of your own number (child_id)")
    command.add_argument("--key", type=Path, metavar="FILE", help="the key that all who take part use")
    command.add_argument("--link", type=Path, nargs=2, metavar="ENCODED.csv", help="link these two encoded files")
    command.add_argument("--threshold", type=float, default=0.95, metavar="P", help="link from this probability (0.95)")
    command.add_argument("--out", type=Path, required=True, metavar="OUT.csv", help="the new file to write")
    command.set_defaults(command=encode_command, when_stopped="nothing was finished")


def encode_command(asked: argparse.Namespace, console: Console) -> int:
    if asked.link:
        links = link_encoded(*asked.link, out=asked.out, threshold=asked.threshold)
        print(f"{links:,} links: {asked.out}")
        return 0
    if not (asked.file and asked.key):
        raise RequestError("name the file and the key: careloom encode FILE.csv --key FILE --out OUT.csv")
    done = encode_file(asked.file, load_catalogue(), key_file=asked.key, record=asked.id, out=asked.out)
    print(f"{done.records:,} records, by {', '.join(done.columns)}; key {done.key_id}: {asked.out}")
    if done.unread_dates:
        print(f"{done.unread_dates:,} dates of birth could not be read; write them as 2010-03-31 or 31/03/2010")
    return 0
