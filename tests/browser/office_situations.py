"""Every page of the office, for those who may see it."""

from tests.browser import office_stage
from tests.browser.situation import Situation, at

ADMIN, READER, DOOR = "admin", "reader", "door"


async def all_situations() -> list[Situation]:
    """The office on a busy day."""
    staged = await office_stage.set_up()
    sheet = f"/office/slots/{staged.full.id}/attendance.html"
    return [
        at("office-sign-in", "/office/sign-in"),
        at("office-code", "/office/sign-in/code"),
        at("office-link", "/office/sign-in/some-link"),
        at("office-today", "/office", ADMIN),
        at("office-today-en", "/office?lang=en", ADMIN),
        at("office-today-reader", "/office", READER),
        at("office-today-door", "/office", DOOR),
        at("office-sessions", "/office/sessions", ADMIN),
        at("office-not-allowed", sheet, DOOR),
        at("office-sheet", sheet, ADMIN),
    ]
