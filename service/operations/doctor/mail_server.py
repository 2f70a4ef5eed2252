"""The mail server: everything up to the first letter, which is never sent."""

import socket
from urllib.parse import urlsplit

from service.mail import smtp
from service.mail.smtp import Server, SmtpCourier
from service.mail.verdicts import Phase, Trouble, without_addresses
from service.operations.doctor import certificates, variables
from service.operations.doctor.findings import Finding, aside, bad, look, ok, words
from service.settings import Settings

STEP_SECONDS = 5.0
REMEDIES = {
    Phase.connect: "is it running, may this machine reach that port, is its certificate for that name?",
    Phase.hello: "does it speak what SMTP_URL says (smtp, smtp+starttls, smtps), is its certificate for that name?",
    Phase.sign_in: "check user and password of SMTP_URL",
    Phase.sender: "may this account send as MAIL_FROM?",
}


async def mail_server(chosen: Settings) -> list[Finding]:
    """Name, connection, certificate, sign-in, sender."""
    if not chosen.smtp_url:
        nobody = f"no SMTP_URL: letters become files in {chosen.data_dir / 'mail'}"
        return [bad(nobody, "set SMTP_URL: nobody gets a letter") if variables.is_public(chosen) else ok(nobody)]
    try:
        server = smtp.parse(chosen.smtp_url)
    except ValueError as wrong:
        return [bad(f"SMTP_URL: {wrong}")]
    try:
        await aside(lambda: socket.getaddrinfo(server.host, server.port))
    except (OSError, ValueError) as trouble:
        return [bad(f"the name {server.host} leads nowhere: {words(trouble)}", "check SMTP_URL and the DNS")]
    return await _rehearse(server, chosen)


async def _rehearse(server: Server, chosen: Settings) -> list[Finding]:
    courier = SmtpCourier(
        server,
        own_name=urlsplit(chosen.public_url).hostname,
        connect_timeout=STEP_SECONDS,
        command_timeout=STEP_SECONDS,
    )
    where = f"{server.host}:{server.port}"
    try:
        certificate = await courier.rehearse(chosen.mail_from)
    except Trouble as trouble:
        step = f"{trouble.phase.value}: "
        said = step + without_addresses(trouble.words, chosen.mail_from).removeprefix(step)
        return [bad(f"{where}, {said}", REMEDIES.get(trouble.phase, ""))]
    finally:
        await courier.close()
    found = [ok(f"{where} takes letters of {chosen.mail_from}" + (", signed in" if server.user else ""))]
    if certificate:
        found.append(certificates.judge(certificate))
    elif not smtp.is_loopback(server.host):
        found.append(look("letters travel unencrypted", "use smtp+starttls:// or smtps:// if the server offers it"))
    return found
