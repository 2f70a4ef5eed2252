"""The rows behind the situations of a host: an event before, on and after its day, called off, and its lists."""

from dataclasses import dataclass
from datetime import timedelta

from service import i18n
from service.bookings import calling_off, waiting
from service.events.slots import BookableSlot
from service.proposals import following, record
from service.proposals.contents import When
from service.proposals.tables import Proposal
from tests.makers import a_pupil
from tests.proposals.hosts import class_in, close_list, hosted, list_of, move, pupil_of, somebody_came
from tests.proposals.making import link_of

LONG_TITLE = "Dans un atelier de câblage : fabriquer une armoire électrique connectée de A à Z"
LONG_LABEL = "Terminale STI2D innovation technologique, groupe 2"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class HostStage:
    """The paths of the pages, by what they show."""

    pages: dict[str, str]
    lists: dict[str, str]


async def set_up() -> HostStage:
    """All of it."""
    coming, slots = await _coming()
    empty, _ = await hosted()
    return HostStage(
        pages={
            "coming": link_of(coming),
            "empty": link_of(empty),
            "over": link_of(await _over()),
            "answered": link_of(await _answered()),
            "off": link_of(await _off()),
        },
        lists={"closed": list_of(coming, slots[0]), "open": list_of(coming, slots[2])},
    )


async def _coming() -> tuple[Proposal, list[BookableSlot]]:
    """A date of today whose list is closed, one that is full, one that nobody chose, and one called off."""
    dates = [_afternoon(days) for days in (14, 21, 28, 35)]
    proposal, slots = await hosted(dates, title=LONG_TITLE, host_gets_names=True)
    for level in ("2de", "2de", "1re", "Tle", ""):
        await pupil_of(slots[0], level)
    await class_in(slots[0], LONG_LABEL, pupils=9)
    await class_in(slots[0], "3e B", pupils=4, state="option")
    await close_list(slots[0])
    await class_in(slots[1], "1re A", pupils=22)
    await waiting.join(slots[1], a_pupil())
    await calling_off.call_off_slot(slots[3].id, "le four est en révision", "test")
    await following.add_dates(proposal, [_afternoon(50)])
    await following.report(proposal, "change", "Le 14, nous ne pouvons ouvrir qu’à partir de 15 h.")
    return await record.by_id(proposal.id), slots


async def _over() -> Proposal:
    """Both dates took place, and people were counted at one of them."""
    proposal, slots = await hosted([_afternoon(days) for days in (14, 21)], title="Du sable au flacon")
    for slot in slots:
        for level in ("2de", "2de", "1re"):
            await pupil_of(slot, level)
        await class_in(slot, pupils=12)
        await move(slot, -40 * DAY)
    await somebody_came(slots[0], 14)
    return proposal


async def _answered() -> Proposal:
    return await following.look_back(await _over(), "perhaps", "Des groupes de huit : la mezzanine est étroite.")


async def _off() -> Proposal:
    proposal, _ = await hosted()
    await calling_off.call_off_event(proposal.event, "la ligne est à l’arrêt", "test")
    return proposal


def _afternoon(days: int) -> When:
    """From two to four, so many days ahead."""
    starts_at = i18n.begin_of(i18n.today() + days * DAY) + timedelta(hours=14)
    return starts_at, starts_at + timedelta(hours=2)
