"""Verification of Standard Webhooks signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping

from ._errors import WebhookVerificationError
from .types import WebhookEvent

_TOLERANCE = 5 * 60
"""Seconds that ``webhook-timestamp`` may differ from now."""


def verify(payload: str | bytes, headers: Mapping[str, str], secret: str) -> WebhookEvent:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    id_, timestamp, signatures = (_header(headers, name) for name in names)

    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("webhook-timestamp is not a number.")
    age = int(time.time()) - int(timestamp)
    if age > _TOLERANCE:
        raise WebhookVerificationError("The webhook is too old.")
    if age < -_TOLERANCE:
        raise WebhookVerificationError("The webhook is from the future.")

    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    expected = hmac.digest(_key(secret), f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    if not any(_matches(candidate, expected) for candidate in signatures.split(" ")):
        raise WebhookVerificationError("No signature of the webhook matches.")
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise WebhookVerificationError("The body of the webhook is not a JSON object.")
    return WebhookEvent(event)


def _matches(candidate: str, expected: bytes) -> bool:
    version, _, signature = candidate.partition(",")
    decoded = _decode_base64(signature)
    return version == "v1" and decoded is not None and hmac.compare_digest(decoded, expected)


def _key(secret: str) -> bytes:
    key = _decode_base64(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else None
    if key is None:
        key = secret.encode()
    if not key:
        raise WebhookVerificationError("The secret is empty.")
    return key


def _decode_base64(text: str) -> bytes | None:
    try:
        # Padding may be missing or excessive.
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _header(headers: Mapping[str, str], name: str) -> str:
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    if not value:
        raise WebhookVerificationError(f"{name} is missing.")
    return value
