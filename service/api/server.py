"""The server process: one event loop, stopped gently by a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from models.errors import KlantstemError
from service.observe.logs import code_places
from service.settings import Settings


class StartError(KlantstemError):
    """The application did not start."""


def open_socket(host: str, port: int) -> socket.socket:
    """Bind to an address; connections are taken once the application has started.

    Raises
    ------
    OSError
        If the address is taken or does not exist.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends small answers at once only on sockets that say they are of TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


class Server(uvicorn.Server):
    """Serves one application until SIGTERM or SIGINT, then finishes what it had accepted.

    SIGHUP loads the bundle again.

    Parameters
    ----------
    app : FastAPI
        From :func:`service.api.app.create_app`.
    settings : Settings
    keep_alive_s : int
        Idle connections are closed after it.
    """

    def __init__(self, app: FastAPI, settings: Settings, *, keep_alive_s: int) -> None:
        self._app = app
        self._settings = settings
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                lifespan="on",
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(settings.shutdown_grace_s)),
                timeout_keep_alive=keep_alive_s,
                ws="none",
            )
        )

    def serve_until_stopped(
        self, sock: socket.socket, greeting: Callable[[str, Settings], str]
    ) -> None:
        """Serve on a bound socket; prints ``greeting`` on stdout once requests are taken.

        Raises
        ------
        StartError
            If the application does not start; the message says why.
        """
        host, port = sock.getsockname()[:2]
        self._greeting = greeting(
            f"http://{f'[{host}]' if ':' in host else host}:{port}", self._settings
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)
        try:
            self.run([sock])
        except SystemExit as stop:
            raise self._start_error() from stop
        except KeyboardInterrupt:  # uvicorn raises the signal again when it has stopped
            structlog.get_logger("service").info("stopped")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell where."""
        await super().startup(sockets)
        if self.started:
            if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
                ask = self._app.state.services.bundles.ask
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, ask)
            sys.stdout.write(self._greeting)
            sys.stdout.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Turn unready at once, so that balancers and streams know before connections close."""
        self._app.state.health.is_stopping = True
        super().handle_exit(sig, frame)

    def _start_error(self) -> StartError:
        error = self._app.state.health.start_error
        if isinstance(error, KlantstemError):
            return StartError(str(error))
        name = "unknown error" if error is None else type(error).__name__
        places = "" if error is None else " at " + ", ".join(code_places(error)[-3:])
        return StartError(f"the service did not start ({name}{places})")


def _is_no_traceback(record: logging.LogRecord) -> bool:
    """Keep out the traceback of a failed start; the command tells the reason in one line."""
    return not record.getMessage().startswith("Traceback")
