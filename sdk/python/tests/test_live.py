"""Against a running gateway: AGGREGATOR_URL=http://localhost:3000 python -m pytest tests/test_live.py"""

import asyncio
import os
import uuid

import pytest

from ai_aggregator import AIAggregatorClient, AsyncAIAggregatorClient, AuthenticationError

URL = os.environ.get("AGGREGATOR_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="AGGREGATOR_URL is not set")

MESSAGES = [{"role": "user", "content": "Привет! Как дела?"}]


def test_a_company_registers_makes_a_key_and_chats():
    email = f"sdk-python-{uuid.uuid4().hex}@example.com"
    with AIAggregatorClient(base_url=URL) as anonymous:
        session = anonymous.auth.register(email=email, password="securepassword123", name="SDK")
    assert session.token_type == "Bearer"
    assert session.company.email == email

    with AIAggregatorClient(base_url=URL, access_token=session.access_token, refresh_token=session.refresh_token) as company:
        key = company.api_keys.create(name="Live test", permissions=["chat", "billing", "analytics"])
        assert key.id in [listed.id for listed in company.api_keys.list().data]
        assert isinstance(company.billing.balance().balance, (int, float))

        with AIAggregatorClient(base_url=URL, api_key=key.key) as client:
            available = [model.id for model in client.models.list().data if model.is_available and "chat" in model.supported_features]
            model = os.environ.get("AGGREGATOR_MODEL") or available[0]

            completion = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50)
            assert completion.choices[0].message.content
            assert isinstance(completion.cost, (int, float))
            assert completion.provider
            assert completion.response_info.request_id

            with client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50, stream=True) as stream:
                assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

            asyncio.run(chat_asynchronously(key.key, model))

            company.api_keys.revoke(key.id)
            with pytest.raises(AuthenticationError):
                client.chat.completions.create(model=model, messages=MESSAGES)


async def chat_asynchronously(key: str, model: str) -> None:
    async with AsyncAIAggregatorClient(base_url=URL, api_key=key) as client:
        stream = await client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=50, stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
