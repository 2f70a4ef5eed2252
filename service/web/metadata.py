"""What machines read of a page: schema.org, for search engines and calendars of events."""

from typing import Any

from service import settings
from service.events.cards import SlotCard
from service.events.details import EventPage

DATES_TOLD = 5  # a page has its budget; the agenda's sitemap and feeds know the rest
STATUS = {True: "https://schema.org/EventCancelled", False: "https://schema.org/EventScheduled"}


def schema_org(event: EventPage) -> dict[str, Any] | None:
    """The event as a schema.org ``Event``; with several slots, each is a ``subEvent``. None without a date.

    Counts only, never a name of who comes: https://schema.org/Event.
    """
    told = [slot for slot in event.slots if slot.status != "over"][:DATES_TOLD] or event.slots[-1:]
    if not told:
        return None
    first, last = told[0], told[-1]
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": event.title,
        "description": event.summary,
        "url": f"{settings.current().public_url}/events/{event.slug}",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "isAccessibleForFree": True,
        "inLanguage": "fr",
        "location": {
            "@type": "Place",
            "name": event.place,
            "address": {"@type": "PostalAddress", "addressLocality": event.town, "addressCountry": "FR"},
        },
        "organizer": {
            "@type": "Organization",
            "name": settings.current().campus_name,
            "url": settings.current().public_url,
        },
        **({"performer": {"@type": "Person", "name": event.speaker}} if event.speaker else {}),
        **({"typicalAgeRange": f"{event.age_min}-"} if event.age_min else {}),
        "startDate": first.starts_at.isoformat(),
        "endDate": last.ends_at.isoformat(),
        "eventStatus": STATUS[all(slot.status == "called_off" for slot in told)],
        **(_seats(first) if len(told) == 1 else {"subEvent": [_sub_event(slot) for slot in told]}),
    }


def _sub_event(slot: SlotCard) -> dict[str, Any]:
    return {
        "@type": "Event",
        "startDate": slot.starts_at.isoformat(),
        "endDate": slot.ends_at.isoformat(),
        "eventStatus": STATUS[slot.status == "called_off"],
        **_seats(slot),
    }


def _seats(slot: SlotCard) -> dict[str, int]:
    free = slot.seats_left if slot.status == "open" else 0
    return {"maximumAttendeeCapacity": slot.capacity, "remainingAttendeeCapacity": free}
