"""The documentation page: Swagger UI from an installed package, so that it needs no internet."""

from __future__ import annotations

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api.problems import Code, ProblemError

_MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
# The page starts itself by an inline script; nothing may come from, or go to, another place.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Serve the page at ``/docs``; its addresses are relative, so that it works below a prefix."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon-32x32.png",
        swagger_ui_parameters={"persistAuthorization": False, "displayRequestDuration": True},
    ).body

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    app.add_route("/docs", show_page, include_in_schema=False)
    app.add_route("/docs/{name}", _show_file, include_in_schema=False)


async def _show_file(request: Request) -> Response:
    """One of the files that the page names."""
    name = request.path_params["name"]
    if name not in _MEDIA_TYPES:
        raise ProblemError(Code.NOT_FOUND, "there is nothing at this address")
    content = (files("fastapi_swagger.resources") / name).read_bytes()
    return Response(
        content,
        headers={"Content-Type": _MEDIA_TYPES[name], "Cache-Control": "public, max-age=86400"},
    )
