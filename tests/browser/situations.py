"""Every page in every state that a visitor can meet: what the accessibility, budget and gallery tests walk over."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from playwright.async_api import Page

from service import clock
from service.bookings import changes, erasure
from service.bookings.seats import seats_left
from service.bookings.tables import Dossier
from service.events.slots import BookableSlot
from service.operations import demo
from service.people import delivery
from tests.makers import BEN, CLEO, a_pupil, link_of, make_booking, make_event, make_organisation, make_slot

Opener = Callable[[Page, str], Awaitable[object]]
LONG_TITLE = "Dans un atelier de câblage : fabriquer une armoire électrique connectée de A à Z"
LONG_NAME = "Marie-Antoinette-Éléonore de La Rochefou"


@dataclass(frozen=True)
class Situation:
    """One state of one page, and how to get there."""

    name: str
    open: Opener
    path: str | None = None


def at(name: str, path: str) -> Situation:
    """A situation that has an address."""
    return Situation(name, lambda page, site: page.goto(site + path), path)


async def empty() -> list[Situation]:
    """The service on its first day."""
    return [at("agenda-empty", "/"), at("agenda-empty-en", "/?lang=en")]


async def all_situations() -> list[Situation]:
    """The demo's season, and every state of a booking."""
    await demo.load()
    full, closed, over, off, not_yet, single = await _slots()
    held, fresh, gone, erased, lost = await _bookings()
    return [
        at("agenda", "/"),
        at("agenda-en", "/?lang=en"),
        at("agenda-nothing-matches", "/?town=Arques&level=BTS&kind=assembly"),
        at("agenda-filtered", "/?kind=workshop&with_seats=yes"),
        at("event", "/events/atelier-cyber"),
        at("event-en", "/events/atelier-cyber?lang=en"),
        at("event-several-slots", "/events/atelier-rv-maintenance"),
        at("event-classes-only", "/events/visite-verrerie"),
        at("event-members-only", "/events/ag-ordinaire"),
        at("event-past-with-presence", "/events/atelier-vision-ia"),
        at("event-full", f"/events/{full.slug}"),
        at("event-closed", f"/events/{closed.slug}"),
        at("event-over", f"/events/{over.slug}"),
        at("event-called-off", f"/events/{off.slug}"),
        at("event-not-yet", f"/events/{not_yet.slug}"),
        at("event-long-title", f"/events/{single.slug}"),
        Situation("event-refused", _refused("/events/atelier-cyber")),
        Situation("event-refused-en", _refused("/events/atelier-cyber?lang=en")),
        Situation("event-just-full", _just_full(single)),
        at("booked", f"{link_of(held)}?booked=yes"),
        at("booked-en", f"{link_of(held)}?lang=en"),
        at("booked-long-name", link_of(fresh)),
        at("booked-undeliverable", link_of(lost)),
        at("cancelled", link_of(gone)),
        at("erased", link_of(erased)),
        Situation("cancel-without-tick", _submitted(link_of(held), "/cancel")),
        at("find", "/bookings/find"),
        Situation("find-refused", _submitted("/bookings/find", "/bookings/find")),
        Situation("check-mail", _asked("/bookings/find")),
        at("not-found", "/nothing-here"),
        at("unknown-link", "/bookings/almost-right"),
    ]


async def _slots() -> list[BookableSlot]:
    day = timedelta(days=1)
    full = await make_slot(1)
    await make_booking(full, a_pupil())
    host = (await make_organisation(name="Électro-Flandre (entreprise fictive)", town="Bailleul")).id
    long = await make_event(title=LONG_TITLE, host=host)
    return [
        full,
        await make_slot(event=await make_event(list_closes_days=10)),
        await make_slot(starts_in=-3 * day),
        await make_slot(state="called_off", called_off_reason="machine en panne"),
        await make_slot(opens_at=clock.now() + 2 * day),
        await make_slot(1, event=long),
    ]


async def _bookings() -> list[Dossier]:
    slot = await make_slot(20, event=await make_event(title=LONG_TITLE))
    held = await make_booking(slot, BEN)
    fresh = await make_booking(slot, replace(CLEO, first_name=LONG_NAME, last_name=LONG_NAME))
    gone, erased, lost = [await make_booking(slot, a_pupil()) for _ in range(3)]
    await changes.cancel(gone)
    await erasure.erase(erased)
    await delivery.mark_undeliverable(lost.email, "550 no such user")
    return [held, fresh, gone, erased, lost]


def _refused(path: str) -> Opener:
    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator("#last_name").fill("Hôte " * 60)
        await page.locator("#email").fill("zoe chez exemple")
        await _send(page)

    return open_it


def _just_full(slot: BookableSlot) -> Opener:
    """The last seat goes while the form is being filled in."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(f"{site}/events/{slot.slug}")
        if not await page.locator("#first_name").count():
            return
        for name in ("first_name", "last_name", "school"):
            await page.locator(f"#{name}").fill("Élisabeth")
        await page.locator("#email").fill("elisabeth@exemple.test")
        if await seats_left(slot.id):
            await make_booking(slot, a_pupil())
        await _send(page)

    return open_it


def _submitted(path: str, action: str) -> Opener:
    """The page after its form was sent empty."""

    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator(f'form[action*="{action}"] button').click()

    return open_it


def _asked(path: str) -> Opener:
    async def open_it(page: Page, site: str) -> None:
        await page.goto(site + path)
        await page.locator("#email").fill("personne@exemple.test")
        await page.locator('form[action*="/bookings/find"] button').click()

    return open_it


async def _send(page: Page) -> None:
    """Press the button as late as a person would: a form sent within a second looks like a robot's."""
    await page.wait_for_timeout(1100)
    await page.locator('form[action*="/bookings"] button').click()
