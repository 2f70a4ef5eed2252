"""What every page behind a dossier's link begins with."""

from uuid import UUID

from service.bookings import addresses, dossiers
from service.bookings.tables import Dossier
from service.limits import rates
from service.web import forms
from service.web.forms import Form
from service.web.pages import Visit, language


async def living(token: str) -> Dossier:
    """The dossier of a link. Refuses: UnknownLink, also while it is being erased."""
    dossier = await dossiers.by_token(token)
    if dossier.erase_asked_at:
        raise dossiers.UnknownLink
    return dossier


async def change(request: Visit, token: str, *, heard: bool = True) -> tuple[Dossier, Form]:
    """What every change begins with: the dossier, its rate, the form, and whether its address answered."""
    dossier = await living(token)
    await rates.spend("changes", str(dossier.id))
    form = await forms.read(request, language(request))
    if heard and form.raw("from") == "mail":
        await addresses.hear_from(dossier)
    return dossier, form


def slot_of(form: Form) -> UUID | None:
    """The slot of the dossier that a form is about; None where it is about all of them."""
    try:
        return UUID(form.raw("slot"))
    except ValueError:
        return None


def origin(form: Form) -> dict[str, str]:
    """What the next address says, so that pages opened from the mail are known as such."""
    return {"from": "mail"} if form.raw("from") == "mail" else {}
