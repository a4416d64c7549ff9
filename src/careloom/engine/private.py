"""A folder for what memory cannot hold: only its owner may open it, it goes with the engine, and what a killed run left goes with the next."""

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX, LOCK = ".careloom-", ".lock"
SECONDS_TO_LOCK = 60
"""A folder younger than this may be about to be locked."""


class PrivateFolder:
    """A new folder in `parent`, locked while it is in use. Raises OSError when it cannot be made."""

    def __init__(self, parent: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)  # made for its owner alone, as all such folders are
        self._lock = FileLock(self.path / LOCK)
        self._lock.acquire()

    def close(self) -> None:
        """Let the folder go with all that is in it."""
        self._lock.release()
        self._folder.cleanup()


def sweep(parent: Path) -> None:
    """Remove the folders of our own that nobody holds any more: those of runs that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, Timeout):
            about = folder.lstat()
            is_ours = not hasattr(os, "getuid") or about.st_uid == os.getuid()
            if (
                folder.is_dir()
                and not folder.is_symlink()
                and is_ours
                and time.time() - about.st_mtime > SECONDS_TO_LOCK
            ):
                with FileLock(folder / LOCK, timeout=0):
                    pass
                shutil.rmtree(folder)
