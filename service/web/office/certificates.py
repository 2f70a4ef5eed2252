"""Certificates of attendance, as an organiser hands them out: of one booking, and of all of a slot in one file."""

from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from service import db
from service.attendance import certificates
from service.edge.loading import DECIDERS, actor
from service.journal.notes import note
from service.web.certificate_words import as_pdf_file
from service.web.pages import Visit, language

ORGANISERS = {"roles": DECIDERS}


@get("/office/bookings/{booking:uuid}/certificate.pdf", opt=ORGANISERS)
async def of_booking(request: Visit, booking: FromPath[UUID]) -> Response[Any]:
    """Of whoever came by one booking: a person; or a class, and its pupils by name where all of them came."""
    wanted = certificates.pages(await certificates.of_booking(booking))
    await _note(request, "booking", booking, len(wanted))
    return await as_pdf_file(wanted, language(request))


@get("/office/slots/{slot:uuid}/certificates.pdf", opt=ORGANISERS)
async def of_slot(request: Visit, slot: FromPath[UUID]) -> Response[Any]:
    """Of everybody who came."""
    wanted = [each for one in await certificates.of_slot(slot) for each in certificates.pages(one)]
    await _note(request, "slot", slot, len(wanted))
    return await as_pdf_file(wanted, language(request))


HANDLERS = [of_booking, of_slot]


async def _note(request: Visit, kind: str, subject: UUID, number: int) -> None:
    async with db.transaction():
        await note(actor(request), "export_certificates", kind, subject, number=number)
