"""Signing in and out, and one's own sessions."""

import re
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from service import settings
from service.edge.loading import EVERYBODY, pending_cookie, session_cookie, signed_in
from service.people import sessions, sign_in
from service.people.sign_in import OtherBrowser, WayInOver, WrongCode
from service.web import forms, refusals
from service.web.forms import Form
from service.web.pages import Visit, again, language, page, see
from service.web.refusals import Answer, standing

PUBLIC = {"public": True}
STAFF = {"roles": EVERYBODY}
HERE = "/office/sign-in"
OWN_PATH = re.compile(r"/(?![/\\])[!-~]{0,280}")  # a path of ours: one leading slash, no other host, no blank


@get(HERE, opt=PUBLIC)
async def show_sign_in(request: Visit) -> Response[str]:
    """Ask for the address to write to."""
    return page(request, "office/sign_in", form=Form(), next=next_of(request.query_params.get("next", "")))


@post(HERE, opt=PUBLIC)
async def ask(request: Visit) -> Response[Any]:
    """Write to the address, if it is the staff's; the answer is the same if not."""
    form = await forms.read(request, language(request))
    address, after = form.address("email"), next_of(form.raw("next"))
    if not form.ok:
        return again(request, "office/sign_in", here=HERE, form=form, next=after)
    browser = await sign_in.ask(address, language(request))
    answer = see(request, f"{HERE}/code", next=after)
    answer.set_cookie(_cookie(pending_cookie(), browser, sign_in.LASTS))
    return answer


@get(f"{HERE}/code", opt=PUBLIC)
async def show_code(request: Visit) -> Response[str]:
    """Ask for the code of the letter, in the browser that asked for it."""
    return _code_page(request, Form(), next_of(request.query_params.get("next", "")))


@post(f"{HERE}/code", opt=PUBLIC)
async def enter_code(request: Visit) -> Response[Any]:
    """Sign in with the code."""
    form = await forms.read(request, language(request))
    after = next_of(form.raw("next"))
    code = form.text("code", missing=form.words.gettext("Please type the code of the e-mail."), most=40)
    if not form.ok:
        return _code_page(request, form, after)
    try:
        token = await sign_in.by_code(code, browser=request.cookies.get(pending_cookie(), ""), label=_browser(request))
    except (WayInOver, WrongCode) as refusal:
        return _code_page(request, form, after, refusals.answer(refusal, language(request)))
    return signed_in_answer(request, token, after)


@get(HERE + "/{token:str}", opt=PUBLIC)
async def show_link(request: Visit, token: FromPath[str]) -> Response[str]:
    """The page of a letter's link: a button, and nothing done yet, since mail scanners open links."""
    return _link_page(request, token, Form())


@post(HERE + "/{token:str}", opt=PUBLIC)
async def follow_link(request: Visit, token: FromPath[str]) -> Response[Any]:
    """Spend the link: by the browser that asked for it, or with the code beside it."""
    form = await forms.read(request, language(request))
    label = _browser(request)
    try:
        if form.raw("code").strip():
            spent = await sign_in.by_code(form.text("code", missing="", most=40), token=token, label=label)
        else:
            spent = await sign_in.by_link(token, request.cookies.get(pending_cookie(), ""), label=label)
    except (WayInOver, WrongCode, OtherBrowser) as refusal:
        return _link_page(request, token, form, refusals.answer(refusal, language(request)))
    return signed_in_answer(request, spent, "")


@post("/office/sign-out", opt=STAFF)
async def sign_out(request: Visit) -> Response[Any]:
    """End this session."""
    who = signed_in(request)
    await sessions.end(who, who.session)
    answer = see(request, HERE, out="yes")
    answer.set_cookie(_cookie(session_cookie(), "", timedelta(0)))
    return answer


@get("/office/sessions", opt=STAFF)
async def show_sessions(request: Visit) -> Response[str]:
    """One's own sessions, each with its end."""
    who = signed_in(request)
    return page(request, "office/sessions", me=who, sessions=await sessions.of_person(who.id))


@post("/office/sessions/{session:uuid}/end", opt=STAFF)
async def end_session(request: Visit, session: FromPath[UUID]) -> Response[Any]:
    """End one of one's own sessions; somebody else's is not there."""
    try:
        await sessions.end(signed_in(request), session)
    except sessions.UnknownSession:
        raise NotFoundException from None
    return see(request, "/office/sessions")


HANDLERS = [
    show_sign_in, ask, show_code, enter_code, show_link, follow_link, sign_out, show_sessions, end_session,
]  # fmt: skip


def next_of(asked: str) -> str:
    """Where to go after signing in: a path of ours, or nothing."""
    return asked if OWN_PATH.fullmatch(asked) else ""


def signed_in_answer(request: Visit, token: str, after: str) -> Response[Any]:
    """Into the office with this session, to where one was going."""
    answer = see(request, after or "/office")
    answer.set_cookie(_cookie(session_cookie(), token, sessions.LONGEST))
    answer.set_cookie(_cookie(pending_cookie(), "", timedelta(0)))
    return answer


def _cookie(name: str, value: str, lasts: timedelta) -> Cookie:
    lax: Literal["lax"] = "lax"
    return Cookie(
        key=name, value=value, max_age=int(lasts.total_seconds()), path="/", httponly=True, samesite=lax,
        secure=settings.current().is_https,
    )  # fmt: skip


def _code_page(request: Visit, form: Form, after: str, refusal: Answer | None = None) -> Response[str]:
    return page(
        request, "office/code", **standing(form, refusal), here=f"{HERE}/code", form=form, next=after,
        lasts=sign_in.LASTS // timedelta(minutes=1),
    )  # fmt: skip


def _link_page(request: Visit, token: str, form: Form, refusal: Answer | None = None) -> Response[str]:
    """Here or elsewhere: only the browser that asked has the cookie."""
    here = f"{HERE}/{token}"
    is_ours = bool(request.cookies.get(pending_cookie()))
    return page(
        request, "office/link", **standing(form, refusal), here=here, here_path=here, form=form, is_ours=is_ours
    )


def _browser(request: Visit) -> str:
    """Which browser on which system, roughly: to know one's sessions apart."""
    agent = request.headers.get("user-agent", "")
    browsers = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    found = [next((name for mark, name in known if mark in agent), "") for known in (browsers, systems)]
    return " · ".join(filter(None, found))
