"""A new event: from the choice of a model to a public page, and what is wrong on the way."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar

from service import db, i18n
from service.events.contents import MODELS
from tests.events.writing import row_of
from tests.makers import make_organisation
from tests.visits import Page, dump, send
from tests.web.office.harness import browser_of, somebody

HERE = "/office/events/new"
DAY = timedelta(days=1)


def answers(**changes: Any) -> dict[str, Any]:
    """The six questions answered, for a visit in a week."""
    return {
        "kind": "visit",
        "title": "Le four et la forme",
        "summary": "Du sable au verre.",
        "host": "Verrerie de l’Aa",
        "host_kind": "company",
        "place": "Entrée visiteurs, 62510 Arques (parking)",
        "day": f"{i18n.today() + 7 * DAY}",
        "hour": "09:30",
        "minutes": "90",
        "seats": "12",
        **changes,
    }


async def refused(client: httpx.AsyncClient, **changes: Any) -> Page:
    """The page that comes back, which changed nothing."""
    before = await dump()
    answer = await send(client, HERE, answers(**changes), lang="en")
    assert (answer.status_code, await dump()) == (422, before)
    return Page.of(answer)


async def test_six_answers_and_one_press_make_a_public_event(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, HERE, answers())
        assert answer.status_code == 303
        page = Page.of(await client.get(answer.headers["location"]))
        [publish] = [one for one in page.all("form") if one["action"].endswith("/publish")]
        assert (await send(client, publish["action"])).status_code == 303
    public = Page.of(await client_of(app, "/events/le-four-et-la-forme"))

    assert "Du sable au verre." in public.words
    [slot] = await db.fetch("SELECT * FROM slot")
    starts = i18n.local(slot["starts_at"])
    assert (starts.date(), f"{starts:%H:%M}") == (i18n.today() + 7 * DAY, "09:30")
    assert (slot["ends_at"] - slot["starts_at"], slot["capacity"]) == (timedelta(minutes=90), 12)


async def client_of(app: Litestar, path: str) -> httpx.Response:
    """What a visitor sees there."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://agenda.campus.test") as visitor:
        return await visitor.get(path)


async def test_the_form_asks_six_questions_and_knows_the_rest(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        for kind, model in MODELS.items():
            page = Page.of(await client.get(HERE, params={"kind": kind}))
            required = {one["name"] for one in page.all("input") if "required" in one}
            assert required == {"title", "summary", "host", "place", "day", "hour", "seats"}  # a moment has two parts
            assert [page.typed(name) for name in ("hour", "minutes", "seats")] == [
                model.hour, str(model.minutes), str(model.capacity),
            ]  # fmt: skip


@pytest.mark.parametrize("asked", ["", "party", "<b>"])
async def test_without_a_kind_one_chooses_among_three(app: Litestar, asked: str) -> None:
    async with browser_of(app, await somebody("admin")) as client:
        page = Page.of(await client.get(HERE, params={"kind": asked}))
        assert [one["href"] for one in page.all("a") if one.get("class", "").startswith("model")] == [
            f"{HERE}?kind={kind}" for kind in MODELS
        ]
        answer = await send(client, HERE, answers(kind=asked))
    assert (answer.status_code, await db.fetch("SELECT 1 FROM event")) == (422, [])


async def test_a_known_host_is_found_however_it_is_typed_and_gives_its_town(app: Litestar) -> None:
    host = await make_organisation(name="Verrerie de l’Aa", town="Arques")
    async with browser_of(app, await somebody("organiser")) as client:
        shown = Page.of(await client.get(HERE, params={"kind": "visit"}))
        assert shown.all("option", value="Verrerie de l’Aa")
        answer = await send(client, HERE, answers(host=" verrerie DE L'AA", host_kind="", place="Entrée visiteurs"))
    row = await row_of((await db.fetch("SELECT id FROM event"))[0]["id"])
    assert (answer.status_code, row["host"], row["town"]) == (303, host.id, "Arques")


async def test_a_new_host_is_entered_once_its_kind_is_said(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        page = await refused(client, host="Fonderie du Nord", host_kind="")
        assert "We do not know this structure yet" in page.words
        assert page.typed("host") == "Fonderie du Nord"
        assert (await send(client, HERE, answers(host="Fonderie du Nord", host_kind="company"))).status_code == 303
    [row] = await db.fetch("SELECT name, kind, town FROM organisation")
    assert tuple(row) == ("Fonderie du Nord", "company", "Arques")


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("title", "", "Give the event a title."),
        ("summary", "", "Say in one sentence what it is."),
        ("place", "–", "Say where it takes place."),
        ("title", "x" * 201, "At most 200 characters, please."),
        ("summary", "x" * 301, "At most 300 characters, please."),
        ("place", "Ha\0ll", "This holds a character we cannot read."),
        ("host", " ", "Say who welcomes."),
        ("day", "", "Please give the day and the time."),
        ("seats", "", "Say how many seats there are."),
        ("day", "2026-02-30", "This is no day we know."),
        ("day", "2020-01-01", "Please choose a day to come."),
        ("hour", "25:00", "This is no time of the day."),
        ("seats", "0", "A number from 1 to 10000, please."),
        ("seats", "99999999999999999999", "A number from 1 to 10000, please."),
        ("minutes", "5", "A number from 10 to 1440, please."),
    ],
)
async def test_a_mistake_stands_beside_its_field_and_what_was_typed_stays(
    app: Litestar, field: str, typed: str, sentence: str
) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        page = await refused(client, **{field: typed})
    assert page.has_mistake(field)
    assert sentence in page.words
    assert (
        page.typed("summary" if field == "title" else "title") == answers()["summary" if field == "title" else "title"]
    )


async def test_a_time_that_the_clocks_skip_is_refused(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        page = await refused(client, day="2031-03-30", hour="02:30")
    assert "The clocks skip this time that day." in page.words


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", "{{ 7 * 7 }} %s %(num)s", "Ж" * 200, 'O\'Brien "quoted" &amp;']
)
async def test_a_hostile_title_is_shown_as_it_is_and_breaks_nothing(app: Litestar, title: str) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        answer = await send(client, HERE, answers(title=title))
        here = answer.headers["location"].partition("?")[0]
        for path in (here, f"{here}/edit", f"{here}/preview", "/office/events", f"/office/events?q={title[:9]}"):
            shown = await client.get(path)
            assert shown.status_code == 200
            assert "<script>alert" not in shown.text
        assert title in Page.of(await client.get(here)).words


async def test_the_form_survives_what_is_no_form(app: Litestar) -> None:
    async with browser_of(app, await somebody("organiser")) as client:
        for body in (b"", b"kind=visit&title=%ff%fe", b"kind=visit&seats=-1&day=\0", b"&&&=;=&kind=visit"):
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
            assert (await client.post(HERE, content=body, headers=headers)).status_code == 422
