import time
from email.utils import formatdate
from types import SimpleNamespace

import pytest
from conftest import MESSAGES

from ai_aggregator import APIError, RateLimitError

NOW = {"Retry-After": "0"}


@pytest.fixture(autouse=True)
def delays(monkeypatch):
    """Seconds between attempts, which pass at once."""
    delays = []

    async def sleep(delay):
        delays.append(delay)

    monkeypatch.setattr("ai_aggregator._async.core.asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr("ai_aggregator._sync.core.time", SimpleNamespace(sleep=delays.append))
    return delays


@pytest.fixture
def failing(serve):
    """A server that fails in the given ways, one after another, and then succeeds."""

    def start(*failures):
        def answer(exchange):
            if exchange.before >= len(failures):
                exchange.json(200, {"id": "x"})
            elif failures[exchange.before] == "reset":
                exchange.reset()
            else:
                status, headers = failures[exchange.before]
                exchange.failure(status, "failed", headers)

        return serve(answer)

    return start


@pytest.mark.parametrize(
    ("status", "headers", "retried"),
    [
        (400, NOW, False),
        (401, NOW, False),
        (402, NOW, False),
        (404, NOW, False),
        (408, NOW, True),
        (409, {}, False),
        (409, NOW, True),
        (422, NOW, False),
        (429, NOW, True),
        (500, NOW, True),
        (502, NOW, True),
        (503, NOW, True),
        (504, NOW, True),
    ],
)
def test_only_transient_failures_are_retried(api, failing, status, headers, retried):
    server = failing((status, headers))
    (result,) = api.each(server, lambda c: c.models.list(), api_key="k")
    assert isinstance(result, APIError) is not retried
    assert len(server.requests) == (2 if retried else 1)


def test_all_attempts_of_a_call_have_the_same_idempotency_key(api, failing):
    def chat(client):
        return client.chat.completions.create(model="gpt-4", messages=MESSAGES)

    server = failing((500, NOW), "reset")
    api.each(server, chat, chat)
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(keys) == 4
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert server.requests[0].body == server.requests[2].body


def test_the_callers_idempotency_key_is_used(api, failing):
    server = failing((500, NOW))
    api.run(server, lambda c: c.payments.create(amount=1, currency="RUB", idempotency_key="order-1"))
    assert [request.headers["idempotency-key"] for request in server.requests] == ["order-1", "order-1"]


@pytest.mark.parametrize(("options", "attempts"), [({}, 3), ({"max_retries": 0}, 1), ({"max_retries": 3}, 4)])
def test_a_call_fails_after_max_retries(api, failing, options, attempts):
    server = failing(*[(500, NOW)] * 10)
    with pytest.raises(APIError):
        api.run(server, lambda c: c.models.list(**options))
    assert len(server.requests) == attempts


def test_lost_connections_are_retried(api, failing):
    server = failing("reset", "reset")
    api.run(server, lambda c: c.models.list())
    assert len(server.requests) == 3


def test_time_outs_are_retried(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}) if exchange.before else server.stopping.wait(5))
    api.run(server, lambda c: c.models.list(), timeout=0.3)
    assert len(server.requests) == 2


def test_without_retry_after_the_delay_doubles_with_jitter(api, failing, delays):
    server = failing(*[(500, {})] * 7)
    api.run(server, lambda c: c.models.list(), max_retries=7)
    for delay, longest in zip(delays, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert 0.75 * longest <= delay <= longest


def test_retry_after_in_seconds_is_waited_for(api, failing, delays):
    api.run(failing((429, {"Retry-After": "1"})), lambda c: c.models.list())
    assert delays == [1]


def test_retry_after_as_a_date_is_waited_for(api, failing, delays):
    before = time.time()
    then = int(before) + 30
    api.run(failing((503, {"Retry-After": formatdate(then, usegmt=True)})), lambda c: c.models.list())
    assert then - time.time() <= delays[0] <= then - before


def test_a_retry_after_of_more_than_a_minute_is_not_waited_for(api, failing):
    server = failing((429, {"Retry-After": "61"}))
    with pytest.raises(RateLimitError) as caught:
        api.run(server, lambda c: c.models.list())
    assert caught.value.retry_after == 61
    assert len(server.requests) == 1
