"""Who calls, what the key may do, and how often."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from limits import RateLimitItemPerMinute
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.concurrency import run_in_threadpool

from service.api.problems import Code, ProblemError
from service.settings import SettingsError
from service.store.keys import ApiKey, Scope, find_key, split_key
from service.store.store import Store
from service.store.subjects import subject_hash

KEY_CACHE_S = 5.0
"""How long a key that was looked up is trusted: a revoked one works this much longer."""
_MAX_CACHED = 10_000
_REALM = 'Bearer realm="klantstem"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The tenant and key of a request; ``rate_limit`` is in calls per minute."""

    tenant_id: str
    tenant_name: str
    key_id: str
    scopes: frozenset[Scope]
    rate_limit: int
    salt: bytes = field(repr=False)

    def subject_hash(self, subject_id: str) -> str:
        """Hash a subject's (or annotator's) id with the salt of the tenant."""
        return subject_hash(self.salt, subject_id)


class Authenticator:
    """Checks keys and counts their calls; one per application.

    Parameters
    ----------
    store : Store
    rate_limit_per_minute : int
        Calls of a key that has no limit of its own.
    storage : str
        Where calls are counted: ``memory://`` counts per process, ``redis://host`` for replicas.
    key_cache_s : float, default=5.0

    Raises
    ------
    SettingsError
        If ``storage`` cannot be used.
    """

    def __init__(
        self,
        store: Store,
        *,
        rate_limit_per_minute: int,
        storage: str = "memory://",
        key_cache_s: float = KEY_CACHE_S,
    ) -> None:
        self._store = store
        self._default_limit = rate_limit_per_minute
        self._cache_s = key_cache_s
        self._cached: dict[str, tuple[float, ApiKey | None]] = {}
        self._is_local = storage.startswith("memory:")
        try:
            self._limiter = SlidingWindowCounterRateLimiter(storage_from_string(storage))
        except (ConfigurationError, NotImplementedError) as error:
            raise SettingsError(
                "KLANTSTEM_RATE_LIMIT_STORAGE cannot be used; memory:// or redis://host, "
                "the latter with the package redis"
            ) from error

    async def authenticate(self, token: str | None) -> Caller:
        """Tell whose key it is.

        Raises
        ------
        ProblemError
            401 for a missing, unknown, revoked or expired key.
        """
        if not token:
            raise _unauthenticated(
                "send an API key: 'Authorization: Bearer kst_...' or 'X-API-Key: kst_...'", _REALM
            )
        parts = split_key(token)
        key = None if parts is None else await self._find(parts[0])
        if parts is None or key is None or not key.has_secret(parts[1]):
            raise _unauthenticated("the API key is not known", f'{_REALM}, error="invalid_token"')
        if not key.is_valid(datetime.now(UTC)):
            raise _unauthenticated(
                "the API key was revoked or has expired", f'{_REALM}, error="invalid_token"'
            )
        own_limit = key.rate_limit_per_minute
        return Caller(
            tenant_id=key.tenant_id,
            tenant_name=key.tenant_name,
            key_id=key.key_id,
            scopes=key.scopes,
            rate_limit=self._default_limit if own_limit is None else own_limit,
            salt=key.tenant_salt,
        )

    async def count(self, caller: Caller) -> dict[str, str]:
        """Count a call of a key and give the headers that tell what it has left.

        Raises
        ------
        ProblemError
            429 with ``Retry-After`` if the key has called too often.
        """
        limit = caller.rate_limit
        if self._is_local:
            is_allowed, n_left, reset_s = self._hit(caller.key_id, limit)
        else:
            is_allowed, n_left, reset_s = await run_in_threadpool(self._hit, caller.key_id, limit)
        headers = {
            "RateLimit-Policy": f'"calls";q={limit};w=60',
            "RateLimit": f'"calls";r={n_left};t={reset_s}',
        }
        if not is_allowed:
            raise ProblemError(
                Code.RATE_LIMITED,
                f"this key may call {limit} times a minute; try again in {reset_s} s",
                headers=headers | {"Retry-After": str(reset_s)},
            )
        return headers

    def _hit(self, key_id: str, limit: int) -> tuple[bool, int, int]:
        """Count one call: whether it is allowed, calls left, whole seconds until there are more."""
        item = RateLimitItemPerMinute(limit)
        is_allowed = self._limiter.hit(item, key_id)
        stats = self._limiter.get_window_stats(item, key_id)
        reset_s = max(1, math.ceil(stats.reset_time - time.time()))
        return is_allowed, max(0, stats.remaining), reset_s

    async def _find(self, key_id: str) -> ApiKey | None:
        now = time.monotonic()
        cached = self._cached.get(key_id)
        if cached is not None and now < cached[0]:
            return cached[1]
        key = await run_in_threadpool(find_key, self._store, key_id)
        if len(self._cached) >= _MAX_CACHED:
            self._cached.clear()
        self._cached[key_id] = (now + self._cache_s, key)
        return key


_BEARER = HTTPBearer(
    auto_error=False, bearerFormat="kst_<id>_<secret>", description="An API key of the tenant"
)
_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="The same key, for clients without Bearer"
)


@cache
def require(scope: Scope | None = None) -> Callable[..., Awaitable[Caller]]:
    """Make the dependency that lets callers in whose key has ``scope``; None takes any key.

    Give it as the first parameter of a route, so that a stranger's body is not even read:
    ``caller: Annotated[Caller, Depends(require(Scope.CLASSIFY))]``. It raises ProblemError: 401,
    403, or 429.
    """

    async def authenticated(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Caller:
        authenticator: Authenticator = request.app.state.services.authenticator
        token = bearer.credentials if bearer else header
        if bearer and header is not None and header != token:
            raise _unauthenticated("two API keys were sent; send one", _REALM)
        caller = await authenticator.authenticate(token)
        request.scope.setdefault("state", {}).setdefault("log", {})["key_id"] = caller.key_id
        request.state.answer_headers = await authenticator.count(caller)
        if scope is not None and scope not in caller.scopes:
            raise ProblemError(
                Code.FORBIDDEN,
                f"this needs a key with the scope {scope.value!r}",
                headers={
                    "WWW-Authenticate": f'{_REALM}, error="insufficient_scope", '
                    f'scope="{scope.value}"'
                },
            )
        return caller

    return authenticated


def _unauthenticated(detail: str, challenge: str) -> ProblemError:
    return ProblemError(Code.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": challenge})
