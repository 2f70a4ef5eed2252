"""All the rooms of the office, for the service to put together."""

from service.web.office import (
    adding,
    attendance,
    booking,
    bookings,
    calling_off,
    dates,
    event_form,
    event_new,
    events,
    letters,
    planning,
    preferences,
    sign_in,
    staff,
    today,
)

HANDLERS = [
    *sign_in.HANDLERS,
    *today.HANDLERS,
    *events.HANDLERS,
    *event_new.HANDLERS,
    *event_form.HANDLERS,
    *bookings.HANDLERS,
    *adding.HANDLERS,
    *booking.HANDLERS,
    *letters.HANDLERS,
    *dates.HANDLERS,
    *planning.HANDLERS,
    *calling_off.HANDLERS,
    *attendance.HANDLERS,
    *staff.HANDLERS,
    *preferences.HANDLERS,
]
