"""A server whose responses are written by the test, and both clients behind one interface."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ai_aggregator import AIAggregatorClient, AsyncAIAggregatorClient
from ai_aggregator._sync import resources

SSE = {"Content-Type": "text/event-stream", "X-Request-ID": "req-stream"}


class Exchange:
    """A request, and methods to respond to it."""

    def __init__(self, handler: BaseHTTPRequestHandler, before: int) -> None:
        content = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = json.loads(content) if content else None
        self.before = before
        """Number of earlier requests."""
        self._handler = handler

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        """Sends a chunk."""
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self._handler.wfile.flush()

    def end(self) -> None:
        self._handler.wfile.write(b"0\r\n\r\n")

    def text(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.begin(status, {"Content-Length": str(len(content)), **(headers or {})})
        self._handler.wfile.write(content)

    def json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.text(status, json.dumps(body), {"Content-Type": "application/json", **(headers or {})})

    def failure(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        timestamp = "2023-12-01T12:00:00.000Z"
        body = {"statusCode": status, "message": message, "error": "Failed", "timestamp": timestamp, "path": self.path}
        self.json(status, body, headers)

    def stream(self, text: str, size: int | None = None) -> None:
        """Sends a whole stream in chunks of ``size`` bytes."""
        content = text.encode()
        self.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        for at in range(0, len(content), size or len(content)):
            self.write(content[at : at + (size or len(content))])
        self.end()

    def reset(self) -> None:
        """Drops the connection."""
        self._handler.close_connection = True

    def wait_for_disconnect(self) -> bool:
        """Whether the client closes the connection within five seconds."""
        self._handler.connection.settimeout(5)
        try:
            return self._handler.rfile.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


class Server:
    def __init__(self, answer: Callable[[Exchange], None]) -> None:
        self.requests: list[Exchange] = []
        self.stopping = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def respond(self) -> None:
                exchange = Exchange(self, len(server.requests))
                server.requests.append(exchange)
                answer(exchange)

            do_GET = do_POST = do_PATCH = do_DELETE = respond

            def log_message(self, *args: object) -> None:
                pass

        class Http(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._http = Http(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Exchange], None]], Server]]:
    servers: list[Server] = []

    def start(answer: Callable[[Exchange], None]) -> Server:
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


_THREADS = ThreadPoolExecutor(16)
_END = object()


class Threaded:
    """A synchronous client, resource or stream with the interface of the asynchronous one. Calls run in threads."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not inspect.ismethod(value):
            return Threaded(value) if type(value).__module__ == resources.__name__ else value

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = await _in_thread(value, *args, **kwargs)
            return Threaded(result) if isinstance(result, Iterator) else result

        return call

    async def __aenter__(self) -> Threaded:
        return Threaded(await _in_thread(self._target.__enter__))

    async def __aexit__(self, *exception: Any) -> None:
        await _in_thread(self._target.__exit__, *exception)

    def __aiter__(self) -> Threaded:
        return Threaded(iter(self._target))

    async def __anext__(self) -> Any:
        item = await _in_thread(next, self._target, _END)
        if item is _END:
            raise StopAsyncIteration
        return item


def _in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Awaitable[Any]:
    return asyncio.get_running_loop().run_in_executor(_THREADS, partial(function, *args, **kwargs))


class Api:
    """Either client, with the interface of the asynchronous one."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._client = client

    def client(self, server: Server, **options: Any) -> Any:
        return self._client(base_url=server.url, **options)

    def each(self, server: Server, *calls: Callable[[Any], Any], **options: Any) -> list[Any]:
        """Makes calls in sequence with one client. The result of a call that fails is its error."""

        async def run() -> list[Any]:
            async with self.client(server, **options) as client:
                return [await _result(call, client) for call in calls]

        return asyncio.run(run())

    def run(self, server: Server, call: Callable[[Any], Any], **options: Any) -> Any:
        (result,) = self.each(server, call, **options)
        if isinstance(result, Exception):
            raise result
        return result


async def _result(call: Callable[[Any], Any], client: Any) -> Any:
    try:
        result = call(client)
        if inspect.isawaitable(result):
            result = await result
        return [item async for item in result] if hasattr(result, "__aiter__") else result
    except Exception as error:
        return error


@pytest.fixture(params=["sync", "async"])
def api(request: pytest.FixtureRequest) -> Api:
    if request.param == "async":
        return Api(AsyncAIAggregatorClient)
    return Api(lambda **options: Threaded(AIAggregatorClient(**options)))


MESSAGES = [{"role": "user", "content": "Привет!"}]


def chunk(content: str, finish_reason: str | None = None) -> dict[str, Any]:
    """A chunk of a streamed chat."""
    return {
        "id": "chatcmpl-123",
        "object": "chat.completion.chunk",
        "created": 1677652288,
        "model": "gpt-4",
        "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}],
    }


def frame(value: Any) -> str:
    return f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n\n"
