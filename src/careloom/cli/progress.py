"""What a command shows while it works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


@contextmanager
def steps(console: Console) -> Iterator[Callable[[str, float], None]]:
    """Show the step being done and the share of all that is done; each step on a line of its own where nobody watches a screen."""
    if not console.is_terminal:
        yield lambda step, share: console.print(f"{share:4.0%} {step}", markup=False, soft_wrap=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda step, share: progress.update(task, description=step, completed=share)
        progress.update(task, description="done", completed=1.0)
