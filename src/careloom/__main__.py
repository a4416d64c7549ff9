"""`python -m careloom` is the command `careloom`."""

import sys

from careloom.cli import main

sys.exit(main())
