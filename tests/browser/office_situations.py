"""Every page of the office, of the door and of the certificates, for those who may see it."""

from datetime import timedelta

from service import clock, db, i18n
from tests.browser import office_proposals, office_stage
from tests.browser.office_openers import corrected, overtaken, sent
from tests.browser.office_stage import OfficeStage
from tests.browser.openers import Opener
from tests.browser.situation import Situation, at

ADMIN, READER, DOOR = "admin", "reader", "door"
EVENTS = "/office/events"
STRUCTURES = "/office/organisations"
PEOPLE = "Léa;Dupont;lea@exemple.test;LYPSO;2de\nAli;Ben Salah;;Collège Ferry;3e"
WRONG_PEOPLE = f"{PEOPLE}\nLéa;Dupont;lea@exemple.test\n;;sans-nom@exemple.test\nZoé;Martin;zoé chez exemple"
NOTE = "Bonjour {prénom},\n\nLe parking est fermé : venez par l’entrée nord."


async def all_situations() -> list[Situation]:
    """The office on a busy day."""
    staged = await office_stage.set_up()
    return [
        *_signing_in(staged),
        *_events(staged),
        *_event_forms(staged),
        *_dates(staged),
        *_bookings(staged),
        *await _one_booking(staged),
        *_writing(staged),
        *_lists(staged),
        *_door(staged),
        *_campus(),
        *office_proposals.all_situations(await office_proposals.set_up()),
        *_organisations(staged),
    ]


def _signing_in(staged: OfficeStage) -> list[Situation]:
    return [
        at("office-sign-in", "/office/sign-in"),
        at("office-code", "/office/sign-in/code"),
        at("office-link", "/office/sign-in/some-link"),
        at("office-today", "/office", ADMIN),
        at("office-today-en", "/office?lang=en", ADMIN),
        at("office-today-door", "/office", DOOR),
        at("office-sessions", "/office/sessions", ADMIN),
        at("office-not-allowed", _slot(staged, "full"), DOOR, status=403),
    ]


def _events(staged: OfficeStage) -> list[Situation]:
    published = _event(staged, "published")
    return [
        at("office-events", EVENTS, ADMIN),
        at("office-events-en", f"{EVENTS}?lang=en", ADMIN),
        at("office-events-nothing-found", f"{EVENTS}?when=past&q=introuvable&kind=assembly", ADMIN),
        at("office-event-lacking", _event(staged, "lacking"), ADMIN),
        at("office-event-ready", _event(staged, "ready"), ADMIN),
        at("office-event-published", published, ADMIN),
        at("office-event-published-en", f"{published}?lang=en", ADMIN),
        at("office-event-called-off", _event(staged, "off"), ADMIN),
        at("office-event-over", _event(staged, "over"), ADMIN),
        at("office-event-preview", f"{_event(staged, 'ready')}/preview", ADMIN),
    ]


def _event_forms(staged: OfficeStage) -> list[Situation]:
    new = f"{EVENTS}/new?kind=workshop"
    edit, booked = f"{_event(staged, 'published')}/edit", f"{_event(staged, 'booked')}/edit"
    rival = staged.events["published"].id
    elsewhere = "12 rue de la Gare, 62500 Saint-Omer"
    return [
        at("office-models", f"{EVENTS}/new", ADMIN),
        at("office-new-event", new, ADMIN),
        _at("office-new-event-refused", sent(new, "/events/new", title="Souder", seats="mille", hour="25")),
        at("office-edit", edit, ADMIN),
        _at("office-edit-refused", sent(edit, "/edit", title="", contact_email="personne")),
        _at("office-edit-conflict", overtaken(edit, "/edit", rival, summary="Deux ateliers.")),
        _at("office-edit-confirm", sent(booked, "/edit", place=elsewhere)),
    ]


def _dates(staged: OfficeStage) -> list[Situation]:
    event, many = _event(staged, "published"), _slot(staged, "many")
    new = f"{event}/slots/new"
    rule = {"day": _day(5), "starts": "14:00", "ends": "16:00", "seats": "12", "every": "week", "count": "4"}
    return [
        at("office-dates-new", new, ADMIN),
        _at("office-dates-list", sent(new, "/slots/new", **rule)),
        at("office-date", f"{many}/edit", ADMIN),
        _at("office-date-told", sent(f"{many}/edit", "/edit", day=_day(9))),
        at("office-date-duplicate", f"{many}/duplicate", ADMIN),
        at("office-date-call-off", f"{many}/call-off", ADMIN),
        at("office-event-call-off", f"{event}/call-off", ADMIN),
    ]


def _bookings(staged: OfficeStage) -> list[Situation]:
    full, many = _slot(staged, "full"), _slot(staged, "many")
    return [
        at("office-bookings", full, ADMIN),
        at("office-bookings-en", f"{full}?lang=en", ADMIN),
        at("office-bookings-reader", full, READER),
        at("office-bookings-second-page", f"{many}?page=2", ADMIN),
        at("office-bookings-nothing-found", f"{many}?q=introuvable", ADMIN),
        at("office-bookings-empty", _slot(staged, "empty"), ADMIN),
        at("office-add", f"{full}/add", ADMIN),
        _at("office-add-refused", sent(f"{many}/add?kind=class", "/add", pupils="0", email="zoé")),
    ]


async def _one_booking(staged: OfficeStage) -> list[Situation]:
    letters = "SELECT id FROM email WHERE subject_id = $1 AND content IS NOT NULL"
    [letter] = await db.fetch(letters, staged.bookings["confirmed"])
    names = ("confirmed", "class", "pending", "waiting", "gone", "lost")
    return [
        *[at(f"office-booking-{name}", _booking(staged, name), ADMIN) for name in names],
        at("office-booking-reader", _booking(staged, "long"), READER),
        at("office-letter", f"{_booking(staged, 'confirmed')}/letters/{letter['id']}", ADMIN),
    ]


def _writing(staged: OfficeStage) -> list[Situation]:
    write = f"{_slot(staged, 'full')}/messages/new"
    typed = {"title": "Entrée nord", "body": NOTE}
    into = f"{_slot(staged, 'many')}/import"
    return [
        at("office-message", write, ADMIN),
        _at("office-message-preview", sent(write, "/messages/new", **typed)),
        at("office-import", into, ADMIN),
        _at("office-import-review", sent(into, "/import", people=PEOPLE)),
        _at("office-import-wrong", sent(into, "/import", people=WRONG_PEOPLE)),
    ]


def _lists(staged: OfficeStage) -> list[Situation]:
    return [
        at("office-sheet", f"{_slot(staged, 'full')}/attendance.html", ADMIN),
        at("office-day", f"/office/days/{_day(0)}/attendance.html", ADMIN),
        at("office-day-empty", "/office/days/2099-01-01/attendance.html", ADMIN),
        at("office-exports", "/office/exports", ADMIN),
    ]


def _door(staged: OfficeStage) -> list[Situation]:
    here, other = (f"/office/door/{staged.slots[name].id}" for name in ("door", "many"))
    link = staged.links["door"]
    certificates = sorted(name for name in staged.links if name.startswith("certificate"))
    return [
        at("door", here, ADMIN),
        at("door-en", f"{here}?lang=en", ADMIN),
        at("door-by-link", f"{link}?q=eleve"),
        at("door-another-day", other, ADMIN),
        at("office-door-link", f"{_slot(staged, 'full')}/door", ADMIN),
        *[at(name, staged.links[name], status=409 if name == "certificate-not-yet" else 200) for name in certificates],
    ]


def _campus() -> list[Situation]:
    settings, staff = "/office/settings", "/office/staff"
    return [
        at("office-settings", settings, ADMIN),
        _at("office-settings-refused", sent(settings, settings, campus_name="", contact_email="personne")),
        at("office-staff", staff, ADMIN),
        _at("office-staff-refused", sent(f"{staff}#add", 'staff"][class="narrow', name="", email="personne")),
    ]


def _organisations(staged: OfficeStage) -> list[Situation]:
    known, bare = (f"{STRUCTURES}/{staged.organisations[name]}" for name in ("glassworks", "bare"))
    compare = f"{known}/merge?other={staged.organisations['double']}"
    return [
        at("office-structures", STRUCTURES, ADMIN),
        at("office-structures-reader", STRUCTURES, READER),
        at("office-structures-nothing-found", f"{STRUCTURES}?q=introuvable&quiet=yes", ADMIN),
        at("office-structure", known, ADMIN),
        at("office-structure-en", f"{known}?lang=en", ADMIN),
        at("office-structure-reader", known, READER),
        at("office-structure-bare", bare, ADMIN),
        _at(
            "office-structure-contact-refused", sent(known, '/contacts"][class="writing', name_new="", email_new="zoé")
        ),
        at("office-structure-new", f"{STRUCTURES}/new", ADMIN),
        _at("office-structure-new-refused", sent(f"{STRUCTURES}/new", "/organisations/new", name="")),
        at("office-structure-edit", f"{known}/edit", ADMIN),
        _at("office-structure-edit-taken", sent(f"{bare}/edit", "/edit", name="VERRERIE de l'Aa")),
        _at("office-structure-edit-conflict", corrected(f"{bare}/edit", "/edit", staged.organisations["bare"])),
        at("office-structure-merge", f"{known}/merge?q=lycee", ADMIN),
        at("office-structure-compare", compare, ADMIN),
    ]


def _at(name: str, opener: Opener) -> Situation:
    return Situation(name, opener, role=ADMIN)


def _event(staged: OfficeStage, name: str) -> str:
    return f"{EVENTS}/{staged.events[name].id}"


def _slot(staged: OfficeStage, name: str) -> str:
    return f"/office/slots/{staged.slots[name].id}"


def _booking(staged: OfficeStage, name: str) -> str:
    return f"/office/bookings/{staged.bookings[name]}"


def _day(ahead: int) -> str:
    return (i18n.local(clock.now()) + timedelta(days=ahead)).date().isoformat()
