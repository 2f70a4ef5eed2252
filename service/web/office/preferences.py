"""The settings that administrators change in the office: what the campus says of itself, and its habits."""

from typing import Any

from litestar import Response, get, post

from service import readers, text
from service.campus import preferences
from service.campus.preferences import BOUNDS, KNOWN, SettingsChanged, Values
from service.edge.loading import ADMINS, actor, signed_in
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, language, page, see
from service.web.refusals import Answer, standing

HERE = "/office/settings"
STAFF = {"roles": ADMINS}
ADDRESSES = ("contact_email", "privacy_email")
REMINDER = "option_reminder_days"


@get(HERE, opt=STAFF)
async def show_settings(request: Visit) -> Response[str]:
    """All settings as they are, each with what stands without it."""
    held = await preferences.apply()
    return _page(request, Form({**preferences.standing(held), "opened": preferences.fingerprint(held)}))


@post(HERE, opt=STAFF)
async def save_settings(request: Visit) -> Response[Any]:
    """Save what was typed, unless somebody else saved since the form was opened."""
    form = await forms.read(request, language(request))
    typed = {name: _typed(form, name) for name in KNOWN if form.has(name)}
    _check_reminder(form, typed)
    if not form.ok:
        return _page(request, form)
    try:
        await preferences.save(typed, form.raw("opened"), actor(request))
    except SettingsChanged as refusal:
        return await _in_conflict(request, form, typed, refusals.answer(refusal, language(request)))
    return see(request, HERE, done="saved")


HANDLERS = [show_settings, save_settings]


def _typed(form: Form, name: str) -> str:
    """The setting as it can be read again; empty where nothing was typed, or what was cannot be read."""
    if not form.raw(name).strip():
        return ""
    if name in ADDRESSES:
        return _readable(form, name, form.address(name))
    if name in BOUNDS:
        least, most = BOUNDS[name]
        number = form.whole_number(name, least=least, most=most)
        return "" if number is None else str(number)
    if name == "accessibility_state":
        return form.choice(name, readers.CONFORMITY)
    return _readable(form, name, _folded(form, name))


def _folded(form: Form, name: str) -> str:
    """One line, also of what was typed in several."""
    most = readers.LONGEST_NAME if name == "campus_name" else readers.LONGEST_TEXT
    return text.line(" ".join(form.block(name, most=most).split()))


def _readable(form: Form, name: str, typed: str) -> str:
    """What the setting's own reader takes, too: what it would ignore is not saved."""
    try:
        if typed:
            KNOWN[name](typed)
    except ValueError:
        form.refuse(name, form.words.gettext("This holds a character we cannot read. Please type it again."))
    return typed


def _check_reminder(form: Form, typed: Values) -> None:
    """A reminder comes before the end, and after the beginning."""
    lasts, reminds = (int(typed.get(name) or preferences.fallbacks()[name]) for name in ("option_days", REMINDER))
    if reminds >= lasts and not form.error("option_days"):
        form.refuse(REMINDER, form.words.gettext("Fewer days than the seats are held, please."))


async def _in_conflict(request: Visit, form: Form, typed: Values, refusal: Answer) -> Response[str]:
    """What one typed anew stays, beside what others set meanwhile; in all other fields theirs stands already.

    To save it again is to have seen both.
    """
    held, opened = await preferences.apply(), form.raw("opened")
    now = preferences.standing(held)
    theirs = {name: now[name] for name in preferences.touched(now, opened)}
    mine = {name: typed[name] for name in preferences.touched(typed, opened)}
    again = Form({**now, **mine, "opened": preferences.fingerprint(held)}, language(request))
    return _page(request, again, refusal, {name: value for name, value in theirs.items() if value != mine.get(name)})


def _page(request: Visit, form: Form, refusal: Answer | None = None, theirs: Values | None = None) -> Response[str]:
    """The form; after a conflict with what others set meanwhile."""
    return page(
        request,
        "office/settings",
        **standing(form, refusal),
        here=HERE,
        me=signed_in(request),
        form=form,
        fallbacks=preferences.fallbacks(),
        theirs=theirs or {},
        conformities=readers.CONFORMITY,
        done=request.query_params.get("done", ""),
    )
