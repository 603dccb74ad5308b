"""What a test run leaves behind for people: `tests/artifacts/`, which is not kept in the repository."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "artifacts"


def keep_artifact(name: str, content: bytes) -> Path:
    """Keep it, in the place of the one of an earlier run."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / name
    path.write_bytes(content)
    return path
