"""Publishing: from a model to a draft, to a public event, to its copy."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from service import clock, db, i18n
from service.events import details, publishing
from service.events.contents import MODELS
from service.events.details import UnknownEvent
from service.events.editing import EventCalledOff
from service.events.publishing import DraftInUse, NotADraft, NotReady
from service.people.organisations import Newcomer
from tests.bookings.harness import at_once
from tests.events.writing import ADA, BEN, a_date, journal_of, make_draft, publish, row_of, slots_of, some_content
from tests.makers import at_paris, make_booking, make_event, make_slot

DAY = timedelta(days=1)


@pytest.mark.parametrize("kind", MODELS)
async def test_an_event_begins_as_a_draft_of_its_model_with_one_date(kind: str) -> None:
    first = a_date(capacity=12)
    event = await publishing.create(kind, await some_content(kind), first, ADA)
    row, [slot] = await row_of(event), await slots_of(event)

    assert (row["kind"], row["state"], row["published_at"], row["version"]) == (kind, "draft", None, 0)
    assert (slot["starts_at"], slot["ends_at"], slot["capacity"], slot["state"]) == (
        first.starts_at, first.ends_at, 12, "open",
    )  # fmt: skip
    assert {name: row[name] for name in MODELS[kind].rules} == MODELS[kind].rules
    assert await journal_of(event) == [(ADA, "create")]


async def test_a_visit_takes_classes_with_a_chaperone_for_ten_and_an_assembly_nobody() -> None:
    visit, assembly = await row_of(await make_draft()), await row_of(await make_draft("assembly"))

    assert (visit["takes_classes"], visit["chaperone_ratio"], visit["requirements"]) == (
        True, 10, ["Chaussures fermées"],
    )  # fmt: skip
    assert (assembly["takes_individuals"], assembly["takes_classes"]) == (False, False)


async def test_the_list_of_a_date_closes_as_the_event_says() -> None:
    first = a_date(at_paris("2031-03-31 14:00"))
    event = await make_draft(first=first, list_closes_days=3)  # the clocks change meanwhile: the hour stays

    [slot] = await slots_of(event)
    assert i18n.local(slot["closes_at"]).isoformat() == "2031-03-28T14:00:00+01:00"


async def test_a_host_that_is_new_is_entered_once() -> None:
    newcomer = Newcomer("Fonderie du Nord", "company", "Arques")
    events = [await make_draft(host=newcomer) for _ in range(2)]

    assert len({(await row_of(event))["host"] for event in events}) == 1
    [row] = await db.fetch("SELECT slug, kind, town FROM organisation")
    assert tuple(row) == ("fonderie-du-nord", "company", "Arques")


async def test_publishing_shows_the_event_to_everybody() -> None:
    event = await make_draft(title="Le four et la forme")
    await publish(event, BEN)
    row = await row_of(event)

    assert (row["state"], row["slug"]) == ("published", "le-four-et-la-forme")
    assert (await details.event_page("le-four-et-la-forme")).title == "Le four et la forme"
    assert clock.now() - row["published_at"] < timedelta(minutes=1)
    assert (await journal_of(event))[-1] == (BEN, "publish")


async def test_published_twice_it_is_published_once() -> None:
    event = await make_draft()
    outcomes = await at_once(publish(event, ADA), publish(event, BEN))
    published = (await row_of(event))["published_at"]
    await publish(event, BEN)

    assert sorted(outcomes) == [False, True]
    assert (await row_of(event))["published_at"] == published
    assert [verb for _, verb in await journal_of(event)] == ["create", "publish"]


async def test_what_is_missing_is_said_all_at_once() -> None:
    event = await make_draft(summary="", takes_individuals=False, takes_classes=False)
    await db.fetch("UPDATE slot SET starts_at = $2, ends_at = $3, closes_at = $2 WHERE event = $1",
                   event, clock.now() - DAY, clock.now() + DAY)  # fmt: skip

    with pytest.raises(NotReady) as refusal:
        await publish(event, ADA)
    assert refusal.value.missing == ("slot", "summary", "audience")
    assert (await row_of(event))["state"] == "draft"


async def test_a_date_that_was_called_off_is_no_date_to_come() -> None:
    event = await make_draft()
    await db.fetch("UPDATE slot SET state = 'called_off' WHERE event = $1", event)

    with pytest.raises(NotReady) as refusal:
        await publish(event, ADA)
    assert refusal.value.missing == ("slot",)


async def test_an_assembly_needs_nobody_who_may_book() -> None:
    event = await make_draft("assembly")
    await publish(event, ADA)
    assert (await row_of(event))["state"] == "published"


async def test_what_was_called_off_or_never_was_is_not_published() -> None:
    event = await make_event(state="called_off")
    with pytest.raises(EventCalledOff):
        await publish(event.id, ADA)
    with pytest.raises(UnknownEvent):
        await publish(uuid4(), ADA)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Cœur d’acier : l’Œuvre !", "coeur-d-acier-l-oeuvre"),
        ("<script>alert('x')</script>", "script-alert-x-script"),
        ("../../etc/passwd", "etc-passwd"),
        ("工場見学", "visit"),
        ("🏭🔥", "visit"),
        ("x" * 200, "x" * 110),
        ("Très " * 40, "-".join(["tres"] * 22)),
        ("%s {title} ' OR 1=1 --", "s-title-or-1-1"),
    ],
)
async def test_any_title_makes_an_address(title: str, slug: str) -> None:
    event = await make_draft(title=title.strip())
    await publish(event, ADA)
    assert (await row_of(event))["slug"] == slug


async def test_events_of_one_title_have_an_address_each_even_when_published_at_once() -> None:
    events = [await make_draft(title="Portes ouvertes") for _ in range(5)]
    await at_once(*[publish(event, ADA) for event in events])
    assert sorted([(await row_of(event))["slug"] for event in events]) == [
        "portes-ouvertes",
        *[f"portes-ouvertes-{number}" for number in (2, 3, 4, 5)],
    ]


async def test_the_address_follows_the_title_until_the_event_is_public() -> None:
    event = await make_draft(title="Ébauche")
    await db.fetch("UPDATE event SET title = 'Le titre final' WHERE id = $1", event)
    await publish(event, ADA)
    assert (await row_of(event))["slug"] == "le-titre-final"


async def test_a_copy_says_the_same_as_a_draft_without_dates() -> None:
    slot = await make_slot(event=await make_event(title="Verre et robots", speaker="Mme Petit", age_min=15))
    await make_booking(slot)
    copy = await publishing.duplicate(slot.event_id, None, BEN)
    one, other = await row_of(slot.event_id), await row_of(copy)

    own = {"id", "number", "slug", "state", "published_at", "version", "contacts_erased_on", "names_erased_on"}
    assert {name: value for name, value in dict(other).items() if name not in own} == {
        name: value for name, value in dict(one).items() if name not in own
    }
    assert (other["state"], other["published_at"], other["slug"]) == ("draft", None, "verre-et-robots")
    assert (await slots_of(copy), await journal_of(copy)) == ([], [(BEN, "duplicate")])


async def test_the_dates_of_a_copy_keep_their_distance_and_their_hour() -> None:
    event = await make_event()
    for start in ("2031-03-20 14:00", "2031-03-27 09:30"):
        await make_slot(12, event=event, starts_at=at_paris(start), fill="strict")
    await make_slot(event=event, starts_at=at_paris("2031-03-18 10:00"), state="called_off")
    copy = await publishing.duplicate(event.id, date(2031, 3, 29), ADA)  # summer time begins the day after

    slots = await slots_of(copy)
    assert [f"{i18n.local(slot['starts_at']):%m-%d %H:%M}" for slot in slots] == ["03-29 14:00", "04-05 09:30"]
    assert [(slot["capacity"], slot["seats_taken"], slot["fill"]) for slot in slots] == [(12, 0, "strict")] * 2
    assert {slot["ends_at"] - slot["starts_at"] for slot in slots} == {timedelta(hours=2)}
    assert (await row_of(copy))["contacts_erased_on"] == date(2031, 5, 5)


async def test_a_draft_is_deleted_with_its_dates() -> None:
    event = await make_draft()
    await publishing.delete(event, ADA)

    assert (await db.fetch("SELECT 1 FROM event"), await db.fetch("SELECT 1 FROM slot")) == ([], [])
    assert (await journal_of(event))[-1] == (ADA, "delete")
    with pytest.raises(UnknownEvent):
        await publishing.delete(event, ADA)


async def test_what_is_public_is_never_deleted() -> None:
    slot = await make_slot()
    for state in ("published", "called_off"):
        await db.fetch("UPDATE event SET state = $1", state)
        with pytest.raises(NotADraft):
            await publishing.delete(slot.event_id, ADA)
    assert len(await slots_of(slot.event_id)) == 1


async def test_a_draft_at_which_somebody_is_expected_is_not_deleted() -> None:
    slot = await make_slot()
    await make_booking(slot)
    await db.fetch("UPDATE event SET state = 'draft'")

    with pytest.raises(DraftInUse):
        await publishing.delete(slot.event_id, ADA)
    assert len(await slots_of(slot.event_id)) == 1


async def test_a_refusal_leaves_nothing_behind() -> None:
    content = replace(await some_content(), host=Newcomer("Fonderie", "nonsense"))
    with pytest.raises(Exception, match="kind_known"):
        await publishing.create("visit", content, a_date(), ADA)
    assert await db.fetch("SELECT 1 FROM organisation WHERE name = 'Fonderie'") == []
    assert await db.fetch("SELECT 1 FROM event") == []


async def test_a_copy_of_nothing_is_refused() -> None:
    with pytest.raises(UnknownEvent):
        await publishing.duplicate(UUID(int=0), None, ADA)
