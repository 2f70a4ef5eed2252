"""What search engines may read, and where everything stands."""

from xml.etree.ElementTree import Element, SubElement, tostring

from litestar import MediaType, Response, get

from service import i18n, settings, templates, text
from service.events import details, places
from service.web import house

PUBLIC = {"public": True}
MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
PRIVATE = ("/authorisations/", "/bookings/", "/demo/", "/door/", "/e/", "/proposals/")
ALONE = ("/", "/propose", *house.PAGES)


@get("/robots.txt", opt=PUBLIC)
async def robots() -> Response[str]:
    """All but what belongs to one person; nothing at all of a demonstration or of somebody's laptop."""
    chosen = settings.current()
    if chosen.demo or not chosen.is_https:
        return Response("User-agent: *\nDisallow: /\n", media_type=MediaType.TEXT)
    kept_out = "".join(f"Disallow: {path}\n" for path in PRIVATE)
    return Response(f"User-agent: *\n{kept_out}Sitemap: {chosen.public_url}/sitemap.xml\n", media_type=MediaType.TEXT)


@get("/sitemap.xml", opt=PUBLIC)
async def sitemap() -> Response[bytes]:
    """Every public page in both languages: https://www.sitemaps.org/protocol.html."""
    root = Element("urlset", {"xmlns": MAP, "xmlns:xhtml": XHTML})
    for path in await _paths():
        for language in i18n.LANGUAGES:
            _add(root, path, language)
    content = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(content, media_type="application/xml", headers={"Cache-Control": "no-cache"})


HANDLERS = [robots, sitemap]


async def _paths() -> list[str]:
    return [
        *ALONE,
        *[f"/events/{slug}" for slug in await details.published()],
        *[f"/hosts/{slug}" for slug in await places.hosts()],
        *[f"/places/{text.slug(town)}" for town in await places.towns()],
    ]


def _add(root: Element, path: str, language: str) -> None:
    url = SubElement(root, "url")
    SubElement(url, "loc").text = _absolute(path, language)
    for other in i18n.LANGUAGES:
        SubElement(url, "xhtml:link", rel="alternate", hreflang=other, href=_absolute(path, other))


def _absolute(path: str, language: str) -> str:
    return settings.current().public_url + templates.path(language, path)
