"""The door for the staff: every organiser, the helpers who are named, nobody else; the absent; the link and helpers."""

from collections.abc import Iterator

import pytest
from litestar import Litestar

from service import clock, settings
from service.attendance import check_in, doors
from service.bookings import changes, waiting
from service.events import slots
from tests.attendance.harness import ADA, AFTERNOON, DAY, STARTS, door_slot, id_of, noted
from tests.makers import BEN, CLEO, make_booking, make_event
from tests.visits import Page, counted, dump, send
from tests.web.doors import PART, read, tally
from tests.web.office.harness import ROLES, browser_of, somebody

POSTS = ("tap", "walk-in", "code", "close", "reopen")


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with clock.at(AFTERNOON):
        yield


@pytest.mark.parametrize("role", ROLES)
async def test_a_door_is_there_for_organisers_and_for_who_is_named_and_for_nobody_else(
    app: Litestar, role: str
) -> None:
    slot, other = await door_slot(), await door_slot()
    cleo = await id_of(await make_booking(slot, CLEO))
    person = await somebody(role)
    if role == "door":
        await doors.grant(slot.id, person.id, ADA)
    wanted = {"door": (200, 404), "reader": (403, 403)}.get(role, (200, 200))
    async with browser_of(app, person) as client:
        for one, status in zip((slot, other), wanted, strict=True):
            base, before = f"/office/door/{one.id}", await dump()
            got = [(await client.get(base + end)).status_code for end in ("", "/list")]
            assert got == [status] * 2
            assert await dump() == before
            if status != 200:
                posted = [(await send(client, f"{base}/{end}", {"present": cleo.hex})).status_code for end in POSTS]
                assert (posted, await dump()) == ([status] * 5, before)
        if wanted[0] == 200:
            assert (await send(client, f"/office/door/{slot.id}/tap", {"present": cleo.hex})).status_code == 303
            assert await noted(slot) == [(1, f"person:{person.id}")]


async def test_who_is_named_no_longer_is_out_at_once(app: Litestar) -> None:
    slot, helper = await door_slot(), await somebody("door")
    await doors.grant(slot.id, helper.id, ADA)
    async with browser_of(app, helper) as client:
        assert (await client.get(f"/office/door/{slot.id}")).status_code == 200
        await doors.revoke(slot.id, helper.id, ADA)
        assert (await client.get(f"/office/door/{slot.id}")).status_code == 404


async def test_today_leads_a_helper_to_the_doors_they_are_named_for(app: Litestar) -> None:
    slot, helper = await door_slot(title="Visite du four"), await somebody("door")
    await door_slot(title="Autre visite")
    async with browser_of(app, helper) as client:
        assert "No slot is named for you yet" in (await read(client, "/office")).words
        await doors.grant(slot.id, helper.id, ADA)
        page = await read(client, "/office")
    assert ("Visite du four" in page.words, "Autre visite" in page.words) == (True, False)
    assert page.all("a", href=f"/office/door/{slot.id}?lang=en")


async def test_two_phones_see_each_other_s_taps(app: Litestar) -> None:
    slot = await door_slot()
    cleo = (await id_of(await make_booking(slot, CLEO))).hex
    base = f"/office/door/{slot.id}"
    async with browser_of(app, await somebody("organiser")) as one, browser_of(app, await somebody("admin")) as other:
        assert tally(await read(other, f"{base}/list")) == "0 / 1"
        await one.post(f"{base}/tap", data={"present": cleo}, headers={**PART, "Sec-Fetch-Site": "same-origin"})
        assert tally(await read(other, f"{base}/list")) == "1 / 1"
        await send(other, f"{base}/tap", {"undo": cleo})
        assert tally(await read(one, f"{base}/list")) == "0 / 1"


async def test_an_organiser_finds_who_is_not_expected_when_searching_only(app: Litestar) -> None:
    slot = await door_slot(1)
    gone = await make_booking(slot, BEN)
    with clock.at(AFTERNOON - DAY):
        await changes.cancel(gone)
        await make_booking(slot, CLEO)
        await waiting.join(await slots.load(slot.id), BEN)
    async with browser_of(app, await somebody("organiser")) as client:
        assert "DELATTRE" not in (await read(client, f"/office/door/{slot.id}")).words
        page = await read(client, f"/office/door/{slot.id}", q="delattre")
        listed = await read(client, f"/office/door/{slot.id}/list")
    assert page.words.count("DELATTRE Ben") == 2
    assert ("Waiting list" in page.words, "Cancelled" in page.words) == (True, True)
    assert listed.all("div", id="others", hidden="")  # for the script to show
    assert not page.all("button", name="present")


async def test_the_absent_are_marked_after_the_start_and_unmarked_again(app: Litestar) -> None:
    slot = await door_slot()
    ben, _ = [await id_of(await make_booking(slot, who)) for who in (BEN, CLEO)]
    await check_in.mark_present(slot.id, ben, ADA)
    base = f"/office/door/{slot.id}"
    async with browser_of(app, await somebody("organiser")) as client:
        assert "you mark the absent here" in (await read(client, base)).words
        early = await send(client, f"{base}/close", lang="en")
        assert (early.status_code, "Nobody is absent yet" in Page.of(early).words) == (409, True)
    with clock.at(STARTS):
        async with browser_of(app, await somebody("admin")) as client:
            assert "Nobody has come for 1 booking so far." in (await read(client, base)).words
            closed = await send(client, f"{base}/close", lang="en")
            page = Page.of(await client.get(closed.headers["location"]))
            assert ("The absent are marked." in page.words, "1 booking is marked as absent." in page.words) == (
                True,
                True,
            )
            assert [row["class"] for row in page.all("li") if "data-key" in row] == ["row is-absent", "row is-here"]
            assert (await send(client, f"{base}/reopen")).status_code == 303
    assert [people for people, _ in await noted(slot)] == [1]


async def test_before_and_long_after_the_day_the_list_is_read_only(app: Litestar) -> None:
    slot = await door_slot()
    await make_booking(slot, CLEO)
    for moment in (AFTERNOON - DAY, AFTERNOON + 3 * DAY):
        with clock.at(moment):
            async with browser_of(app, await somebody("organiser" if moment < AFTERNOON else "admin")) as client:
                page = await read(client, f"/office/door/{slot.id}")
        assert "D'HÔTE-VANDAMME Cléo" in page.words
        assert not page.all("button", name="present")
        assert "People are checked in on the day itself" in page.words


async def test_a_draft_has_no_door(app: Litestar) -> None:
    slot = await door_slot()
    draft = await make_event(state="draft")
    async with browser_of(app, await somebody("organiser")) as client:
        for path in (f"/office/door/{draft.id}", f"/office/slots/{draft.id}/door", f"/office/door/{slot.event_id}"):
            assert (await client.get(path)).status_code == 404


# The link, and the helpers


async def test_an_organiser_makes_shows_renews_and_withdraws_the_link(app: Litestar) -> None:
    slot = await door_slot()
    here = f"/office/slots/{slot.id}/door"
    async with browser_of(app, await somebody("organiser")) as client:
        assert not (await read(client, here)).all("svg", **{"class": "qr"})
        made = []
        for _ in range(2):
            assert (await send(client, f"{here}/open")).headers["location"] == f"{here}?done=opened"
            page = await read(client, here)
            assert page.all("svg", **{"class": "qr"})
            made.append(f"/door/{await doors.link_of(slot.id)}")
            assert f"{settings.current().public_url}{made[-1]}" in page.words
            assert "Good on Monday 24 November only." in page.words
        assert [(await client.get(path)).status_code for path in made] == [404, 200]
        assert (await send(client, f"{here}/revoke")).headers["location"] == f"{here}?done=revoked"
        assert (await client.get(made[1])).status_code == 404
        assert not (await read(client, here, done="revoked")).all("svg", **{"class": "qr"})


async def test_a_day_that_is_over_gets_no_link(app: Litestar) -> None:
    slot = await door_slot()
    with clock.at(AFTERNOON + DAY):
        async with browser_of(app, await somebody("organiser")) as client:
            assert "needs no link any more" in (await read(client, f"/office/slots/{slot.id}/door")).words
            late = await send(client, f"/office/slots/{slot.id}/door/open", lang="en")
    assert (late.status_code, "This link is over" in Page.of(late).words) == (404, True)


async def test_a_helper_is_named_and_taken_back_with_one_press(app: Litestar) -> None:
    slot, helper = await door_slot(), await somebody("door")
    here = f"/office/slots/{slot.id}/door"
    async with browser_of(app, await somebody("organiser")) as client:
        assert (await send(client, f"{here}/helpers", {"grant": str(helper.id)})).status_code == 303
        assert (await read(client, here)).all("input", name="revoke", value=str(helper.id))
        assert (await send(client, f"{here}/helpers", {"revoke": str(helper.id)})).status_code == 303
        assert (await read(client, here)).all("input", name="grant", value=str(helper.id))


@pytest.mark.parametrize("fields", [{}, {"grant": "x"}, {"grant": "\0"}, {"revoke": ""}, {"grant": "1" * 32}])
async def test_an_unknown_helper_is_refused(app: Litestar, fields: dict[str, str]) -> None:
    slot = await door_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, f"/office/slots/{slot.id}/door/helpers", fields, lang="en")
    assert (answer.status_code, "We do not know this person" in Page.of(answer).words) == (404, True)


async def test_the_page_of_the_link_costs_the_same_statements_with_many_helpers(app: Litestar) -> None:
    slot = await door_slot()
    async with browser_of(app, await somebody("organiser")) as client:
        with counted() as statements:
            await read(client, f"/office/slots/{slot.id}/door")
    assert len(statements) == 4  # who asks, the slot, its link, its helpers
