"""All the rooms of the office, for the service to put together."""

from service.web.office import (
    attendance,
    event_form,
    event_new,
    events,
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
    *attendance.HANDLERS,
    *staff.HANDLERS,
    *preferences.HANDLERS,
]
