"""What is repeated, when, and with which key."""

import time
from email.utils import formatdate

import pytest
from conftest import MESSAGES

from ai_aggregator import APIError, RateLimitError

NOW = {"Retry-After": "0"}


@pytest.fixture
def answering(serve):
    """A server that gives answers one after another, and then succeeds."""

    def start(*answers):
        def answer(exchange):
            server.times.append(time.monotonic())
            if exchange.before >= len(answers):
                exchange.json(200, {"id": "x"})
            elif answers[exchange.before] == "reset":
                exchange.reset()
            else:
                status, headers = answers[exchange.before]
                exchange.failure(status, "failed", headers)

        server = serve(answer)
        server.times = []
        return server

    return start


@pytest.mark.parametrize(
    ("status", "headers", "repeated"),
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
def test_only_what_may_pass_is_repeated(api, answering, status, headers, repeated):
    server = answering((status, headers))
    (result,) = api.each(server, lambda c: c.models.list(), api_key="k")
    assert isinstance(result, APIError) is not repeated
    assert len(server.requests) == (2 if repeated else 1)


def test_a_call_that_charges_keeps_its_idempotency_key_through_all_attempts(api, answering):
    def chat(client):
        return client.chat.completions.create(model="gpt-4", messages=MESSAGES)

    server = answering((500, NOW), "reset")
    api.each(server, chat, chat)
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(keys) == 4
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert server.requests[0].body == server.requests[2].body


def test_the_callers_idempotency_key_is_used(api, answering):
    server = answering((500, NOW))
    api.run(server, lambda c: c.payments.create(amount=1, currency="RUB", idempotency_key="order-1"))
    assert [request.headers["idempotency-key"] for request in server.requests] == ["order-1", "order-1"]


@pytest.mark.parametrize(("options", "attempts"), [({}, 3), ({"max_retries": 0}, 1), ({"max_retries": 3}, 4)])
def test_after_two_retries_a_call_fails_unless_it_was_told_otherwise(api, answering, options, attempts):
    server = answering(*[(500, NOW)] * 10)
    with pytest.raises(APIError):
        api.run(server, lambda c: c.models.list(**options))
    assert len(server.requests) == attempts


def test_connections_that_are_lost_are_repeated(api, answering):
    server = answering("reset", "reset")
    api.run(server, lambda c: c.models.list())
    assert len(server.requests) == 3


def test_time_outs_are_repeated(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}) if exchange.before else server.stopping.wait(5))
    api.run(server, lambda c: c.models.list(), timeout=0.3)
    assert len(server.requests) == 2


def test_without_retry_after_the_wait_grows(api, answering):
    server = answering((500, {}), (500, {}))
    api.run(server, lambda c: c.models.list())
    first, second = (later - earlier for earlier, later in zip(server.times, server.times[1:]))
    assert 0.37 <= first < 0.9
    assert 0.74 <= second < 1.5


def test_retry_after_in_seconds_is_waited_for(api, answering):
    server = answering((429, {"Retry-After": "1"}))
    api.run(server, lambda c: c.models.list())
    assert server.times[1] - server.times[0] >= 0.99


def test_retry_after_as_a_date_is_waited_for(api, answering):
    then = int(time.time()) + 2
    server = answering((503, {"Retry-After": formatdate(then, usegmt=True)}))
    api.run(server, lambda c: c.models.list())
    assert time.time() >= then - 0.01
    assert len(server.requests) == 2


def test_a_wait_of_more_than_a_minute_is_left_to_the_caller(api, answering):
    server = answering((429, {"Retry-After": "61"}))
    with pytest.raises(RateLimitError) as caught:
        api.run(server, lambda c: c.models.list())
    assert caught.value.retry_after == 61
    assert len(server.requests) == 1
