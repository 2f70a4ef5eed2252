"""Pictures of every situation, and an index page to leaf through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jinja2 import Environment
from playwright.async_api import Page

from tests.browser.audit import LARGE_TEXT

INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gallery of Passerelle</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.4 system-ui, sans-serif }
body { margin: 0 auto; padding: 1rem }
section { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; padding-block: 1rem }
h2 { grid-column: 1 / -1; margin: 0; border-top: 2px solid; padding-top: .5rem; font-size: 1.1rem }
figure { margin: 0 } figcaption { font-size: .8rem }
img { width: 100%; height: 16rem; object-fit: cover; object-position: top; border: 1px solid #888 }
nav { columns: 14rem; font-size: .9rem } nav a { display: block; padding: .25rem 0 }
</style></head><body>
<h1>Gallery: {{ shots|length }} situations</h1>
<nav aria-label="Situations">{% for name in shots %}<a href="#{{ name }}">{{ name }}</a>{% endfor %}</nav>
{% for name, views in shots.items() %}
<section id="{{ name }}"><h2>{{ name }}</h2>
{% for view in views %}
<figure><a href="{{ name }}.{{ view }}.jpg"><img src="{{ name }}.{{ view }}.jpg" alt="{{ view }}" loading="lazy"></a>
<figcaption>{{ view }}</figcaption></figure>
{% endfor %}
</section>
{% endfor %}
</body></html>
"""


@dataclass(frozen=True)
class View:
    """One way to look at a page."""

    name: str
    width: int = 390
    height: int = 844
    scheme: Literal["light", "dark"] = "light"
    media: Literal["screen", "print"] = "screen"
    forced: Literal["active", "none"] = "none"
    style: str = ""


VIEWS = (
    View("phone"),
    View("phone-dark", scheme="dark"),
    View("desktop", 1280, 900),
    View("desktop-dark", 1280, 900, scheme="dark"),
    View("paper", 794, 1123, media="print"),  # A4 at 96 pixels an inch
    View("forced-colours", forced="active", scheme="dark"),
    View("320-large-text", 320, 640, style=LARGE_TEXT),  # last: the large text stays
)
STAFF_VIEWS = tuple(view for view in VIEWS if view.name not in ("phone-dark", "forced-colours"))  # they are many
LETTER_VIEWS = (View("phone"), View("phone-dark", scheme="dark"))


class Gallery:
    """A folder of pictures, emptied first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shots: dict[str, list[str]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for old in [*folder.glob("*.jpg"), *folder.glob("*.html")]:
            old.unlink()

    async def take(self, name: str, page: Page, views: tuple[View, ...] = VIEWS) -> None:
        """One picture of the page for each view."""
        assert name not in self.shots, name
        self.shots[name] = [view.name for view in views]
        for view in views:
            await page.set_viewport_size({"width": view.width, "height": view.height})
            await page.emulate_media(color_scheme=view.scheme, media=view.media, forced_colors=view.forced)
            if view.style:
                await page.add_style_tag(content=view.style)
            await page.screenshot(path=self._path(name, view), full_page=True, type="jpeg", quality=70)

    def write_index(self) -> Path:
        """The page that shows them all."""
        index = self.folder / "index.html"
        index.write_text(Environment(autoescape=True).from_string(INDEX).render(shots=self.shots))
        return index

    def pictures(self) -> Iterator[Path]:
        """Where each picture stands."""
        for name, views in self.shots.items():
            yield from (self.folder / f"{name}.{view}.jpg" for view in views)

    def _path(self, name: str, view: View) -> Path:
        return self.folder / f"{name}.{view.name}.jpg"
