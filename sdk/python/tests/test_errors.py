import socket

import pytest

import ai_aggregator
from ai_aggregator import AIAggregatorClient, APIConnectionError, APIError, APITimeoutError, InternalServerError

NO_RETRIES = {"max_retries": 0}


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (402, "InsufficientFundsError"),
        (403, "PermissionDeniedError"),
        (404, "NotFoundError"),
        (405, "APIError"),
        (409, "ConflictError"),
        (422, "UnprocessableEntityError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "InternalServerError"),
    ],
)
def test_each_status_has_its_error(api, serve, status, name):
    body = {
        "statusCode": status,
        "message": "Validation failed",
        "error": "Bad Request",
        "details": [{"field": "email", "message": "Invalid email format"}],
        "timestamp": "2023-12-01T12:00:00.000Z",
        "path": "/api/v1/auth/register",
    }
    server = serve(lambda exchange: exchange.json(status, body, {"X-Request-ID": "req-7", "Retry-After": "61"}))
    with pytest.raises(APIError) as caught:
        api.run(server, lambda c: c.models.list(), **NO_RETRIES)
    error = caught.value
    assert type(error) is getattr(ai_aggregator, name)
    assert str(error) == error.message == "Validation failed"
    assert (error.status, error.error, error.details) == (status, body["error"], body["details"])
    assert (error.timestamp, error.path, error.body) == (body["timestamp"], body["path"], body)
    assert (error.request_id, error.retry_after, error.headers["x-request-id"]) == ("req-7", 61, "req-7")


@pytest.mark.parametrize(
    ("text", "message", "body"),
    [
        ("<h1>502 Bad Gateway</h1>", "The server answered 502 Bad Gateway.", "<h1>502 Bad Gateway</h1>"),
        ("", "The server answered 502 Bad Gateway.", None),
        ("null", "The server answered 502 Bad Gateway.", None),
        (
            '{"error":{"message":"No","type":"server_error","code":"x"}}',
            "No",
            {"error": {"message": "No", "type": "server_error", "code": "x"}},
        ),
        ('{"error":"No"}', "No", {"error": "No"}),
        ('{"message":["a","b"]}', "a; b", {"message": ["a", "b"]}),
    ],
)
def test_other_error_bodies_are_read(api, serve, text, message, body):
    with pytest.raises(InternalServerError) as caught:
        api.run(serve(lambda exchange: exchange.text(502, text)), lambda c: c.models.list(), **NO_RETRIES)
    assert caught.value.message == message
    assert caught.value.body == body


@pytest.mark.parametrize("text", ["<html>", "", "[]"])
def test_a_success_that_is_no_object_is_an_error_and_not_retried(api, serve, text):
    server = serve(lambda exchange: exchange.text(200, text))
    with pytest.raises(APIError, match="not a JSON object") as caught:
        api.run(server, lambda c: c.models.list())
    assert (caught.value.status, caught.value.body) == (200, text)
    assert len(server.requests) == 1


def test_redirects_are_not_followed(api, serve):
    server = serve(lambda exchange: exchange.text(307, "", {"Location": "/elsewhere"}))
    with pytest.raises(APIError, match="redirect") as caught:
        api.run(server, lambda c: c.models.list(), api_key="k")
    assert caught.value.status == 307
    assert len(server.requests) == 1


def test_a_refused_connection_is_a_connection_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with AIAggregatorClient(base_url=f"http://127.0.0.1:{port}", max_retries=0) as client:
        with pytest.raises(APIConnectionError, match="refused") as caught:
            client.models.list()
    assert isinstance(caught.value, APIError)
    assert caught.value.__cause__ is not None
    assert caught.value.status is None


def test_a_truncated_response_is_a_connection_error(api, serve):
    def answer(exchange):
        exchange.begin(200, {"Content-Length": "100"})
        exchange.reset()

    with pytest.raises(APIConnectionError):
        api.run(serve(answer), lambda c: c.models.list(), **NO_RETRIES)


def test_a_late_response_is_a_time_out(api, serve):
    server = serve(lambda exchange: server.stopping.wait(5))
    with pytest.raises(APITimeoutError) as caught:
        api.run(server, lambda c: c.models.list(timeout=0.1), **NO_RETRIES)
    assert isinstance(caught.value, APIConnectionError)
