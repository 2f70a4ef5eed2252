"""Certificates of attendance for whoever was there, from the page of their booking: as a page, and as PDF."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from service import i18n
from service.attendance import certificates
from service.attendance.certificates import Certificate, MoreThanCame
from service.bookings.tables import Dossier
from service.web import links, refusals
from service.web.booking_page import address_of
from service.web.certificate_words import as_pdf_file, words_of
from service.web.pages import Visit, language, page

PUBLIC = {"public": True}
MOST_NAMES = 400


@get("/bookings/{token:str}/certificate", opt=PUBLIC)
async def show(request: Visit, token: FromPath[str]) -> Response[str]:
    """The certificate to read and print; of a class, with the choice of its pupils."""
    return await _answer(request, await _asked(request, token))


@get("/bookings/{token:str}/certificate.pdf", opt=PUBLIC)
async def download(request: Visit, token: FromPath[str]) -> Response[Any]:
    """The same as a file: one page for each person, that of the class first."""
    asked = await _asked(request, token)
    try:
        wanted = certificates.pages(asked.certificate, asked.chosen)
    except MoreThanCame:
        return await _answer(request, asked)
    return await as_pdf_file(wanted, language(request))


HANDLERS = [show, download]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which certificate of a dossier, and for which pupils: None where nobody chose."""

    dossier: Dossier
    certificate: Certificate
    chosen: list[int] | None


async def _asked(request: Visit, token: str) -> _Asked:
    """Refuses: UnknownLink, NotOverYet, NoPresence."""
    dossier, query = await links.living(token), request.query_params
    try:
        slot = UUID(query.get("slot", ""))
    except ValueError:
        slot = None
    chosen = [int(place) for place in query.getall("pupil", [])[:MOST_NAMES] if re.fullmatch("[0-9]{1,4}", place)]
    certificate = await certificates.of_dossier(dossier, slot)
    return _Asked(dossier, certificate, chosen if query.get("chosen") == "yes" else None)


async def _answer(request: Visit, asked: _Asked) -> Response[str]:
    """The page; without the pupils, under the refusal, when more are ticked than came."""
    spoken, refusal = language(request), None
    try:
        wanted = certificates.pages(asked.certificate, asked.chosen)
    except MoreThanCame as said:
        wanted, refusal = [asked.certificate], refusals.answer(said, spoken)
    named = {one.name for one in wanted[1:]}
    ticked = asked.chosen if asked.chosen is not None else range(len(asked.certificate.names) if named else 0)
    here = f"{address_of(asked.dossier)}/certificate"
    return page(
        request,
        "certificates/show",
        status=refusal.status if refusal else 200,
        base=here,
        booking_path=address_of(asked.dossier),
        certificate=asked.certificate,
        slot=asked.certificate.slot.hex,
        chosen=asked.chosen,
        ticked=set(ticked),
        sheets=[words_of(one, spoken) for one in wanted],
        refusal=refusal,
        counted=i18n.party(asked.certificate.pupils, asked.certificate.chaperones, spoken),
    )
