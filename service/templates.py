"""The one Jinja environment, for pages, mails and documents."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from service import i18n

ROOT = Path(__file__).parent.parent / "templates"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])
STATIC = Path(__file__).parent / "web" / "static"


def render(template: str, language: str, facts: Mapping[str, Any]) -> str:
    """The text of one template in one language. Needs every name that the template uses: a missing one raises."""
    return environment(language).get_template(template).render(facts)


@cache
def environment(language: str) -> Environment:
    """The environment of one language: catalogue, dates and links speak it."""
    jinja = Environment(
        loader=FileSystemLoader(ROOT),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    jinja.install_gettext_translations(i18n.translations(language), newstyle=True)  # type: ignore[attr-defined]
    jinja.globals.update(lang=language, path=_path(language), static=static, time_range=_time_range(language))
    jinja.globals.update(party=lambda pupils, chaperones: i18n.party(pupils, chaperones, language))
    jinja.filters.update(_date_filters(language), markdown=_markdown)
    return jinja


@cache
def static(name: str) -> str:
    """The address of a static file, which changes with its content, so that it may be kept for a year."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def path(language: str, address: str, /, **query: Any) -> str:
    """``address`` with its query; in English it says so, in French it needs not."""
    given = {name: value for name, value in query.items() if value not in (None, "", False)}
    if language != i18n.LANGUAGES[0]:
        given["lang"] = language
    return f"{address}?{urlencode(given)}" if given else address


def _path(language: str) -> Any:
    return lambda address, /, **query: path(language, address, **query)


def _time_range(language: str) -> Any:
    return lambda starts, ends: i18n.time_range(i18n.local(starts), i18n.local(ends), language)


def _date_filters(language: str) -> dict[str, Any]:
    def piece(pattern: str) -> Any:
        return lambda moment: _formatted(_day(moment), pattern, language)

    return {
        "weekday": piece("EEEE"),
        "day": piece("d"),
        "month": piece("MMMM"),
        "month_short": piece("MMM"),
        "month_year": piece("LLLL y"),
        "month_id": lambda day: f"{day:%Y-%m}",
        "weekday_short": piece("EEE"),
        "capitalize_first": lambda words: words[:1].upper() + words[1:],
        "date": lambda moment: i18n.short_date(_day(moment), language),
        "long_date": lambda moment: i18n.long_date(_day(moment), language),
        "clock": lambda moment: i18n.wall_clock(i18n.local(moment), language),
        "moment": lambda moment: i18n.at_moment(i18n.local(moment), language),
        "deadline": lambda moment: i18n.at_moment(i18n.local(moment), language),
    }


@lru_cache(maxsize=256)
def _markdown(text: str) -> Markup:
    """What organisers write, as HTML: no raw HTML, no images, only harmless link schemes."""
    return Markup(MARKDOWN.render(text))  # noqa: S704 - HTML is off


@lru_cache(maxsize=4096)
def _formatted(day: date, pattern: str, language: str) -> str:
    """An agenda says few days many times, and Babel takes its time over each."""
    return format_date(day, pattern, locale=language)


def _day(moment: date) -> date:
    return i18n.local(moment).date() if isinstance(moment, datetime) else moment
