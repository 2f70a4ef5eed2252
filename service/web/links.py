"""What every page behind a dossier's link begins with."""

from service.bookings import changes, dossiers
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
        await changes.hear_from(dossier)
    return dossier, form
