"""Every state of the form and of the page of a class."""

from service.bookings.dossiers import token_of
from service.bookings.tables import Booking
from service.events import partners
from tests.browser import class_stage, openers
from tests.browser.situation import Situation, at
from tests.makers import link_of


async def all_situations() -> list[Situation]:
    """The form, with what it proposes, and the page, wherever the class stands."""
    staged = await class_stage.set_up()
    links = {name: link_of(dossier) for name, dossier in staged.dossiers.items()}
    forms = {name: f"/events/{event.slug}/class" for name, event in staged.events.items()}
    like = token_of(staged.dossiers["option-three"].id, staged.dossiers["option-three"].generation)
    [slot] = await Booking.select(Booking.slot).where(Booking.dossier == staged.dossiers["option"].id)
    return [
        at("class-form", forms["fresh"]),
        at("class-form-en", f"{forms['fresh']}?lang=en"),
        at("class-form-queue-only", forms["queue"]),
        at("class-form-closed", forms["closed"]),
        at("class-form-partner", f"{forms['partner']}?partner={partners.token_of(staged.events['partner'].id)}"),
        at("class-form-like", f"{forms['fresh']}?like={like}"),
        Situation("class-form-mistakes", openers.asked_for_class(forms["fresh"], pupils="0", email="léa chez moi")),
        Situation("class-proposal-slots", openers.asked_for_class(forms["three"])),
        Situation("class-proposal-slots-en", openers.asked_for_class(f"{forms['three']}?lang=en")),
        Situation("class-proposal-both", openers.asked_for_class(forms["part"], chaperones="0")),
        Situation("class-proposal-chaperones", openers.asked_for_class(forms["chaperones"], chaperones="1")),
        Situation("class-proposal-queue", openers.asked_for_class(forms["queue"], pupils="3", chaperones="0")),
        Situation("class-proposal-none", openers.asked_for_class(forms["narrow"])),
        Situation("class-too-large", openers.asked_for_class(forms["large"], pupils="60")),
        *[at(f"class-{name}", link) for name, link in links.items()],
        at("class-option-booked", f"{links['option']}?booked=yes"),
        at("class-option-three-en", f"{links['option-three']}?lang=en"),
        at("class-mixed-en", f"{links['mixed']}?lang=en"),
        at("class-counted", f"{links['option']}?counted={slot['slot'].hex}"),
        at("class-missing-seats", f"{links['option']}?counted={slot['slot'].hex}&missing=3"),
        at("class-named", f"{links['booked-three']}?names=saved"),
        Situation("class-numbers-mistaken", openers.counted(links["option-three"], pupils="", chaperones="120")),
        Situation("class-numbers-refused", openers.counted(links["option-three"], pupils="12", chaperones="0")),
        Situation("class-date-without-tick", openers.given_up(links["option-three"])),
        Situation("class-details", openers.opened(links["option-three"], "Mes données")),
    ]
