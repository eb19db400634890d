"""Where things stand on a page as people see it: points from the top left corner.

Turns pdfium's coordinates (from the bottom left of an unturned sheet whose origin may be
anywhere) into that. Knows no text.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Rectangle = tuple[float, float, float, float]
"""left, bottom, right, top in pdfium's coordinates; left, top, right, bottom in ours."""

_DEFAULT = (612.0, 792.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """Width and height of a page as seen, its origin in pdfium's space and its rotation."""

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    rotation: int = 0

    @classmethod
    def of(cls, page: Any) -> Frame:
        """The frame of an open pdfium page; sizes that cannot be are taken as US Letter."""
        width, height = page.get_size()
        left, bottom, _, _ = page.get_bbox()
        if not all(math.isfinite(value) and value > 0 for value in (width, height)):
            width, height = _DEFAULT
        if not (math.isfinite(left) and math.isfinite(bottom)):
            left = bottom = 0.0
        return cls(width, height, left, bottom, page.get_rotation())

    def seen(self, rectangle: Rectangle) -> Rectangle:
        """Left, top, right, bottom of a rectangle of pdfium's (left, bottom, right, top)."""
        left, right = rectangle[0] - self.x, rectangle[2] - self.x
        bottom, top = rectangle[1] - self.y, rectangle[3] - self.y
        if self.rotation == 0:
            return left, self.height - top, right, self.height - bottom
        if self.rotation == 90:
            return bottom, left, top, right
        if self.rotation == 180:
            return self.width - right, bottom, self.width - left, top
        return self.width - top, self.height - right, self.width - bottom, self.height - left

    def drawn(self, rectangle: Rectangle) -> Rectangle:
        """The other way round: pdfium's left, bottom, right, top of what is seen."""
        left, top, right, bottom = rectangle
        if self.rotation == 0:
            drawn = left, self.height - bottom, right, self.height - top
        elif self.rotation == 90:
            drawn = top, left, bottom, right
        elif self.rotation == 180:
            drawn = self.width - right, top, self.width - left, bottom
        else:
            drawn = self.height - bottom, self.width - right, self.height - top, self.width - left
        return drawn[0] + self.x, drawn[1] + self.y, drawn[2] + self.x, drawn[3] + self.y
