"""Make docs/calibration.md: a made-up country beside published figures. Takes a minute: python docs/make_calibration.py."""

from pathlib import Path

from careloom.synth import calibration_table, make_england

PAGE = Path(__file__).with_name("calibration.md")
SEED = 7  # the laws were tuned on other seeds

HEAD = f"""# Made-up England beside published figures

Made by `make calibration`; do not edit. The same table is printed by

<!-- not run: it takes a minute, and a test of its own holds the laws against the figures -->
```sh
careloom synth --calibration --authorities 150 --children 3000000 --years 2015-2024 --seed {SEED}
```

The tolerances and their reasons are in `src/careloom/catalogue/national`. Misses are marked and listed by year; why the
largest remain is said in [synthetic_england.md](synthetic_england.md).

"""


def main() -> None:
    made = make_england(None, authorities=150, children=3_000_000, years=(2015, 2024), seed=SEED)
    PAGE.write_text(HEAD + calibration_table(made.calibration).rstrip() + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
