"""Where words are on a page of a PDF: the record, and how it crosses from the sandboxed process."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points (1/72 inch) from the upper left corner of the page as it is shown."""

    left: float
    top: float
    right: float
    bottom: float

    def with_(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True)
class PagePlaces:
    """A page `width` by `height` points large, and a box for each line of the words that were looked for."""

    width: float
    height: float
    boxes: tuple[Box, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> PagePlaces:
        """Raises KeyError or TypeError for what `as_json` never gives."""
        return cls(fields["width"], fields["height"], tuple(Box(**box) for box in fields["boxes"]))
