"""Packages that can be found while a test needs them, and do nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def importable(directory: Path, *names: str) -> Iterator[None]:
    """Within the context, these packages are on the path, empty."""
    for name in names:
        (directory / name).mkdir()
        (directory / name / "__init__.py").touch()
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))
