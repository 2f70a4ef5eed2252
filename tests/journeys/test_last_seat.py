"""Two hundred hands reach for the last seat, over HTTP, at a service of two processes."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx

from service.bookings.seats import seats_left
from service.events.slots import BookableSlot
from service.mail.tables import Email
from tests.live import served
from tests.makers import make_slot

GENEROUS = "network=100000/h"


async def test_two_hundred_attempts_at_the_last_seat_have_one_winner(tmp_path: Path) -> None:
    slot = await make_slot(1)

    answers = await _reach(slot, tmp_path, 200)

    assert answers == {303: 1, 409: 199}
    assert await seats_left(slot.id) == 0
    assert await Email.count() == 1


async def test_one_form_sent_a_hundred_times_at_once_is_booked_once(tmp_path: Path) -> None:
    slot = await make_slot(10)

    answers = await _reach(slot, tmp_path, 100, first_name="Zoé", email="zoe@exemple.test", key="one-key")

    assert answers == {303: 100}
    assert await seats_left(slot.id) == 9
    assert await Email.count() == 1


async def _reach(slot: BookableSlot, data_dir: Path, hands: int, **same: str) -> Counter[int]:
    """Send ``hands`` forms at once, each of another pupil unless they are to be the ``same``; count the answers."""
    limits = httpx.Limits(max_connections=hands)
    async with (
        served(data_dir, workers=2, with_worker=False, RATE_LIMITS=GENEROUS) as address,
        httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client,
    ):

        async def reach(number: int) -> int:
            pupil = {"first_name": f"Élève {number}", "email": f"eleve{number}@exemple.test", **same}
            form = {"slot": str(slot.id), "last_name": "Pruvost", "school": "LYPSO", **pupil}
            return (await client.post(f"/events/{slot.slug}/bookings", data=form)).status_code

        return Counter(await asyncio.gather(*(reach(number) for number in range(hands))))
