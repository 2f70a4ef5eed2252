"""Answering with a page: a template in the visitor's language, or the way to the next one."""

import re
from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Request, Response
from litestar.response import Redirect

from service import i18n, settings, templates

Visit = Request[Any, Any, Any]


def language(request: Visit) -> str:
    """The language that the link asks for; French when it asks for none. No cookie, no guess."""
    asked = request.query_params.get("lang", "")
    return asked if asked in i18n.LANGUAGES else i18n.LANGUAGES[0]


def page(
    request: Visit,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    here: str = "",
    **names: Any,
) -> Response[str]:
    """The page ``pages/<template>.html``; ``here`` is its own address, where that is not the request's."""
    spoken = language(request)
    content = templates.render(f"pages/{template}.html", spoken, {**_house(request, here), "status": status, **names})
    return Response(content, status_code=status, headers=headers, media_type=MediaType.HTML)


def again(request: Visit, template: str, *, here: str, **names: Any) -> Response[str]:
    """The same page with what was typed and what is wrong with it (422)."""
    return page(request, template, status=422, here=here, **names)


def see(request: Visit, address: str, **query: Any) -> Response[Any]:
    """Done: look there (303), in the same language."""
    return Redirect(templates.path(language(request), address, **query), status_code=303)


def dialled(phone: str) -> str:
    """What a telephone dials for a number as people write it (``+33 (0)3 21 …, de 9 h à 17 h`` → ``+33321…``)."""
    number = re.search(r"\+?[0-9](?:[ .\u00a0\u202f/-]?[0-9])*", phone.replace("(0)", ""))
    return re.sub(r"[^+0-9]", "", number[0]) if number else ""


def _house(request: Visit, here: str) -> dict[str, Any]:
    """What every page needs."""
    chosen, spoken = settings.current(), language(request)
    query = {name: value for name, value in request.query_params.items() if name not in ("lang", "booked")}
    return {
        "campus_name": chosen.campus_name,
        "contact_email": chosen.contact_email,
        "contact_phone": chosen.contact_phone,
        "contact_dial": dialled(chosen.contact_phone),
        "conformity": chosen.accessibility_state,
        "demo": chosen.demo,
        "mail_on_disk": chosen.smtp_url is None,
        "today": i18n.today(),
        "absolute": lambda address, other=spoken: chosen.public_url + templates.path(other, address),
        "absolute_static": lambda name: chosen.public_url + templates.static(name),
        "switch_path": lambda other: templates.path(other, here or request.url.path, **({} if here else query)),
    }
