"""The way from a plain address of this machine to the stack's front door.

On AWS a client resolves the name of the distribution and speaks TLS to CloudFront. The emulator has no names: it looks at the `Host` of a
request. This door adds it, and the TLS. What comes here goes through the emulator's CloudFront, with the product's own function in it, except
for WebSockets, which that one does not take: their requests are rewritten as the product's function does it.
"""

import asyncio
import ssl
import threading
import urllib.parse


class FrontDoor:
    """Serves in a thread of its own until `stop`."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.distribution = None
        self.socket_api = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        self.tls = ssl.create_default_context(cafile=emulator.roots)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def lead_to(self, distribution, socket_api):
        """Opens the door: to this distribution, and for WebSockets to this API."""
        self.distribution, self.socket_api = distribution, socket_api

    def stop(self):
        self._run(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def _end(self):
        self.server.close()
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    def _rewritten(self, head):
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ")
        host = self.distribution
        fields = [line for line in lines[1:] if line and line.split(":")[0].lower() not in ("host", "connection")]
        if target.startswith("/ws/"):
            path, _, query = target.partition("?")
            target = "/live?path=" + urllib.parse.quote(path, safe="") + (f"&{query}" if query else "")
            host = f"{self.socket_api}.execute-api.localhost:{self.emulator.port}"
            fields.append("Connection: Upgrade")
        else:
            fields.append("Connection: close")
        return "\r\n".join([f"{method} {target} {version}", f"Host: {host}", *fields, "", ""]).encode("latin-1")

    async def _serve(self, reader, writer):
        upstream, pumps = None, []
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            port = self.emulator.port
            answers, upstream = await asyncio.open_connection("127.0.0.1", port, ssl=self.tls, server_hostname="localhost")
            upstream.write(self._rewritten(head))
            pumps = [asyncio.ensure_future(pump(reader, upstream)), asyncio.ensure_future(pump(answers, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.IncompleteReadError):
            # Whoever asked sees a connection that ends.
            pass
        finally:
            for one in pumps:
                one.cancel()
            for end in (writer, upstream):
                if end is not None:
                    end.close()


async def pump(source, target):
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
