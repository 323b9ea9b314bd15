"""Tests AI Aggregator with OpenAI's Python client and LangChain: chat completions, streams, tools, structured outputs,
every vendor, models, embeddings, typed exceptions. `official.mjs` does the same with OpenAI's JavaScript client.

    GATEWAY=http://localhost:3000 SANDBOX=http://localhost:8090 .ci/tool --python openai tests/clients/official.py

Registers a company and confirms its email address from the sandbox's mailbox.
"""

import asyncio
import json
import os
import sys

import openai
from gateway import GATEWAY, company
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

MODEL = os.environ.get("MODEL", "gpt-4o-mini")
# One model of each vendor whose protocol is not OpenAI's.
TRANSLATED = {"claude-sonnet-4": "anthropic", "gigachat-2": "gigachat", "yandexgpt": "yandexgpt"}


def client(key, **options):
    return OpenAI(api_key=key, base_url=f"{GATEWAY}/v1", max_retries=0, **options)


HELLO = [{"role": "user", "content": "Привет!"}]


def chats(key):
    answer = client(key).chat.completions.create(model=MODEL, messages=HELLO, temperature=0.7, max_tokens=200)
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop", answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.model_extra["cost"] > 0 and answer.model_extra["provider"] == "openai"


def streams(key):
    create = client(key).chat.completions.create
    with create(model=MODEL, messages=HELLO, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    assert "".join(it.choices[0].delta.content or "" for it in chunks if it.choices)
    assert [it.choices[0].finish_reason for it in chunks if it.choices][-1] == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0, chunks[-1]
    with create(model=MODEL, messages=HELLO, stream=True) as stream:
        assert all(it.choices and it.usage is None for it in stream)
    with client(key).chat.completions.stream(model=MODEL, messages=HELLO) as stream:
        assert stream.get_final_completion().choices[0].message.content


def options(key):
    create = client(key).chat.completions.create
    answer = create(model=MODEL, messages=HELLO, n=2, stop=["локального"], logprobs=True, top_logprobs=2)
    assert len(answer.choices) == 2 and "локального" not in answer.choices[0].message.content
    tokens = answer.choices[0].logprobs.content
    assert "".join(it.token for it in tokens) == answer.choices[0].message.content and tokens[0].logprob <= 0, tokens
    answer = create(model=MODEL, messages=HELLO, response_format={"type": "json_object"}, max_completion_tokens=500)
    assert isinstance(json.loads(answer.choices[0].message.content), dict)
    assert create(model=MODEL, messages=HELLO, max_completion_tokens=3).choices[0].finish_reason == "length"


async def at_once(key):
    async with AsyncOpenAI(api_key=key, base_url=f"{GATEWAY}/v1") as many:
        answers = await asyncio.gather(*(many.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=100) for _ in range(8)))
        assert len({it.id for it in answers}) == 8
        pieces = [it async for it in await many.chat.completions.create(model=MODEL, messages=HELLO, stream=True)]
        assert len(pieces) > 2


def function(name, description):
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": city}}


TOOLS = [function("get_weather", "Погода в городе"), function("local_time", "Который час в городе")]


def results(calls):
    """Tool messages for the calls."""
    text = "{name}: 21 в {city}"
    texts = [text.format(name=it.function.name, **json.loads(it.function.arguments)) for it in calls]
    return [{"role": "tool", "tool_call_id": it.id, "content": text} for it, text in zip(calls, texts)]


def tools(key):
    """Parallel calls of two tools, their results, and the final message; whole and streamed."""
    for model in (MODEL, "claude-sonnet-4"):
        ask = {"model": model, "tools": TOOLS}
        messages = [{"role": "user", "content": "Какая погода в Париже и который час в Риме?"}]
        answer = client(key).chat.completions.create(messages=messages, **ask)
        said = answer.choices[0].message
        assert answer.choices[0].finish_reason == "tool_calls" and said.content is None, answer
        assert [it.function.name for it in said.tool_calls] == ["get_weather", "local_time"], said.tool_calls
        with client(key).chat.completions.stream(messages=messages, **ask) as stream:
            streamed = stream.get_final_completion().choices[0].message
        assert [it.function for it in streamed.tool_calls], streamed
        assert [it.function.arguments for it in streamed.tool_calls] == [it.function.arguments for it in said.tool_calls]
        messages += [said.model_dump(exclude_none=True), *results(said.tool_calls)]
        answer = client(key).chat.completions.create(messages=messages, **ask)
        assert answer.choices[0].finish_reason == "stop" and "local_time: 21" in answer.choices[0].message.content, answer
        alone = client(key).chat.completions.create(messages=messages[:1], parallel_tool_calls=False, **ask)
        assert len(alone.choices[0].message.tool_calls) == 1, alone
    named = {"type": "function", "function": {"name": "local_time"}}
    for choice, called in (("none", []), ("required", ["get_weather"]), (named, ["local_time"])):
        answer = client(key).chat.completions.create(model=MODEL, messages=HELLO, tools=TOOLS, tool_choice=choice)
        assert [it.function.name for it in answer.choices[0].message.tool_calls or []] == called, answer


def vendors(key):
    """Every vendor, whole and streamed; tools without parallel calls; unsupported parameters are rejected."""
    listed = {it.id: it for it in client(key).models.list()}
    assert all(it.model_extra["is_available"] for it in listed.values()), listed
    create = client(key).chat.completions.create
    for model, provider in TRANSLATED.items():
        answer = create(model=model, messages=[{"role": "system", "content": "Отвечай кратко."}, *HELLO], temperature=0.3, max_tokens=300)
        assert answer.model_extra["provider"] == provider and answer.choices[0].finish_reason == "stop", answer
        with create(model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}) as stream:
            chunks = list(stream)
        text = "".join(it.choices[0].delta.content or "" for it in chunks if it.choices)
        assert "песочница" in text and chunks[-1].usage.completion_tokens > 0, chunks
        assert create(model=model, messages=HELLO, max_tokens=3).choices[0].finish_reason == "length"
    messages = [{"role": "user", "content": "Какая погода в Париже?"}]
    said = create(model="gigachat-2", messages=messages, tools=TOOLS).choices[0].message
    assert [it.function.name for it in said.tool_calls] == ["get_weather"], said
    messages += [said.model_dump(exclude_none=True), *results(said.tool_calls)]
    assert "get_weather: 21" in create(model="gigachat-2", messages=messages, tools=TOOLS).choices[0].message.content
    try:
        create(model="yandexgpt", messages=messages[:1], tools=TOOLS)
    except openai.BadRequestError as error:
        assert (error.code, error.param) == ("unsupported_parameter", "tools"), error
    else:
        raise AssertionError("tools for a vendor that has none")


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
    def raises(kind, call, status, code):
        try:
            call()
        except kind as error:
            assert (error.status_code, error.code) == (status, code) and error.message and error.request_id, (error.status_code, error.body)
            return error
        raise AssertionError(f"no {kind.__name__}")

    create = client(key).chat.completions.create
    raises(openai.AuthenticationError, lambda: client("ak_live_wrong").models.list(), 401, "invalid_api_key")
    raises(openai.NotFoundError, lambda: create(model="none", messages=HELLO), 404, "model_not_found")
    raises(openai.NotFoundError, lambda: client(key).models.retrieve("none"), 404, "model_not_found")
    raises(openai.BadRequestError, lambda: create(model=MODEL, messages=HELLO, temperature=5), 400, "invalid_request")
    raises(openai.BadRequestError, lambda: create(model=MODEL, messages=[]), 400, "invalid_request")
    poor = client(company(confirmed=False))
    raises(openai.APIStatusError, lambda: poor.chat.completions.create(model=MODEL, messages=HELLO), 402, "insufficient_funds")
    raises(openai.APIStatusError, lambda: poor.chat.completions.create(model=MODEL, messages=HELLO, stream=True), 402, "insufficient_funds")
    often = raises(openai.RateLimitError, lambda: [poor.models.list() for _ in range(101)], 429, "rate_limit_exceeded")
    assert int(often.response.headers["retry-after"]) > 0


@tool
def get_weather(city: str) -> str:
    """Погода в городе."""
    return f"В городе {city} 21 градус"


def langchain(key):
    for name in (MODEL, "claude-sonnet-4"):
        model = ChatOpenAI(model=name, api_key=key, base_url=f"{GATEWAY}/v1", max_retries=0, stream_usage=True)
        assert model.invoke("Привет!").usage_metadata["output_tokens"] > 0
        pieces = list(model.stream("Привет!"))
        assert "".join(it.content for it in pieces) and any(it.usage_metadata for it in pieces), pieces
        talk = [HumanMessage("Какая погода в Париже?")]
        talk.append(model.bind_tools([get_weather]).invoke(talk))
        talk += [ToolMessage(get_weather.invoke(it["args"]), tool_call_id=it["id"]) for it in talk[-1].tool_calls]
        assert len(talk) == 3 and "21 градус" in model.bind_tools([get_weather]).invoke(talk).content, talk
    model = ChatOpenAI(model=MODEL, api_key=key, base_url=f"{GATEWAY}/v1", max_retries=0)
    assert isinstance(model.with_structured_output(City).invoke("Назови город"), City)
    # Otherwise it counts tokens first, with a table that it downloads.
    options = {"check_embedding_ctx_length": False, "max_retries": 0}
    vectors = OpenAIEmbeddings(model="text-embedding-3-small", api_key=key, base_url=f"{GATEWAY}/v1", **options)
    assert len(vectors.embed_documents(["Осень", "Весна"])[1]) == 1536


def main():
    key = company(confirmed=True)
    for check in (chats, streams, options, tools, vendors, structured, models, embeddings, exceptions, langchain):
        check(key)
        print(f"ok  {check.__name__}")
    asyncio.run(at_once(key))
    print("ok  at_once")


if __name__ == "__main__":
    sys.exit(main())
