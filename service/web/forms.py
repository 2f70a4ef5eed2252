"""Reading a form: every mistake is collected, and what was typed is kept."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException

from service import clock, i18n, settings, text
from service.refusal import Refusal

MOST_FIELDS = 100
LONGEST_BLOCK = 8000  # characters: a hundred lines, with columns that nobody asked for
FASTEST_SECONDS = 1  # no hand fills a form faster; a machine does
HEX_ID = re.compile(r"[0-9a-f]{32}")
UNDECODED = "\ufffd"  # what is left of bytes that were no text
DAY = re.compile(r"(?P<year>20[0-9]{2})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")  # as a browser's date field sends it
TYPED_DAY = re.compile(r"(?P<day>[0-9]{1,2})[/.-](?P<month>[0-9]{1,2})[/.-](?P<year>20[0-9]{2})")  # as people do
HOUR = re.compile(r"(?P<hour>[0-9]{1,2})\s?[:hH]\s?(?P<minute>[0-9]{2})?(:[0-9]{2})?")


class TooFast(Refusal):
    """The form came back sooner than a hand could have filled it in."""


class Form:
    """The fields of one form. Each reader notes its mistake, returns a value of its type; ``ok`` decides."""

    def __init__(self, fields: Mapping[str, str | list[str]] | None = None, language: str = "fr") -> None:
        self._many = {name: sent if isinstance(sent, list) else [sent] for name, sent in (fields or {}).items()}
        self._fields = {name: sent[-1] for name, sent in self._many.items() if sent}
        self._errors: dict[str, str] = {}
        self.words = i18n.translations(language)

    @property
    def ok(self) -> bool:
        """Whether no reader had anything to object to."""
        return not self._errors

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """(field, sentence) in the order in which they were found."""
        return list(self._errors.items())

    def value(self, name: str) -> str:
        """What was typed, to show it again; without the characters that no reader takes."""
        return "".join(_shown(letter) for letter in self._fields.get(name, "")[:1000])

    def lines(self, name: str) -> str:
        """The same of a field of several lines: their ends and their tabs stay."""
        kept = _ends(self._fields.get(name, ""))[:LONGEST_BLOCK]
        return "".join(letter if letter in "\n\t" else _shown(letter) for letter in kept)

    def error(self, name: str) -> str:
        """The sentence beside the field, or nothing."""
        return self._errors.get(name, "")

    def refuse(self, name: str, sentence: str) -> None:
        """Note a mistake that only the caller can see; the first one of a field stays."""
        self._errors.setdefault(name, sentence)

    def text(self, name: str, *, missing: str, most: int = 100) -> str:
        """One line of at most ``most`` characters (four bytes each at the most).

        ``missing`` is said when it says nothing, if it is needed.
        """
        try:
            read = _line(self._fields.get(name, ""))
        except text.Unreadable:
            self.refuse(name, self.words.gettext("This holds a character we cannot read. Please type it again."))
            return ""
        if len(read) > most:
            wanted = self.words.gettext("At most %(most)s characters, please.")
            self.refuse(name, wanted % {"most": most})
            return ""
        if missing and not any(letter.isalnum() for letter in read):
            self.refuse(name, missing)
        return read

    def block(self, name: str, *, most: int = LONGEST_BLOCK, missing: str = "") -> str:
        """Several lines as they were typed, tabs included; empty where nothing was.

        ``missing`` is said when they say nothing, if they are needed.
        """
        read = _ends(self._fields.get(name, ""))
        if len(read) > most:
            wanted = self.words.gettext("At most %(most)s characters, please.")
            self.refuse(name, wanted % {"most": most})
            return ""
        for number, one in enumerate(read.split("\n"), 1):
            try:
                _line(one.replace("\t", " "))
            except text.Unreadable:
                wanted = self.words.gettext("Line %(line)s holds a character we cannot read. Please type it again.")
                self.refuse(name, wanted % {"line": number})
                return ""
        if missing and not any(letter.isalnum() for letter in read):
            self.refuse(name, missing)
        return read

    def address(self, name: str, *, missing: str = "") -> str:
        """An e-mail address, checked for its form only; ``missing`` is said when there is none."""
        if not self._fields.get(name, "").strip():
            self.refuse(name, missing or self.words.gettext("Please type your e-mail address."))
            return ""
        try:
            return text.address(_line(self._fields[name]))
        except ValueError:
            wanted = self.words.gettext("This is no e-mail address. It looks like name@example.org.")
            self.refuse(name, wanted)
            return ""

    def whole_number(self, name: str, *, least: int, most: int, missing: str = "") -> int | None:
        """A whole number from ``least`` to ``most``; ``missing`` is said when nothing was typed, if it is needed."""
        typed = self._fields.get(name, "").strip()
        if not typed:
            if missing:
                self.refuse(name, missing)
            return None
        if not re.fullmatch(r"[0-9]{1,9}", typed, re.ASCII) or not least <= int(typed) <= most:
            wanted = self.words.gettext("A number from %(least)s to %(most)s, please.")
            self.refuse(name, wanted % {"least": least, "most": most})
            return None
        return int(typed)

    def choice(self, name: str, choices: Sequence[str], *, missing: str = "", required: bool = True) -> str:
        """One of ``choices``; ``missing`` is said when none was chosen."""
        chosen = self._fields.get(name, "")
        if chosen in choices or (not chosen and not required):
            return chosen
        self.refuse(name, missing or self.words.gettext("Please choose one of these."))
        return ""

    def chosen(self, name: str, choices: Sequence[str]) -> list[str]:
        """Those of ``choices`` whose boxes are ticked, in the order of ``choices``; there may be none."""
        sent = self._many.get(name, [])
        if not set(sent) <= set(choices):
            self.refuse(name, self.words.gettext("Please choose one of these."))
        return [one for one in choices if one in sent]

    def has_chosen(self, name: str, value: str) -> bool:
        """Whether this box of several of one name was ticked, to show it again."""
        return value in self._many.get(name, [])

    def day(self, name: str, *, missing: str = "") -> date | None:
        """A day of this century; ``missing`` is said when nothing was typed, if it is needed."""
        typed = self._fields.get(name, "").strip()
        if not typed:
            if missing:
                self.refuse(name, missing)
            return None
        match = DAY.fullmatch(typed) or TYPED_DAY.fullmatch(typed)
        try:
            if match:
                return date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:  # 31 February
            pass
        self.refuse(name, self.words.gettext("This is no day we know. It looks like 24/11/2026."))
        return None

    def moment(self, day_field: str, hour_field: str, *, missing: str) -> datetime | None:
        """A day and a wall time where the campus is; ``missing`` is said of each part that was left empty.

        When the clocks go back, a time that comes twice is its first; one that they skip is a mistake.
        Without ``missing`` both parts may be empty, but not one of them.
        """
        if not missing and any(self._fields.get(name, "").strip() for name in (day_field, hour_field)):
            missing = self.words.gettext("Please give the day and the time.")
        day, hour = self.day(day_field, missing=missing), self._hour(hour_field, missing)
        if day is None or hour is None:
            return None
        moment = datetime.combine(day, hour, ZoneInfo(settings.current().time_zone))
        if i18n.local(moment.astimezone(UTC)).replace(tzinfo=None) != moment.replace(tzinfo=None):
            self.refuse(hour_field, self.words.gettext("The clocks skip this time that day. Please choose another."))
            return None
        return moment

    def ticked(self, name: str, sentence: str = "") -> bool:
        """Whether the box is ticked; not ticked is a mistake where a ``sentence`` says so."""
        is_ticked = self._fields.get(name) == "yes"
        if sentence and not is_ticked:
            self.refuse(name, sentence)
        return is_ticked

    def picked(self, prefix: str) -> list[UUID]:
        """The ids of the boxes that are ticked, of those whose names begin so; what is no id is left aside."""
        names = [name for name, value in self._fields.items() if name.startswith(prefix) and value == "yes"]
        return [UUID(found[0]) for name in names if (found := HEX_ID.fullmatch(name.removeprefix(prefix)))]

    def check_pace(self) -> None:
        """Pass unless the form says that it was opened less than a second ago. Refuses: TooFast."""
        stamp = re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", self._fields.get("opened_at", ""))
        if stamp and 0 <= clock.now().timestamp() - float(stamp[0]) < FASTEST_SECONDS:
            raise TooFast

    def has(self, name: str) -> bool:
        """Whether the field came at all, be it empty."""
        return name in self._fields

    def raw(self, name: str) -> str:
        """A hidden field, as it came."""
        return self._fields.get(name, "")

    def body(self, *names: str) -> dict[str, str]:
        """The fields that make this form what it is, for its idempotency key."""
        return {name: self._fields.get(name, "") for name in names}

    def _hour(self, name: str, missing: str) -> time | None:
        typed = self._fields.get(name, "").strip()
        if not typed:
            if missing:
                self.refuse(name, missing)
            return None
        match = HOUR.fullmatch(typed)
        try:
            if match:
                return time(int(match["hour"]), int(match["minute"] or 0))
        except ValueError:  # 25:00
            pass
        self.refuse(name, self.words.gettext("This is no time of the day. It looks like 14:30."))
        return None


async def read(request: Request[Any, Any, Any], language: str, most: int = MOST_FIELDS) -> Form:
    """The form of a request; of a field sent twice, the last one, but for ``chosen``. A body of another kind has none.

    Raises ClientException (400) for what claims to be a form and is none.
    """
    try:
        sent = await _fields(request, most)
    except (
        ValueError,
        LookupError,
    ):  # no UTF-8, a character set nobody knows, more fields than any form of ours
        raise ClientException from None
    fields: dict[str, list[str]] = {}
    for name, value in sent:
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return Form(fields, language)


async def _fields(request: Request[Any, Any, Any], most: int) -> list[tuple[str, Any]]:
    """Litestar's reader of URL-encoded forms keeps the last 1024 bodies in memory, and garbles raw UTF-8."""
    if request.content_type[0] == RequestEncodingType.URL_ENCODED:
        body = (await request.body()).decode("utf-8", "replace")
        return list(parse_qsl(body, keep_blank_values=True, max_num_fields=most))
    return list((await request.form()).multi_items())


def _line(raw: str) -> str:
    if UNDECODED in raw:
        raise text.Unreadable
    return text.line(raw)


def _ends(raw: str) -> str:
    """Every line ends as ours do, whatever it was pasted from."""
    return raw.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _shown(letter: str) -> str:
    """The letter as a page shows it again: any blank as a blank, nothing for what cannot be read."""
    try:
        return text.line(letter) or " "
    except text.Unreadable:
        return ""
