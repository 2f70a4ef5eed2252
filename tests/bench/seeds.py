"""200 slots: 100 to book all over, one hot one, single seats to fight for, ordinary ones to come; and one to sign."""

from datetime import timedelta
from uuid import UUID

from service import db
from service.events.slots import BookableSlot
from tests.makers import make_event, make_slot

ENDLESS = 1_000_000
SPREAD = range(1, 101)
HOT = range(101, 102)
SINGLE = range(102, 122)
ORDINARY = range(122, 201)
SLOTS_AN_EVENT = 5
DESCRIPTION = "\n\n".join(
    [
        "Une visite **guidée** des ateliers, du plan au contrôle final, avec les équipes de production.",
        "- la conception\n- l’usinage\n- la métrologie\n- l’expédition",
        "Un échange d’une demi-heure avec deux apprenties clôt la visite ; chaque groupe est accompagné." * 3,
    ]
)
NAMES = 300
DOSSIERS = """
INSERT INTO dossier (id, token_hash, code, first_name, last_name, school, language)
SELECT gen_random_uuid(), 'sheet-' || n, 'S' || n, 'Marie-Antoinette ' || n,
       chr(65 + n % 26) || 'e la Rochefoucauld-Vandenbroucke', 'Lycée du Pays de Saint-Omer', 'fr'
FROM generate_series(1, $1::int) n
"""
BOOKINGS = """
INSERT INTO booking (id, dossier, slot, state) SELECT gen_random_uuid(), id, $1, 'confirmed' FROM dossier
WHERE token_hash LIKE 'sheet-%'
"""

Target = tuple[str, str]  # the slug of the event, the id of the slot


async def sow() -> dict[int, Target]:
    """Fill an empty, migrated database; the slots by their number, which is also their id."""
    found: dict[int, Target] = {}
    for kind, capacity in ((ORDINARY, 24), (SPREAD, ENDLESS), (HOT, ENDLESS), (SINGLE, 1)):
        for start in kind[::SLOTS_AN_EVENT]:
            numbers = range(start, min(start + SLOTS_AN_EVENT, kind.stop))
            found |= {number: (slot.slug, str(slot.id)) for number, slot in await _event(numbers, capacity)}
    return found


async def sow_sheet() -> UUID:
    """A slot with 300 names on its sheet, years ahead of the others; its id."""
    slot = await make_slot(NAMES, starts_in=timedelta(days=1000))
    await db.fetch(DOSSIERS, NAMES)
    await db.fetch(BOOKINGS, slot.id)
    await db.fetch("UPDATE slot SET seats_taken = $2 WHERE id = $1", slot.id, NAMES)
    return slot.id


async def _event(numbers: range, capacity: int) -> list[tuple[int, BookableSlot]]:
    event = await make_event(description=DESCRIPTION)
    day = 2 + (numbers[0] - ORDINARY.start) % ORDINARY.stop  # the ordinary ones are the next to come
    return [
        (number, await make_slot(capacity, event=event, id=UUID(int=number), starts_in=timedelta(days=day)))
        for number in numbers
    ]
