import re
from datetime import date, datetime, timedelta, timezone

import pytest
from conftest import MESSAGES

import ai_aggregator
from ai_aggregator import AIAggregatorClient, types

KEY = "ak_live_1234567890abcdef"
MOSCOW = timezone(timedelta(hours=3))

# Name and call; method, path, body, credentials, and whether it has an `Idempotency-Key`.
CALLS = [
    ("auth.register", lambda c: c.auth.register(email="a@b.c", password="secret", name="Us", description="We"),
     "POST", "/auth/register", {"email": "a@b.c", "password": "secret", "name": "Us", "description": "We"},
     "none", True),
    ("auth.login", lambda c: c.auth.login(email="a@b.c", password="secret"),
     "POST", "/auth/login", {"email": "a@b.c", "password": "secret"}, "none", False),
    ("auth.refresh", lambda c: c.auth.refresh(refresh_token="r"),
     "POST", "/auth/refresh", {"refreshToken": "r"}, "none", False),
    ("api_keys.create", lambda c: c.api_keys.create(name="Production", permissions=("chat", "billing")),
     "POST", "/auth/api-keys", {"name": "Production", "permissions": ["chat", "billing"]}, "token", True),
    ("api_keys.list", lambda c: c.api_keys.list(),
     "GET", "/auth/api-keys", None, "token", False),
    ("api_keys.revoke", lambda c: c.api_keys.revoke("a/b c"),
     "DELETE", "/auth/api-keys/a%2Fb%20c", None, "token", False),
    ("chat.completions.create",
     lambda c: c.chat.completions.create(model="gpt-4", messages=MESSAGES, temperature=0.7, max_tokens=9, stream=False),
     "POST", "/chat/completions",
     {"model": "gpt-4", "messages": MESSAGES, "temperature": 0.7, "max_tokens": 9, "stream": False}, "key", True),
    ("embeddings.create",
     lambda c: c.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=2),
     "POST", "/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 2}, "key", True),
    ("models.list", lambda c: c.models.list(),
     "GET", "/models", None, "key", False),
    ("billing.balance", lambda c: c.billing.balance(),
     "GET", "/billing/balance", None, "token", False),
    ("billing.transactions", lambda c: c.billing.transactions(),
     "GET", "/billing/transactions", None, "token", False),
    ("billing.transactions, filtered",
     lambda c: c.billing.transactions(
         page=2, limit=50, start_date=datetime(2023, 12, 1, 3, tzinfo=MOSCOW), end_date="2023-12-31T23:59:59+03:00",
         type="DEBIT"),
     "GET", "/billing/transactions?page=2&limit=50&startDate=2023-12-01T00%3A00%3A00Z"
            "&endDate=2023-12-31T23%3A59%3A59%2B03%3A00&type=DEBIT", None, "token", False),
    ("billing.deposit", lambda c: c.billing.deposit(amount=50.0, currency="USD", payment_method="card"),
     "POST", "/billing/deposit", {"amount": 50.0, "currency": "USD", "paymentMethod": "card"}, "token", True),
    ("payments.create", lambda c: c.payments.create(amount=1000, currency="RUB", description="Пополнение баланса"),
     "POST", "/payments", {"amount": 1000, "currency": "RUB", "description": "Пополнение баланса"}, "token", True),
    ("payments.retrieve", lambda c: c.payments.retrieve("payment-uuid"),
     "GET", "/payments/payment-uuid", None, "token", False),
    ("payments.list", lambda c: c.payments.list(page=1, limit=5, status="succeeded"),
     "GET", "/payments?page=1&limit=5&status=succeeded", None, "token", False),
    ("analytics.usage",
     lambda c: c.analytics.usage(
         start_date=date(2023, 12, 1), end_date="2023-12-31", group_by="day", provider="openai", model="gpt-4"),
     "GET", "/analytics/usage?startDate=2023-12-01&endDate=2023-12-31&groupBy=day&provider=openai&model=gpt-4",
     None, "token", False),
    ("webhooks.create",
     lambda c: c.webhooks.create(url="https://us.example/hook", events=["payment.succeeded"], secret="s"),
     "POST", "/webhooks", {"url": "https://us.example/hook", "events": ["payment.succeeded"], "secret": "s"},
     "token", True),
    ("webhooks.list", lambda c: c.webhooks.list(),
     "GET", "/webhooks", None, "token", False),
    ("webhooks.retrieve", lambda c: c.webhooks.retrieve("w"),
     "GET", "/webhooks/w", None, "token", False),
    ("webhooks.update", lambda c: c.webhooks.update("w", is_active=False),
     "PATCH", "/webhooks/w", {"isActive": False}, "token", False),
    ("webhooks.delete", lambda c: c.webhooks.delete("w"),
     "DELETE", "/webhooks/w", None, "token", False),
    ("webhooks.test", lambda c: c.webhooks.test("w"),
     "POST", "/webhooks/w/test", None, "token", True),
    ("webhooks.deliveries", lambda c: c.webhooks.deliveries("w", limit=5, cursor="d"),
     "GET", "/webhooks/w/deliveries?limit=5&cursor=d", None, "token", False),
    ("webhooks.replay", lambda c: c.webhooks.replay("w", "d"),
     "POST", "/webhooks/w/deliveries/d/replay", None, "token", True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "path", "body", "credentials", "creates"),
    [row[1:] for row in CALLS],
    ids=[row[0] for row in CALLS],
)
def test_a_call_makes_this_request(api, serve, call, method, path, body, credentials, creates):
    server = serve(
        lambda exchange: (
            exchange.text(204, "") if method == "DELETE" else exchange.json(200, {"id": "x", "fresh": {"unknown": 1}})
        )
    )

    result = api.run(server, call, api_key=KEY, access_token="token", headers={"X-Ours": "1"})

    if method == "DELETE":
        assert result is None
    else:
        assert result.to_dict() == {"id": "x", "fresh": {"unknown": 1}}
    (request,) = server.requests
    assert request.method == method
    assert request.path == f"/api/v1{path}"
    assert request.body == body
    assert request.headers.get("content-type") == ("application/json" if body else None)
    assert request.headers.get("x-api-key") == (KEY if credentials == "key" else None)
    assert request.headers.get("authorization") == ("Bearer token" if credentials == "token" else None)
    assert bool(re.fullmatch("[0-9a-f]{32}", request.headers.get("idempotency-key", ""))) is creates
    assert request.headers["user-agent"] == f"ai-aggregator-python/{ai_aggregator.__version__}"
    assert request.headers["x-ours"] == "1"


def test_either_credential_works_for_all_endpoints(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}))
    api.run(server, lambda c: c.billing.balance(), api_key=KEY)
    api.run(server, lambda c: c.models.list(), access_token="token")
    assert server.requests[0].headers["x-api-key"] == KEY
    assert server.requests[1].headers["authorization"] == "Bearer token"


def test_a_chat_comes_as_the_contract_shows_it(api, serve):
    body = {
        "id": "chatcmpl-123",
        "object": "chat.completion",
        "created": 1677652288,
        "model": "gpt-4",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Привет!"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 15, "total_tokens": 25, "details": {"cachedTokens": 3}},
        "cost": 0.00125,
        "provider": "openai",
        "systemFingerprint": "fp",
    }
    server = serve(lambda exchange: exchange.json(200, body))

    response = api.run(server, lambda c: c.chat.completions.create(model="gpt-4", messages=MESSAGES))

    assert response.choices[0].message.content == "Привет!"
    assert response.choices[0].message.tool_calls is None
    assert response.usage.total_tokens == 25
    assert (response.cost, response.provider) == (0.00125, "openai")
    assert response.systemFingerprint == "fp"
    assert response.extra == {"systemFingerprint": "fp"}
    assert response.usage.extra == {"details": {"cachedTokens": 3}}
    assert response.to_dict() == body
    assert response == types.ChatCompletion(body)
    assert repr(response.usage).startswith("Usage(prompt_tokens=10, ")
    with pytest.raises(AttributeError, match="no field 'costs'"):
        response.costs


def test_camel_case_fields_become_snake_case_attributes(api, serve):
    server = serve(lambda exchange: exchange.json(201, {
        "accessToken": "a", "refreshToken": "r", "tokenType": "Bearer", "expiresIn": 3600,
        "company": {"id": "1", "email": "a@b.c", "name": "Us", "role": "company", "isVerified": False},
    }))  # fmt: skip
    session = api.run(server, lambda c: c.auth.login(email="a@b.c", password="secret"))
    assert (session.access_token, session.refresh_token, session.expires_in) == ("a", "r", 3600)
    assert session.company.is_verified is False
    assert session.extra == {}


def test_tool_calls_are_read_and_a_message_can_be_sent_back(api, serve):
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}, "vendorField": 1}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    server = serve(
        lambda exchange: exchange.json(
            200, {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
        )
    )

    response = api.run(server, lambda c: c.chat.completions.create(model="gpt-4", messages=MESSAGES))
    answer = response.choices[0].message
    assert answer.tool_calls[0].function.name == "weather"

    result = {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "{}"}
    api.run(server, lambda c: c.chat.completions.create(model="gpt-4", messages=iter([*MESSAGES, answer, result])))
    assert server.requests[1].body["messages"] == [*MESSAGES, message, result]


def test_iterating_fetches_all_pages(api, serve):
    def answer(exchange):
        page = int(re.search(r"page=(\d+)", exchange.path)[1])
        exchange.json(
            200,
            {
                "data": [{"id": f"{page}a"}, {"id": f"{page}b"}],
                "pagination": {"page": page, "limit": 2, "total": 6, "totalPages": 3},
            },
        )

    server = serve(answer)
    transactions = api.run(server, lambda c: c.billing.iter_transactions(limit=2, type="DEBIT"))
    assert [transaction.id for transaction in transactions] == ["1a", "1b", "2a", "2b", "3a", "3b"]
    assert [request.path.partition("?")[2] for request in server.requests] == [
        f"page={page}&limit=2&type=DEBIT" for page in (1, 2, 3)
    ]

    payments = api.run(server, lambda c: c.payments.iter(page=3))
    assert [payment.id for payment in payments] == ["3a", "3b"]


def test_iterating_over_an_empty_list_ends(api, serve):
    server = serve(
        lambda exchange: exchange.json(
            200, {"data": [], "pagination": {"page": 1, "limit": 20, "total": 0, "totalPages": 0}}
        )
    )
    assert api.run(server, lambda c: c.billing.iter_transactions()) == []
    assert len(server.requests) == 1


def test_a_result_has_a_request_id_and_a_rate_limit(api, serve):
    headers = {
        "X-Request-ID": "req-1",
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "95",
        "X-RateLimit-Reset": "1640995200",
    }
    server = serve(lambda exchange: exchange.json(200, {"data": [{"id": "gpt-4"}]}, headers))

    models = api.run(server, lambda c: c.models.list())

    assert models.response_info.status == 200
    assert models.response_info.request_id == "req-1"
    assert models.response_info.rate_limit == ai_aggregator.RateLimit(limit=100, remaining=95, reset=1640995200)
    assert models.to_dict() == {"data": [{"id": "gpt-4"}]}
    with pytest.raises(AttributeError):
        models.data[0].response_info


def test_absent_fields_and_headers_are_none(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}))
    models = api.run(server, lambda c: c.models.list())
    assert models.data is None
    assert models.response_info.request_id is None
    assert models.response_info.rate_limit == ai_aggregator.RateLimit(None, None, None)


def test_headers_of_a_call_take_precedence_over_those_of_the_client(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}))
    headers = {"x-two": "2", "X-Request-ID": "mine", "authorization": "Bearer other"}
    api.run(server, lambda c: c.models.list(headers=headers), api_key=KEY, headers={"X-One": "1", "X-Two": "1"})
    sent = server.requests[0].headers
    assert (sent["x-one"], sent["x-two"], sent["x-request-id"], sent["authorization"]) == (
        "1",
        "2",
        "mine",
        "Bearer other",
    )
    assert "x-api-key" not in sent


def test_extra_body_adds_undeclared_fields(api, serve):
    server = serve(lambda exchange: exchange.json(200, {}))
    api.run(
        server, lambda c: c.chat.completions.create(model="m", messages=MESSAGES, extra_body={"top_k": 5}, timeout=5)
    )
    assert server.requests[0].body == {"model": "m", "messages": MESSAGES, "top_k": 5}


def test_ids_that_would_change_the_path_are_rejected():
    client = AIAggregatorClient()
    for id_ in ("", ".", ".."):
        with pytest.raises(ValueError, match="not an id"):
            client.payments.retrieve(id_)
    client.close()


def test_printing_a_client_shows_no_credentials():
    client = AIAggregatorClient(api_key=KEY)
    assert KEY not in repr(client) + repr(client.chat) + str(client)
    client.close()
