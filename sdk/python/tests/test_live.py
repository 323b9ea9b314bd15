"""Against a running gateway:

    AGGREGATOR_URL=http://localhost:3000 SANDBOX_URL=http://localhost:8090 python -m pytest tests/test_live.py

A new company gets its welcome balance when its email address is confirmed; the sandbox keeps the confirmation email.
Without `SANDBOX_URL`, calls must be free.
"""

import asyncio
import json
import os
import re
import uuid

import httpx
import pytest

from ai_aggregator import AIAggregatorClient, AsyncAIAggregatorClient, AuthenticationError

URL = os.environ.get("AGGREGATOR_URL", "")
SANDBOX = os.environ.get("SANDBOX_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="AGGREGATOR_URL is not set")

MESSAGES = [{"role": "user", "content": "Привет! Как дела?"}]


def confirm(email: str) -> None:
    emails = httpx.get(f"{SANDBOX}/mailbox/letters.json").raise_for_status().json()
    confirmation = next(text for text in map(json.dumps, emails) if email in text)
    link = re.search(r"/api/v1/auth/verify-email\?token=[\w-]+", confirmation)
    assert link, "the email has no link"
    httpx.get(f"{URL}{link[0]}", follow_redirects=True).raise_for_status()


def test_a_company_registers_makes_a_key_and_chats():
    email = f"sdk-python-{uuid.uuid4().hex}@example.com"
    with AIAggregatorClient(base_url=URL) as anonymous:
        session = anonymous.auth.register(email=email, password="securepassword123", name="SDK")
    assert session.token_type == "Bearer"
    assert session.company.email == email
    if SANDBOX:
        confirm(email)

    with AIAggregatorClient(
        base_url=URL, access_token=session.access_token, refresh_token=session.refresh_token
    ) as company:
        key = company.api_keys.create(name="Live test", permissions=["chat", "billing", "analytics"])
        assert key.id in [listed.id for listed in company.api_keys.list().data]
        assert isinstance(company.billing.balance().balance, (int, float))

        with AIAggregatorClient(base_url=URL, api_key=key.key) as client:
            available = [
                model.id
                for model in client.models.list().data
                if model.is_available and "chat" in model.supported_features
            ]
            model = os.environ.get("AGGREGATOR_MODEL") or available[0]

            completion = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50)
            assert completion.choices[0].message.content
            assert isinstance(completion.cost, (int, float))
            assert completion.provider
            assert completion.response_info.request_id

            with client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50, stream=True) as stream:
                assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

            asyncio.run(chat_asynchronously(key.key, model))

            # A key used before may work for some seconds more: gateways cache it.
            other = company.api_keys.create(name="Revoked", permissions=["chat"])
            company.api_keys.revoke(other.id)
            with AIAggregatorClient(base_url=URL, api_key=other.key) as revoked, pytest.raises(AuthenticationError):
                revoked.chat.completions.create(model=model, messages=MESSAGES)


async def chat_asynchronously(key: str, model: str) -> None:
    async with AsyncAIAggregatorClient(base_url=URL, api_key=key) as client:
        stream = await client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50, stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
