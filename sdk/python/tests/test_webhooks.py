"""Signatures are from OpenSSL:

printf '<id>.<time>.<body>' | openssl dgst -sha256 -mac HMAC -macopt key:<secret> -binary | base64
"""

import json

import httpx
import pytest

from ai_aggregator import AIAggregatorClient, WebhookVerificationError

SENT = 1701432000
BODY = (
    '{"id":"webhook-uuid","event":"payment.succeeded","data":{"paymentId":"payment-uuid","amount":"1000.00","currency":"RUB",'
    '"status":"succeeded","description":"Пополнение"},"timestamp":"2023-12-01T12:00:00.000Z","signature":"sha256=abc123"}'
)
TEXT_SECRET = "your-webhook-secret"
TEXT_SIGNATURE = "v1,fzXGWaTRbYM1pZpeGKEiomWBNybQQKPyK6yAaN9V4KI="
BASE64_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BASE64_SIGNATURE = "v1,egu8IARG9fCvi9k4tIRGm4Z0pUl0tEmxo5dYDJ+/d94="
ODD_SECRET = "whsec_not base64!"
ODD_SIGNATURE = "v1,tzq/vqJx1WQFmyqzzMzXCut3d78pKJqI9NVoqmPogV4="


@pytest.fixture
def verify(monkeypatch):
    """`webhooks.verify` at a given time."""

    def check(payload, headers, secret, now=SENT):
        monkeypatch.setattr("time.time", lambda: float(now))
        with AIAggregatorClient() as client:
            return client.webhooks.verify(payload, headers, secret)

    return check


def headers(signature, **changes):
    changes = {name.replace("_", "-"): value for name, value in changes.items()}
    return {"webhook-id": "msg_1", "webhook-timestamp": str(SENT), "webhook-signature": signature, **changes}


@pytest.mark.parametrize(
    ("secret", "signature"),
    [(TEXT_SECRET, TEXT_SIGNATURE), (BASE64_SECRET, BASE64_SIGNATURE), (ODD_SECRET, ODD_SIGNATURE)],
)
def test_a_secret_may_be_base64_or_any_text(verify, secret, signature):
    event = verify(BODY, headers(signature), secret)
    assert event.to_dict() == json.loads(BODY)
    assert (event.event, event.data["paymentId"]) == ("payment.succeeded", "payment-uuid")


def test_the_shared_example_of_standard_webhooks_is_accepted(verify):
    example = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify('{"test": 2432232314}', example, BASE64_SECRET, now=1614265330).to_dict() == {"test": 2432232314}


def test_other_types_of_body_and_headers_are_accepted(verify):
    verify(BODY.encode(), httpx.Headers(headers(TEXT_SIGNATURE)), TEXT_SECRET)
    verify(
        bytearray(BODY.encode()), {name.title(): value for name, value in headers(TEXT_SIGNATURE).items()}, TEXT_SECRET
    )


@pytest.mark.parametrize(
    "signature",
    [f"{BASE64_SIGNATURE} {TEXT_SIGNATURE}", f"v1a,xyz v1,%% v1, {TEXT_SIGNATURE}", f"{TEXT_SIGNATURE} v2,AAAA"],
)
def test_one_of_several_signatures_is_enough(verify, signature):
    verify(BODY, headers(signature), TEXT_SECRET)


@pytest.mark.parametrize(
    ("body", "changes", "secret", "message"),
    [
        (BODY.replace("1000", "9000"), {}, TEXT_SECRET, "matches"),
        (json.dumps(json.loads(BODY)), {}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_id": "msg_2"}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_timestamp": str(SENT + 1)}, TEXT_SECRET, "matches"),
        (BODY, {}, "your-webhook-secret2", "matches"),
        (BODY, {"webhook_signature": TEXT_SIGNATURE.replace("v1", "v2")}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_signature": "v1,fzXGWaTRbYM1pZpeGKEiog=="}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_signature": TEXT_SIGNATURE[3:]}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_signature": "v1,Ж"}, TEXT_SECRET, "matches"),
        (BODY, {"webhook_timestamp": f"{SENT}.0"}, TEXT_SECRET, "not a number"),
        (BODY, {"webhook_id": ""}, TEXT_SECRET, "webhook-id is missing"),
        (BODY, {"webhook_timestamp": ""}, TEXT_SECRET, "webhook-timestamp is missing"),
        (BODY, {"webhook_signature": ""}, TEXT_SECRET, "webhook-signature is missing"),
        (BODY, {}, "", "secret is empty"),
        (BODY, {}, "whsec_", "secret is empty"),
    ],
)
def test_anything_else_is_rejected(verify, body, changes, secret, message):
    with pytest.raises(WebhookVerificationError, match=message):
        verify(body, headers(TEXT_SIGNATURE, **changes), secret)


def test_the_tolerance_is_five_minutes_either_way(verify):
    verify(BODY, headers(TEXT_SIGNATURE), TEXT_SECRET, now=SENT + 300)
    verify(BODY, headers(TEXT_SIGNATURE), TEXT_SECRET, now=SENT - 300)
    with pytest.raises(WebhookVerificationError, match="too old"):
        verify(BODY, headers(TEXT_SIGNATURE), TEXT_SECRET, now=SENT + 301)
    with pytest.raises(WebhookVerificationError, match="future"):
        verify(BODY, headers(TEXT_SIGNATURE), TEXT_SECRET, now=SENT - 301)
