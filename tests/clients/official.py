"""OpenAI's own client and LangChain's, pointed at AI Aggregator: chats, streams, structured answers, models, embeddings, typed exceptions.

    GATEWAY=http://localhost:3000 SANDBOX=http://localhost:8090 .ci/tool --python openai tests/clients/official.py

Opens a company of its own and confirms its address from the sandbox's mailbox.
"""

import asyncio
import json
import os
import re
import sys
import time
import urllib.request

import openai
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

GATEWAY, SANDBOX = os.environ["GATEWAY"], os.environ["SANDBOX"]
MODEL = os.environ.get("MODEL", "gpt-4o-mini")


def post(path, body, token=None):
    request = urllib.request.Request(f"{GATEWAY}{path}", json.dumps(body).encode(), {"content-type": "application/json"})
    if token:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def company(confirmed):
    """The API key of a new company, which has its welcome balance if its address is confirmed."""
    email = f"clients-{time.time_ns()}@example.com"
    token = post("/api/v1/auth/register", {"email": email, "password": "securepassword123"})["accessToken"]
    if confirmed:
        with urllib.request.urlopen(f"{SANDBOX}/mailbox/letters.json", timeout=30) as letters:
            letter = next(it for it in json.load(letters) if email in json.dumps(it))
        path = re.search(r"/api/v1/auth/verify-email\?token=[\w-]+", json.dumps(letter, ensure_ascii=False)).group(0)
        urllib.request.urlopen(f"{GATEWAY}{path}", timeout=30).read()
    return post("/api/v1/auth/api-keys", {"name": "clients", "permissions": ["chat"]}, token)["key"]


def client(key, **options):
    return OpenAI(api_key=key, base_url=f"{GATEWAY}/v1", max_retries=0, **options)


HELLO = [{"role": "user", "content": "Привет!"}]


def chats(key):
    answer = client(key).chat.completions.create(model=MODEL, messages=HELLO, temperature=0.7, max_tokens=200)
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop", answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.model_extra["cost"] > 0 and answer.model_extra["provider"] == "openai"


def streams(key):
    with client(key).chat.completions.create(model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    assert "".join(it.choices[0].delta.content or "" for it in chunks if it.choices)
    assert [it.choices[0].finish_reason for it in chunks if it.choices][-1] == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0, chunks[-1]
    with client(key).chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        assert stream.get_final_completion().choices[0].message.content


async def at_once(key):
    async with AsyncOpenAI(api_key=key, base_url=f"{GATEWAY}/v1") as many:
        answers = await asyncio.gather(*(many.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=100) for _ in range(8)))
        assert len({it.id for it in answers}) == 8
        pieces = [it async for it in await many.chat.completions.create(model=MODEL, messages=HELLO, stream=True)]
        assert len(pieces) > 2


class City(BaseModel):
    name: str
    population: int


def structured(key):
    parsed = client(key).chat.completions.parse(model=MODEL, messages=[{"role": "user", "content": "Назови город"}], response_format=City)
    assert isinstance(parsed.choices[0].message.parsed, City), parsed


def models(key):
    listed = list(client(key).models.list())
    assert {it.object for it in listed} == {"model"} and MODEL in {it.id for it in listed}
    assert client(key).models.retrieve(MODEL).id == MODEL


def embeddings(key):
    def near(texts):
        made = client(key).embeddings.create(model="text-embedding-3-small", input=texts, dimensions=256)
        assert made.usage.total_tokens > 0 and [it.index for it in made.data] == [0, 1]
        return sum(a * b for a, b in zip(*(it.embedding for it in made.data)))

    assert near(["Осень в городе", "Город осенью"]) > near(["Осень в городе", "Курс валют"])


def exceptions(key):
    def raises(kind, call, code):
        try:
            call()
        except kind as error:
            assert error.code == code and error.message and error.request_id, (error.code, error.message)
        else:
            raise AssertionError(f"no {kind.__name__}")

    create = client(key).chat.completions.create
    raises(openai.AuthenticationError, lambda: client("ak_live_wrong").models.list(), "invalid_api_key")
    raises(openai.NotFoundError, lambda: create(model="none", messages=HELLO), "model_not_found")
    raises(openai.BadRequestError, lambda: create(model=MODEL, messages=HELLO, temperature=5), "invalid_request")
    raises(openai.BadRequestError, lambda: create(model=MODEL, messages=[]), "invalid_request")
    poor = client(company(confirmed=False)).chat.completions.create
    raises(openai.APIStatusError, lambda: poor(model=MODEL, messages=HELLO), "insufficient_funds")


def langchain(key):
    model = ChatOpenAI(model=MODEL, api_key=key, base_url=f"{GATEWAY}/v1", max_retries=0)
    assert model.invoke("Привет!").content
    assert "".join(it.content for it in model.stream("Привет!"))


def main():
    key = company(confirmed=True)
    for check in (chats, streams, structured, models, embeddings, exceptions, langchain):
        check(key)
        print(f"ok  {check.__name__}")
    asyncio.run(at_once(key))
    print("ok  at_once")


if __name__ == "__main__":
    sys.exit(main())
