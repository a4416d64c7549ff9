"""Are pairs as often one child as they are said to be probable? On made-up authorities with more errors than usual.

    python calibration.py --children 20000 --errors 4

Lists for each reason for doubt how many pairs were said to be how probable, and what share of them is right.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from careloom.catalogue import load_catalogue
from careloom.link import WEIGHED
from careloom.study import read_study
from careloom.study.links import linked, read_truth, true_of
from careloom.synth import make_england

SYSTEMS = ("ssda903", "cin_census", "case_system", "health", "early_help")
DELIVERED = '\n[[delivery]]\nauthority = "{la}"\nfiles = ["{la}/case_system/*.csv", "{la}/health/*.csv", "{la}/early_help/*.csv"]\n'
FROM = (0.0, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=20_000)
    parser.add_argument("--authorities", type=int, default=3)
    parser.add_argument("--errors", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        folder = Path(place)
        many = {
            "authorities": asked.authorities,
            "children": asked.children,
            "errors": asked.errors,
            "seed": asked.seed,
        }
        make_england(folder, years=(2017, 2021), systems=SYSTEMS, **many)
        las = sorted(path.name for path in folder.iterdir() if path.name.isdigit())
        file = folder / "study.toml"
        more = "".join(DELIVERED.format(la=la) for la in las) + '\n[link]\nlink_mode = "probabilistic"\n'
        file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
        for (doubt, least), pairs in sorted(told(file).items()):
            said, right = (sum(each) / len(pairs) for each in zip(*pairs, strict=True))
            print(f"{doubt or 'none':30} from {least:<6} {len(pairs):6} pairs, said {said:.3f}, right {right:.3f}")


def told(file: Path) -> dict[tuple[str, float], list[tuple[float, bool]]]:
    """How probable each pair is said to be and whether it is right, by why it is in doubt and of what probability at least; of those whose truth is known."""
    catalogue = load_catalogue()
    with linked(read_study(file, catalogue), catalogue, lambda step, share: None) as engine:
        known = read_truth(file.parent / "truth")
        rows = engine.rows("SELECT identifier_no, la, return_name, child_id FROM identifier")
        pairs = engine.rows(f"SELECT one_no, two_no, doubt, probability FROM {WEIGHED}")
    truly = {number: true_of(known, *of) for number, *of in rows}
    found = defaultdict(list)
    for one, two, doubt, probability in pairs:
        if truly[one] and truly[two]:
            found[doubt, max(least for least in FROM if least <= probability)].append(
                (probability, truly[one] == truly[two])
            )
    return found


if __name__ == "__main__":
    main()
