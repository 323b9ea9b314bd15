"""A server that answers with what a test says, and both clients behind one face."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ai_aggregator import AIAggregatorClient, AsyncAIAggregatorClient

SSE = {"Content-Type": "text/event-stream", "X-Request-ID": "req-stream"}


class Exchange:
    """A request, and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, before: int) -> None:
        content = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.method = handler.command
        self.path = handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = json.loads(content) if content else None
        self.before = before
        """How many requests came before it."""
        self._handler = handler

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        """Sends bytes as a chunk of their own."""
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
        body = {"statusCode": status, "message": message, "error": "Failed", "timestamp": "2023-12-01T12:00:00.000Z", "path": self.path}
        self.json(status, body, headers)

    def stream(self, text: str, size: int | None = None) -> None:
        """Sends a whole stream, in pieces of a size."""
        content = text.encode()
        self.begin(200, {**SSE, "Transfer-Encoding": "chunked"})
        for at in range(0, len(content), size or len(content)):
            self.write(content[at : at + (size or len(content))])
        self.end()

    def reset(self) -> None:
        """Breaks the connection off."""
        self._handler.close_connection = True

    def wait_until_left(self) -> bool:
        """Whether the client closes the connection within some seconds."""
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

            def answer(self) -> None:
                exchange = Exchange(self, len(server.requests))
                server.requests.append(exchange)
                answer(exchange)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

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


class SyncApi:
    """What a test does with a client, done with the client that waits."""

    def each(self, server: Server, *calls: Callable[[Any], Any], **options: Any) -> list[Any]:
        """Makes calls, one after another, with one client. A call that fails gives its error."""
        with AIAggregatorClient(base_url=server.url, **options) as client:
            return [_result(lambda call=call: self._collect(call(client))) for call in calls]

    def run(self, server: Server, call: Callable[[Any], Any], **options: Any) -> Any:
        (result,) = self.each(server, call, **options)
        if isinstance(result, Exception):
            raise result
        return result

    def _collect(self, result: Any) -> Any:
        return list(result) if isinstance(result, Iterator) else result


class AsyncApi(SyncApi):
    """The same with the client that awaits."""

    def each(self, server: Server, *calls: Callable[[Any], Any], **options: Any) -> list[Any]:
        async def make() -> list[Any]:
            async with AsyncAIAggregatorClient(base_url=server.url, **options) as client:
                results = []
                for call in calls:
                    try:
                        result = call(client)
                        if not hasattr(result, "__aiter__"):
                            result = await result
                        results.append([item async for item in result] if hasattr(result, "__aiter__") else result)
                    except Exception as error:
                        results.append(error)
                return results

        return asyncio.run(make())


def _result(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


@pytest.fixture(params=[SyncApi, AsyncApi], ids=["sync", "async"])
def api(request: pytest.FixtureRequest) -> SyncApi:
    return request.param()


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
