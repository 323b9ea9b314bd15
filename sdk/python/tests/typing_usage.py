"""Checked by mypy, not run: what a typed program may write, and what it may not."""

from __future__ import annotations

from datetime import datetime

from ai_aggregator import AIAggregatorClient, APIError, AsyncAIAggregatorClient, AsyncStream, RateLimitError, Stream
from ai_aggregator.types import ChatCompletion, ChatCompletionChunk, ChatMessage, CreatedPayment, Transaction

client = AIAggregatorClient(api_key="ak_live_1234567890abcdef", base_url="https://api.ai-aggregator.com")


def chat(streamed: bool) -> str | None:
    messages: list[ChatMessage] = [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}
    ]
    response: ChatCompletion = client.chat.completions.create(
        model="gpt-4",
        messages=messages,
        tools=[{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
        response_format={"type": "json_object"},
        extra_body={"top_k": 5},
        timeout=30,
    )
    answer = response.choices[0].message
    messages.append(answer)
    if answer.tool_calls:
        messages.append({"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "{}"})
    cost: float = response.cost
    print(cost, response.response_info.rate_limit.remaining)

    stream: Stream[ChatCompletionChunk] = client.chat.completions.create(model="gpt-4", messages=messages, stream=True)
    with stream:
        for chunk in stream:
            print(chunk.choices[0].delta.content)
            chunk.choices[0].message  # type: ignore[attr-defined]

    either = client.chat.completions.create(model="gpt-4", messages=messages, stream=streamed)
    if isinstance(either, ChatCompletion):
        print(either.choices)

    client.chat.completions.create(model="gpt-4", messages=[{"role": "user", "content": "Hi"}], temprature=1)  # type: ignore[call-overload]
    return answer.content


def company() -> None:
    payment: CreatedPayment = client.payments.create(amount=1000, currency="RUB", idempotency_key="order-1")
    amount: str = payment.amount
    balance: float = client.billing.balance(timeout=5).balance
    print(amount, balance)
    transaction: Transaction
    for transaction in client.billing.iter_transactions(type="DEBIT", start_date=datetime.now()):
        print(transaction.amount)
    try:
        client.api_keys.revoke("id")
    except RateLimitError as error:
        status: int = error.status
        print(status, error.retry_after)
    except APIError as error:
        print(error.details)


async def asynchronous() -> None:
    async with AsyncAIAggregatorClient(access_token="token") as other:
        completion: ChatCompletion = await other.chat.completions.create(
            model="gpt-4", messages=[{"role": "user", "content": "Hi"}]
        )
        stream: AsyncStream[ChatCompletionChunk] = await other.chat.completions.create(
            model="gpt-4", messages=[{"role": "user", "content": "Hi"}], stream=True
        )
        async for chunk in stream:
            print(completion.model, chunk.usage)
        async for payment in other.payments.iter(status="succeeded"):
            print(payment.paid_at)
