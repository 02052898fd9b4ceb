"""A real server on loopback, in a thread of the test."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from fastapi import FastAPI

from service.api.server import Server, open_socket
from tests.service.api_app import without_jobs


@contextmanager
def running_server(app: FastAPI, *, has_jobs: bool = False) -> Iterator[str]:
    """Serve an application; gives its address."""
    server = ThreadedServer(app)
    with server.running(has_jobs=has_jobs):
        yield server.url


class ThreadedServer:
    """A server that a test stops as a signal would."""

    def __init__(self, app: FastAPI) -> None:
        self._server = Server(app, app.state.settings, keep_alive_s=5)
        self._sock = open_socket("127.0.0.1", 0)
        self.port: int = self._sock.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @contextmanager
    def running(self, *, has_jobs: bool = False) -> Iterator[None]:
        """Serve until the end of the block, or until :meth:`terminate`."""
        with nullcontext() if has_jobs else without_jobs():
            self._thread.start()
            assert self._is_up.wait(60)
        try:
            yield
        finally:
            self.terminate()
            self.join()

    def terminate(self) -> None:
        """What SIGTERM does."""
        self._server.handle_exit(signal.SIGTERM, None)

    def join(self) -> None:
        """Wait until the server has stopped."""
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._sock.close()

    def _serve(self) -> None:
        startup = self._server.startup

        async def tell(sockets: object = None) -> None:
            await startup(sockets)  # type: ignore[arg-type]
            self._is_up.set()

        self._server.startup = tell  # type: ignore[method-assign]
        self._server.serve_until_stopped(self._sock, lambda *_: "")
