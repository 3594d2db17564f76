"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

PART = ".coursekit-part"  # ending of a file that is still being written; one left behind by a kill is safe to delete


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader, or a kill at any moment, finds the old file or the new one.

    The caller keeps other writers of the same path away (the unfinished file has one fixed name).

    Raises:
        OSError: if the folder cannot be written; the old file is then untouched.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
