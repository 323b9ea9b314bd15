import asyncio
import threading
import time

import pytest
from conftest import MESSAGES, SSE, chunk, frame

from ai_aggregator import APIError, APITimeoutError, AsyncAIAggregatorClient, RateLimitError, StreamError


def ask(client, **options):
    return client.chat.completions.create(model="gpt-4", messages=MESSAGES, stream=True, **options)


def text_of(chunks):
    return "".join(piece.choices[0].delta.content for piece in chunks)


def test_chunks_come_in_order(api, serve):
    server = serve(
        lambda exchange: exchange.stream(frame(chunk("Однажды")) + frame(chunk(" в далекой", "stop")) + frame("[DONE]"))
    )
    chunks = api.run(server, ask)
    assert [piece.to_dict() for piece in chunks] == [chunk("Однажды"), chunk(" в далекой", "stop")]
    assert chunks[1].choices[0].finish_reason == "stop"
    assert server.requests[0].body == {"model": "gpt-4", "messages": MESSAGES, "stream": True}
    assert server.requests[0].headers["accept"] == "text/event-stream"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_stream_that_comes_byte_by_byte_is_read_as_a_whole(api, serve, newline):
    first, second = frame(chunk("Ж😀\u2028"))[len("data: ") :].strip("\n").split(', "object"')
    text = (
        f'\ufeff: keep-alive\n\n:\n\nevent: message\nid: 1\nretry: 10\ndata:{first},\ndata: "object"{second}\n\n'
        f": keep-alive\n\n{frame(chunk('ё'))}{frame('[DONE]')}"
    )
    server = serve(lambda exchange: exchange.stream(text.replace("\n", newline), size=1))
    assert text_of(api.run(server, ask)) == "Ж😀\u2028ё"


def test_done_needs_no_empty_line_after_it(api, serve):
    server = serve(lambda exchange: exchange.stream(frame(chunk("a")) + "data: [DONE]"))
    assert text_of(api.run(server, ask)) == "a"


def test_nothing_is_read_after_done_and_the_connection_is_closed(api, serve):
    left = threading.Event()

    def answer(exchange):
        exchange.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        exchange.write((frame(chunk("a")) + frame("[DONE]") + frame(chunk("b"))).encode())
        if exchange.wait_for_disconnect():
            left.set()

    assert text_of(api.run(serve(answer), ask)) == "a"
    assert left.wait(5)


def test_an_error_event_becomes_a_stream_error_after_the_chunks_before_it(api, serve):
    async def read():
        async with api.client(server) as client:
            async for piece in await ask(client):
                received.append(piece)

    received = []
    error = {"error": {"message": "The vendor went away", "type": "upstream_error", "code": "provider_error"}}
    server = serve(lambda exchange: exchange.stream(frame(chunk("a")) + frame(error) + frame("[DONE]")))
    with pytest.raises(StreamError) as caught:
        asyncio.run(read())
    assert text_of(received) == "a"
    failed = caught.value
    assert isinstance(failed, APIError)
    assert (failed.message, failed.error, failed.code) == ("The vendor went away", "upstream_error", "provider_error")
    assert (failed.status, failed.request_id, failed.body) == (None, "req-stream", error)
    assert len(server.requests) == 1


def test_an_error_event_in_the_format_of_the_contract_is_recognised(api, serve):
    body = {"statusCode": 402, "message": "No money", "error": "Payment Required", "path": "/x"}
    with pytest.raises(StreamError, match="No money") as caught:
        api.run(serve(lambda exchange: exchange.stream(frame(body))), ask)
    assert caught.value.error == "Payment Required"


@pytest.mark.parametrize(
    "text", [": nothing\n\n", frame(chunk("a")), frame(chunk("a"))[:40], "<html>Bad gateway</html>"]
)
def test_a_stream_that_ends_before_done_is_an_error(api, serve, text):
    server = serve(lambda exchange: exchange.stream(text))
    with pytest.raises(StreamError, match="ended before"):
        api.run(server, ask)
    assert len(server.requests) == 1


def test_a_chunk_that_is_not_json_is_an_error(api, serve):
    with pytest.raises(StreamError, match="not a JSON object"):
        api.run(serve(lambda exchange: exchange.stream(frame("{oops"))), ask)


def test_a_connection_lost_mid_stream_is_an_error_and_not_retried(api, serve):
    def answer(exchange):
        exchange.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        exchange.write(frame(chunk("a")).encode())
        exchange.reset()

    server = serve(answer)
    with pytest.raises(StreamError, match="connection was lost") as caught:
        api.run(server, ask)
    assert caught.value.__cause__ is not None
    assert len(server.requests) == 1


@pytest.fixture
def waiting(serve):
    """A server that sends two chunks and then waits until the client disconnects."""

    def answer(exchange):
        exchange.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        exchange.write((frame(chunk("a")) + frame(chunk("b"))).encode())
        if exchange.wait_for_disconnect():
            server.left.set()

    server = serve(answer)
    server.left = threading.Event()
    return server


def test_leaving_a_with_block_ends_the_request(api, waiting):
    async def read():
        async with api.client(waiting) as client:
            async with await ask(client) as stream:
                async for piece in stream:
                    assert piece.choices[0].delta.content == "a"
                    break
            assert await asyncio.to_thread(waiting.left.wait, 5)
            assert [piece async for piece in stream] == []

    asyncio.run(read())


def test_close_before_reading_ends_the_request(api, waiting):
    async def read():
        async with api.client(waiting) as client:
            stream = await ask(client)
            await stream.close()
            await stream.close()
            assert await asyncio.to_thread(waiting.left.wait, 5)
            assert [piece async for piece in stream] == []

    asyncio.run(read())


def test_close_in_another_thread_or_task_ends_a_blocked_loop(api, waiting):
    async def read():
        async with api.client(waiting) as client:
            stream = await ask(client)
            received = asyncio.Event()

            async def close():
                await received.wait()
                await stream.close()

            task = asyncio.create_task(close())
            text = ""
            async for piece in stream:
                text += text_of([piece])
                if text == "ab":
                    received.set()
            await task
            assert await asyncio.to_thread(waiting.left.wait, 5)
            return text

    assert asyncio.run(read()) == "ab"


def test_a_cancelled_task_ends_the_request(waiting):
    async def read():
        async with AsyncAIAggregatorClient(base_url=waiting.url) as client:
            received = asyncio.Event()

            async def loop():
                async for piece in await ask(client):
                    if text_of([piece]) == "b":
                        received.set()

            task = asyncio.create_task(loop())
            await received.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(waiting.left.wait, 5)

    asyncio.run(read())


def test_a_silent_stream_times_out(api, waiting):
    with pytest.raises(APITimeoutError):
        api.run(waiting, lambda c: ask(c, timeout=0.1))
    assert waiting.left.wait(5)


@pytest.fixture
def slow(serve, monkeypatch):
    """A server that sends 30 chunks, each when it is `wanted` and after four seconds on a fake clock."""
    ahead, real = 0.0, time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + ahead)

    def answer(exchange):
        nonlocal ahead
        exchange.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        for _ in range(30):
            if not server.wanted.acquire(timeout=5):
                return
            ahead += 4.0
            exchange.write(frame(chunk("a")).encode())
        exchange.write(frame("[DONE]").encode())
        exchange.end()

    server = serve(answer)
    server.wanted = threading.Semaphore(1)
    return server


def test_a_stream_may_take_longer_than_the_time_out_between_chunks(api, slow):
    async def read():
        async with api.client(slow, timeout=10) as client:
            return [slow.wanted.release() async for _ in await ask(client)]

    assert len(asyncio.run(read())) == 30


def test_a_stream_that_has_not_begun_is_retried_like_any_other_call(api, serve):
    def answer(exchange):
        if exchange.before == 0:
            exchange.failure(503, "later", {"Retry-After": "0"})
        else:
            exchange.failure(429, "slowly", {"Retry-After": "61"})

    server = serve(answer)
    with pytest.raises(RateLimitError):
        api.run(server, ask)
    first, second = server.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_a_stream_has_a_request_id_and_a_rate_limit(api, serve):
    async def read():
        async with api.client(server) as client, await ask(client) as stream:
            return stream.response_info

    server = serve(lambda exchange: exchange.stream(frame("[DONE]")))
    info = asyncio.run(read())
    assert (info.request_id, info.rate_limit.limit) == ("req-stream", None)
