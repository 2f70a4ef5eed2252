"""What a certificate of attendance says, the same on the page and in the file."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from gettext import NullTranslations

from litestar import Response

from service import i18n, settings, text
from service.attendance.certificates import Certificate
from service.documents import pdf


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: who says so, of whom, what, and where it comes from."""

    campus: str
    heading: str
    opening: str
    name: str
    origin: str
    statement: str
    title: str
    facts: list[tuple[str, str]]
    counted: str
    source: str
    issued: str


def words_of(one: Certificate, language: str) -> Sheet:
    """The certificate in words."""
    words, campus = i18n.translations(language), settings.current().campus_name
    return Sheet(
        campus=campus,
        heading=words.gettext("Certificate of attendance"),
        opening=words.gettext("%(campus)s certifies that") % {"campus": campus},
        name=words.gettext("The class %(label)s") % {"label": one.label} if one.is_class else one.name,
        origin=one.origin,
        statement=words.gettext("took part in"),
        title=one.title,
        facts=_facts(one, words, language),
        counted=_counted(one, words, language) if one.is_class else "",
        source=words.gettext("The campus noted the presence at the door, on the spot."),
        issued=words.gettext("Issued on %(day)s.") % {"day": i18n.long_date(i18n.today(), language)},
    )


async def as_pdf_file(certificates: Sequence[Certificate], language: str) -> Response[bytes]:
    """One page each, in one file that is named after the first."""
    first, sheets = certificates[0], [words_of(one, language) for one in certificates]
    values = {"lang": language, "sheets": [{name: getattr(one, name) for name in Sheet.__slots__} for one in sheets]}
    content = await asyncio.to_thread(pdf.make, "certificate", values)
    heading = i18n.translations(language).gettext("Certificate of attendance")
    name = f"{text.slug(heading)}-{first.starts_at:%Y-%m-%d}-{text.slug(first.title)[:60]}"
    ascii_name = name.encode("ascii", "ignore").decode()
    headers = {"Content-Disposition": f'attachment; filename="{ascii_name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _facts(one: Certificate, words: NullTranslations, language: str) -> list[tuple[str, str]]:
    told = [
        (words.gettext("Date"), i18n.long_date(one.starts_at.date(), language)),
        (words.gettext("Time"), i18n.time_range(one.starts_at, one.ends_at, language)),
        (words.gettext("Where"), one.place),
        (words.gettext("Welcomed by"), one.host),
    ]
    return [(label, value) for label, value in told if value]


def _counted(one: Certificate, words: NullTranslations, language: str) -> str:
    """The door counts heads: who of them is a pupil is known only when all came."""
    if one.people == one.seats and one.pupils:
        return words.gettext("Present: %(party)s.") % {"party": i18n.party(one.pupils, one.chaperones, language)}
    present = words.ngettext(
        "Present: %(num)s person of %(seats)s who were booked.",
        "Present: %(num)s people of %(seats)s who were booked.",
        one.people,
    )
    return present % {"num": one.people, "seats": one.seats}
