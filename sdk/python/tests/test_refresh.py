"""Renewal of tokens that have expired."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ai_aggregator import AIAggregatorClient, AsyncAIAggregatorClient, AuthenticationError

TOKENS = {"access_token": "access-0", "refresh_token": "refresh-0"}


@pytest.fixture
def renewing(serve):
    """A server whose refresh tokens work once, and only whose newest access token is valid.

    It says when it was `asked` for tokens, and gives them out when it was `allowed` to and has refused `refusals` calls.
    """
    changed = threading.Condition()
    generation = refused = 0

    def answer(exchange):
        nonlocal generation, refused
        if exchange.path == "/api/v1/auth/refresh":
            server.asked.set()
            with changed:
                if not server.allowed.wait(5) or not changed.wait_for(lambda: refused >= server.refusals, 5):
                    return exchange.failure(500, "it takes too long")
                if exchange.body != {"refreshToken": f"refresh-{generation}"}:
                    return exchange.failure(401, "used up")
                generation += 1
                body = {"accessToken": f"access-{generation}", "refreshToken": f"refresh-{generation}", "tokenType": "Bearer", "expiresIn": 3600}
                return exchange.json(200, body)
        if generation > 0 and exchange.headers.get("authorization") == f"Bearer access-{generation}":
            return exchange.json(200, {"id": "x"})
        exchange.failure(401, "expired")
        with changed:
            refused += 1
            changed.notify_all()

    server = serve(answer)
    server.refusals = 0
    server.asked, server.allowed = threading.Event(), threading.Event()
    server.allowed.set()
    return server


def paths(server):
    return [request.path.removeprefix("/api/v1") for request in server.requests]


def test_an_expired_token_is_renewed_and_the_call_is_repeated_once(api, renewing):
    sessions = []
    api.each(
        renewing,
        lambda c: c.payments.create(amount=1, currency="RUB"),
        lambda c: c.billing.balance(),
        on_refresh=sessions.append,
        **TOKENS,
    )
    assert paths(renewing) == ["/payments", "/auth/refresh", "/payments", "/billing/balance"]
    first, refresh, second, _ = renewing.requests
    assert "authorization" not in refresh.headers
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert [session.refresh_token for session in sessions] == ["refresh-1"]


def test_threads_that_are_refused_at_the_same_time_share_one_renewal(renewing):
    renewing.refusals = 8
    with AIAggregatorClient(base_url=renewing.url, **TOKENS) as client, ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: client.billing.balance(), range(8)))
    assert len(results) == 8
    assert paths(renewing).count("/auth/refresh") == 1


def test_tasks_that_are_refused_at_the_same_time_share_one_renewal(renewing):
    renewing.refusals = 8

    async def run():
        async with AsyncAIAggregatorClient(base_url=renewing.url, **TOKENS) as client:
            await asyncio.gather(*(client.billing.balance() for _ in range(8)))

    asyncio.run(run())
    assert paths(renewing).count("/auth/refresh") == 1


def test_cancelling_one_task_does_not_end_the_renewal_that_another_one_waits_for(renewing):
    sessions = []
    renewing.refusals = 2
    renewing.allowed.clear()

    async def remember(session):
        sessions.append(session)

    async def run():
        async with AsyncAIAggregatorClient(base_url=renewing.url, on_refresh=remember, **TOKENS) as client:
            first, second = (asyncio.create_task(client.billing.balance()) for _ in range(2))
            assert await asyncio.to_thread(renewing.asked.wait, 5)
            first.cancel()
            renewing.allowed.set()
            await second
            with pytest.raises(asyncio.CancelledError):
                await first

    asyncio.run(run())
    assert len(sessions) == 1


def test_a_refresh_token_alone_is_enough(api, renewing):
    api.run(renewing, lambda c: c.billing.balance(), refresh_token="refresh-0")
    assert paths(renewing) == ["/auth/refresh", "/billing/balance"]


def test_a_refresh_token_that_is_not_accepted_is_not_tried_again(api, renewing):
    results = api.each(
        renewing, lambda c: c.billing.balance(), lambda c: c.billing.balance(), access_token="access-0", refresh_token="stolen"
    )
    assert [type(result) for result in results] == [AuthenticationError] * 2
    assert paths(renewing) == ["/billing/balance", "/auth/refresh", "/billing/balance"]


def test_a_call_that_is_refused_again_after_the_renewal_fails(api, serve):
    def answer(exchange):
        if exchange.path.endswith("/refresh"):
            exchange.json(200, {"accessToken": "b"})
        else:
            exchange.failure(401, "no")

    server = serve(answer)
    with pytest.raises(AuthenticationError):
        api.run(server, lambda c: c.billing.balance(), access_token="a", refresh_token="r")
    assert len(server.requests) == 3


def test_without_a_refresh_token_and_for_an_api_key_401_is_final(api, renewing):
    for call, options in [(lambda c: c.billing.balance(), {"access_token": "a"}), (lambda c: c.models.list(), {"api_key": "k", **TOKENS})]:
        with pytest.raises(AuthenticationError):
            api.run(renewing, call, **options)
    assert len(renewing.requests) == 2
