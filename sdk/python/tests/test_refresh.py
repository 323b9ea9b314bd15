import asyncio
import threading

import pytest

from ai_aggregator import AsyncAIAggregatorClient, AuthenticationError

TOKENS = {"access_token": "access-0", "refresh_token": "refresh-0"}


@pytest.fixture
def renewing(serve):
    """A server with rotating refresh tokens; only the newest access token is valid.

    It sets `asked` on a refresh request, and responds to it once `allowed` is set and it has refused `refusals` calls.
    """
    changed = threading.Condition()
    rotation = refused = 0

    def answer(exchange):
        nonlocal rotation, refused
        if exchange.path == "/api/v1/auth/refresh":
            server.asked.set()
            with changed:
                if not server.allowed.wait(5) or not changed.wait_for(lambda: refused >= server.refusals, 5):
                    return exchange.failure(500, "it takes too long")
                if exchange.body != {"refreshToken": f"refresh-{rotation}"}:
                    return exchange.failure(401, "used up")
                rotation += 1
                tokens = {"accessToken": f"access-{rotation}", "refreshToken": f"refresh-{rotation}"}
                return exchange.json(200, {**tokens, "tokenType": "Bearer", "expiresIn": 3600})
        if rotation > 0 and exchange.headers.get("authorization") == f"Bearer access-{rotation}":
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


def test_an_expired_token_is_renewed_and_the_call_is_retried_once(api, renewing):
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


def test_calls_refused_at_the_same_time_share_one_renewal(api, renewing):
    renewing.refusals = 8

    async def run():
        async with api.client(renewing, **TOKENS) as client:
            await asyncio.gather(*(client.billing.balance() for _ in range(8)))

    asyncio.run(run())
    assert paths(renewing).count("/auth/refresh") == 1


def test_cancelling_one_task_does_not_cancel_the_renewal(renewing):
    sessions = []
    renewing.refusals = 2
    renewing.allowed.clear()

    async def store(session):
        sessions.append(session)

    async def run():
        async with AsyncAIAggregatorClient(base_url=renewing.url, on_refresh=store, **TOKENS) as client:
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


def test_a_refused_refresh_token_is_not_used_again(api, renewing):
    results = api.each(
        renewing,
        lambda c: c.billing.balance(),
        lambda c: c.billing.balance(),
        access_token="access-0",
        refresh_token="stolen",
    )
    assert [type(result) for result in results] == [AuthenticationError] * 2
    assert paths(renewing) == ["/billing/balance", "/auth/refresh", "/billing/balance"]


def test_a_call_refused_again_after_the_renewal_fails(api, serve):
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
    calls = [
        (lambda c: c.billing.balance(), {"access_token": "a"}),
        (lambda c: c.models.list(), {"api_key": "k", **TOKENS}),
    ]
    for call, options in calls:
        with pytest.raises(AuthenticationError):
            api.run(renewing, call, **options)
    assert len(renewing.requests) == 2
