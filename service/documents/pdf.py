"""Documents as tagged PDF (PDF/UA-1, which typst itself checks), from a template and values."""

import json
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent.parent.parent / "templates" / "documents"


def make(template: str, values: Any) -> bytes:
    """The PDF of ``templates/documents/<template>.typ``, which reads ``values`` as JSON. Takes time: not in a loop.

    Values travel as data, never as markup: a name cannot run anything.
    """
    source, given = str(TEMPLATES / f"{template}.typ"), {"values": json.dumps(values)}
    try:
        return typst.compile(source, root=str(TEMPLATES), pdf_standards="ua-1", sys_inputs=given)
    except typst.TypstError:  # no font here has a letter of somebody's name: better a box than no sheet
        return typst.compile(source, root=str(TEMPLATES), sys_inputs=given)
