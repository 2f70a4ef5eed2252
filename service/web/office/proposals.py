"""The queue of proposals: what waits for the campus first, then the others, narrowed by the address."""

from litestar import Response, get

from service.edge.loading import DECIDERS, LISTS, signed_in
from service.people import staff
from service.people.tables import Person
from service.proposals import listing
from service.proposals.listing import MINE, NOBODY, SORTS, STANDS, Filters
from service.proposals.tables import KINDS
from service.web.office.paths import one_of, page_of, searched
from service.web.pages import Visit, page

HERE = "/office/proposals"


@get(HERE, opt={"roles": LISTS})
async def show_list(request: Visit) -> Response[str]:
    """All that was handed in, what waits longest for the campus first."""
    who, people = signed_in(request), await reviewers()
    filters = _filters(request, people)
    number = page_of(request)
    found = await listing.found(filters, who.id, number)
    if number > found.pages:  # an old link
        found = await listing.found(filters, who.id, found.pages)
    return page(
        request,
        "office/proposals/list",
        me=who,
        filters=filters,
        found=found,
        groups=_groups(found.lines, filters),
        kinds=KINDS,
        stands=STANDS,
        people=people,
    )


HANDLERS = [show_list]


async def reviewers() -> list[Person]:
    """Who may look after a proposal, by name."""
    return [one for one in await staff.everybody() if one.role in DECIDERS]


def _groups(lines: list[listing.Line], filters: Filters) -> list[tuple[str, list[listing.Line]]]:
    """What waits for the campus, and the rest; in the order of another sort they are one list."""
    if filters.sort:
        return [("all", lines)]
    waits = [one for one in lines if one.waits_for == "campus"]
    parts = {"campus": waits, "others": lines[len(waits) :]}
    return [(name, part) for name, part in parts.items() if part]


def _filters(request: Visit, people: list[Person]) -> Filters:
    """What the query asks for; nonsense asks for nothing."""
    return Filters(
        q=searched(request),
        kind=one_of(request, "kind", KINDS),
        state=one_of(request, "state", STANDS),
        by=one_of(request, "by", (MINE, NOBODY, *(str(one.id) for one in people))),
        sort=one_of(request, "sort", SORTS),
    )
