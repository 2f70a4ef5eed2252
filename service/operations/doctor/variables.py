"""The settings: what is wrong, and what nobody has set yet."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from service import advice
from service.operations.doctor.findings import Finding, bad, look, ok
from service.settings import BadSetting, Settings

# What stands for a variable that is wrong or missing, so that the others can be read. It is never used.
STAND_INS = {"SECRET_KEY": "x" * 64, "DATABASE_URL": "postgresql:///"}
NEEDED = ("SMTP_URL", "MAIL_FROM", "CONTACT_EMAIL")


def readable(environ: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings as far as they can be read, and a line for each variable that cannot. Makes no secret_key."""
    given, mistakes = dict(environ), list[str]()
    if not (given.get("SECRET_KEY", "").strip() or given.get("DATABASE_URL", "").strip()):
        given["SECRET_KEY"] = STAND_INS["SECRET_KEY"]
    while True:
        try:
            return Settings.from_environment(given), mistakes
        except BadSetting as wrong:
            mistakes += wrong.lines
            given |= {name: STAND_INS.get(name, "") for name in (line.partition(":")[0] for line in wrong.lines)}


def judge(chosen: Settings, mistakes: list[str]) -> list[Finding]:
    """What is wrong with the variables themselves, and what is not set though people use the service."""
    wrong = {line.partition(":")[0] for line in mistakes}
    lacking = [one for one in advice.unset(chosen) if one.name not in wrong]
    found = [bad(line, "nothing starts before this is right") for line in mistakes]
    for one in lacking:
        verdict = bad if one.name in NEEDED and is_public(chosen) else look
        found.append(verdict(f"{one.name} is not set: {one.why}", "set it before people come"))
    return found or [ok("all that people need is set")]


def is_public(chosen: Settings) -> bool:
    """Whether others than the person at this machine use the service."""
    return urlsplit(chosen.public_url).hostname not in advice.LOOPBACK
