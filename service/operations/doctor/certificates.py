"""How long a certificate is still good for."""

import ssl
from typing import Any

from service import clock
from service.operations.doctor.findings import Finding, look, ok

SOON = 14  # days: whatever renews certificates has failed by then


def judge(certificate: dict[str, Any]) -> Finding:
    """Its days left. That it is valid and for the right name, the handshake has made sure of."""
    days = int((ssl.cert_time_to_seconds(certificate["notAfter"]) - clock.now().timestamp()) // 86400)
    left = f"the certificate is good for {days} more day(s)"
    return look(left, "renew it, and see why that did not happen by itself") if days < SOON else ok(left)
