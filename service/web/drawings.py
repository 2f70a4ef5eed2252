"""QR codes as SVG, drawn by segno from texts of ours."""

import segno
from markupsafe import Markup


def qr_code(content: str, *, error: str = "m", border: int = 2) -> Markup:
    """The code as inline SVG without a size of its own: the style gives it one."""
    drawn = segno.make(content, error=error, micro=False)
    return Markup(drawn.svg_inline(border=border, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 - segno's
