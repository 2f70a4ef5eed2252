"""What administrators set: laid over the environment in every process, never lost, never in a page's way."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from service import db, settings, worker
from service.campus import preferences
from service.campus.preferences import CAMPUS, KNOWN, SettingsChanged
from service.operations import restore
from service.settings import Settings
from tests.bookings.harness import at_once, kinds
from tests.conftest import fresh_database
from tests.operations.harness import written
from tests.operations.test_migrations import engine_on
from tests.visits import database_away, dump, settings_with

ADA, BEN = "person:ada", "person:ben"
EXAMPLES = {
    "campus_name": "Campus Éphémère",
    "contact_email": "bonjour@campus.test",
    "contact_phone": "03 21 00 00 00",
    "publisher": "Association Éphémère",
    "publisher_address": "1 rue du Four, 62510 Arques",
    "publisher_id": "RNA W626000000",
    "publication_director": "Camille d’Hôte",
    "hosting": "Hébergeur Fictif, 59140 Dunkerque",
    "privacy_email": "donnees@campus.test",
    "accessibility_state": "partial",
    "accessibility_audit": "12 mars 2027, 78 %",
    "funders": "Financé par la Région",
    "list_closes_days": "2",
    "contacts_kept_days": "60",
    "names_kept_months": "24",
    "option_days": "7",
    "option_reminder_days": "2",
}
NONSENSE = {
    "campus_name": "C" * 121,
    "contact_email": "contact\nBcc: x@exemple.test",
    "accessibility_state": "perfect",
    "funders": "a\x07b",
    "option_days": "0",
    "names_kept_months": "many",
    "contacts_kept_days": "99999999999999999999",
    "secret_key": "a secret of somebody else, long enough too",
    "": "x",
}


async def opened() -> str:
    """The fingerprint that a form which is opened now has."""
    return preferences.fingerprint(await preferences.held_now())


async def save(by: str = ADA, **typed: str) -> list[str]:
    return await preferences.save(typed, await opened(), by)


async def put(**values: str) -> None:
    """As another process, or a hand, has left it in the table."""
    for name, value in values.items():
        await db.fetch("INSERT INTO preference (name, value) VALUES ($1, $2)", name, value)


async def rows() -> dict[str, tuple[str, str]]:
    found = await db.fetch("SELECT name, value, changed_by FROM preference")
    return {row["name"]: (row["value"], row["changed_by"]) for row in found}


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so; a test that waits in vain is ended from outside."""
    while not is_so():
        await asyncio.sleep(0.01)


async def test_every_setting_counts_at_once_in_the_process_that_saved_it() -> None:
    assert set(EXAMPLES) == set(KNOWN)
    assert await save(**EXAMPLES) == sorted(EXAMPLES)
    now = settings.current()
    assert {name: str(getattr(now, name)) for name in KNOWN} == EXAMPLES
    assert {type(getattr(now, name)) for name in preferences.BOUNDS} == {int}
    assert await rows() == {name: (value, ADA) for name, value in EXAMPLES.items()}


async def test_what_is_emptied_goes_back_to_what_the_environment_says() -> None:
    before = settings.current()
    await save(**EXAMPLES)
    await save(**dict.fromkeys(EXAMPLES, ""))
    assert settings.current() == before == settings.base()
    assert await rows() == {}


async def test_what_the_environment_says_already_is_not_kept() -> None:
    base = settings.base()
    assert await save(campus_name=base.campus_name, option_days="10", contact_phone="") == []
    assert await rows() == {}


async def test_questions_about_data_go_to_the_contact_unless_somebody_else_answers_them() -> None:
    await save(contact_email="bonjour@campus.test")
    assert settings.current().privacy_email == "bonjour@campus.test"
    assert preferences.fallbacks()["privacy_email"] == ""
    await save(privacy_email="donnees@campus.test")
    assert settings.current().privacy_email == "donnees@campus.test"
    with settings_with(privacy_email="dpo@campus.test"):
        settings.overlay({"contact_email": "bonjour@campus.test"})
        assert settings.current().privacy_email == "dpo@campus.test"
        assert preferences.fallbacks()["privacy_email"] == "dpo@campus.test"


async def test_the_settings_of_the_start_stay_what_they_are() -> None:
    before = settings.base()
    await save(**EXAMPLES)
    assert settings.base() is before
    kept = set(Settings.__slots__) - set(KNOWN)
    assert all(getattr(settings.current(), name) == getattr(before, name) for name in kept)


async def test_the_journal_names_the_settings_that_changed_and_not_what_they_say() -> None:
    await save(contact_phone="03 21 00 00 00", funders="La Région")
    await save(BEN, contact_phone="03 21 00 00 01", funders="La Région")
    lines = await db.fetch("SELECT actor, verb, subject_kind, subject_id, facts FROM journal ORDER BY id")
    assert [tuple(line) for line in lines] == [
        (ADA, "set_preferences", "campus", CAMPUS, '{"names": ["contact_phone", "funders"]}'),
        (BEN, "set_preferences", "campus", CAMPUS, '{"names": ["contact_phone"]}'),
    ]
    assert (await rows())["funders"][1] == ADA


# --- two who change it


async def test_who_opened_the_form_before_somebody_else_saved_is_told_and_nothing_is_overwritten() -> None:
    both = await opened()
    await preferences.save({"campus_name": "Le mien"}, both, ADA)
    before = await dump()
    for typed in ({"campus_name": "Le leur"}, {"campus_name": ""}, {"funders": "La Région"}):
        with pytest.raises(SettingsChanged):
            await preferences.save(typed, both, BEN)
    assert await dump() == before
    assert settings.current().campus_name == "Le mien"


async def test_a_form_sent_twice_is_saved_once() -> None:
    fingerprint = await opened()
    assert await preferences.save({"campus_name": "Le mien"}, fingerprint, ADA) == ["campus_name"]
    assert await preferences.save({"campus_name": "Le mien"}, fingerprint, ADA) == []
    assert len(await db.fetch("SELECT id FROM journal")) == 1


async def both_at_once() -> list[Any]:
    fingerprint = await opened()
    return await at_once(
        *(preferences.save({"campus_name": f"Nom {n}", "funders": f"Région {n}"}, fingerprint, ADA) for n in range(6))
    )


async def test_of_many_who_save_at_once_one_does_and_the_others_are_told() -> None:
    assert kinds(await both_at_once()) == {"list": 1, "SettingsChanged": 5}
    held = await preferences.held_now()
    assert held["campus_name"][-1] == held["funders"][-1]
    assert settings.current().campus_name == held["campus_name"]


async def test_without_the_lock_one_overwrites_the_other_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(preferences, "LOCK", "SELECT $1::bigint")
    monkeypatch.setattr(preferences, "held_now", _slowly(preferences.held_now))
    assert kinds(await both_at_once())["list"] > 1


def _slowly(read: Callable[[], Any]) -> Callable[[], Any]:
    async def reading() -> Any:
        found = await read()
        await asyncio.sleep(0.05)
        return found

    return reading


def test_what_was_typed_anew_is_told_from_what_was_left_alone() -> None:
    fingerprint = preferences.fingerprint({"campus_name": "Avant"})
    left = {**preferences.standing({"campus_name": "Avant"})}
    assert preferences.touched(left, fingerprint) == set()
    assert preferences.touched({**left, "campus_name": "Après", "option_days": ""}, fingerprint) == {
        "campus_name",
        "option_days",
    }
    assert preferences.touched(left, "nonsense") == set(KNOWN)


# --- two processes


async def test_another_process_learns_of_it_when_it_reads_again() -> None:
    await put(campus_name="D’ailleurs", option_days="7")
    assert settings.current().campus_name != "D’ailleurs"
    await preferences.apply()
    assert (settings.current().campus_name, settings.current().option_days) == ("D’ailleurs", 7)
    await db.fetch("DELETE FROM preference")
    await preferences.apply()
    assert settings.current() == settings.base()


async def test_an_answer_that_was_asked_for_earlier_never_replaces_a_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    read, go_on = preferences.held_now, asyncio.Event()

    async def late() -> dict[str, str]:
        found = await read()
        await go_on.wait()
        return found

    monkeypatch.setattr(preferences, "held_now", late)
    slow = asyncio.create_task(preferences.apply())
    await asyncio.sleep(0.05)
    monkeypatch.setattr(preferences, "held_now", read)
    await save(campus_name="Le nouveau")
    go_on.set()
    await slow
    assert settings.current().campus_name == "Le nouveau"


async def test_meanwhile_it_is_read_every_few_seconds_and_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preferences, "EVERY_SECONDS", 0.01)
    await put(campus_name="Au début")
    async with preferences.followed():
        assert settings.current().campus_name == "Au début"
        await db.fetch("UPDATE preference SET value = 'Ensuite'")
        await until(lambda: settings.current().campus_name == "Ensuite")
        async with database_away():
            await asyncio.sleep(0.05)
            assert settings.current().campus_name == "Ensuite"
        await db.fetch("DELETE FROM preference")
        await until(lambda: settings.current().campus_name == settings.base().campus_name)
    with capture_logs() as lines:
        await asyncio.sleep(0.05)
    assert lines == []


async def test_a_database_that_is_away_is_survived_and_told() -> None:
    await save(campus_name="Connu")
    async with database_away():
        with capture_logs() as lines:
            assert not await preferences.refresh()
    assert [(line["event"], line["log_level"]) for line in lines] == [("preferences not read", "warning")]
    assert settings.current().campus_name == "Connu"


async def test_a_server_and_a_worker_begin_with_what_was_set(
    app: Litestar, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(campus_name="Avant le départ")
    own = db.engine.pool
    try:
        async with app.lifespan():
            assert settings.current().campus_name == "Avant le départ"
    finally:
        db.engine.pool = own
    settings.overlay({})
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    await until(lambda: settings.current().campus_name == "Avant le départ")
    stop.set()
    await working
    settings.overlay({})
    await worker.run_once()
    assert settings.current().campus_name == "Avant le départ"


# --- nonsense, and backups


async def test_nonsense_in_the_table_is_ignored_loudly_once_and_keeps_nothing_else_from_counting() -> None:
    preferences._told.clear()
    await put(**NONSENSE, publisher="Association", contact_phone="   ", hosting="")
    with capture_logs() as lines:
        await preferences.apply()
        await preferences.apply()
    assert sorted(line["name"] for line in lines if line["log_level"] == "error") == sorted(NONSENSE)
    assert not any(value in str(lines) for value in NONSENSE.values() if len(value) > 1)
    now = settings.current()
    assert now.publisher == "Association"
    assert (now.contact_phone, now.hosting) == (settings.base().contact_phone, settings.base().hosting)
    assert all(getattr(now, name) == getattr(settings.base(), name) for name in NONSENSE if name in KNOWN)
    assert now.secret_key == settings.base().secret_key


async def test_nonsense_is_replaced_by_saving(monkeypatch: pytest.MonkeyPatch) -> None:
    await put(option_days="0", funders="a\x07b")
    assert await save(option_days="10", funders="La Région") == ["funders", "option_days"]
    assert await rows() == {"funders": ("La Région", ADA)}


async def test_a_backup_carries_it(tmp_path: Path, server_url: str, worker_name: str) -> None:
    await save(**EXAMPLES)
    file, before = await written(tmp_path), await rows()
    empty = await fresh_database(server_url, f"passerelle_{worker_name}_campus")
    settings.overlay({})
    async with engine_on(empty):
        await restore.restore(file, empty, verify=True)
        assert await rows() == before
        await preferences.apply()
        assert settings.current().campus_name == EXAMPLES["campus_name"]
