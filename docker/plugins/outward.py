"""What Airflow's pages leave to the server before them: under which names they answer, and who may frame them."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware

HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
Message = MutableMapping[str, Any]


class Headers:
    """Adds `HEADERS` to every answer that has not its own."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Any, send: Callable[[Message], Awaitable[None]]) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class Outward(AirflowPlugin):
    """Of the api-server of docker-compose.yaml."""

    name = "lsif_outward"
    fastapi_root_middlewares = (
        {
            "name": "names",
            "middleware": TrustedHostMiddleware,
            "args": [],
            "kwargs": {
                "allowed_hosts": [name for name in os.environ["LSIF_AIRFLOW_HOSTS"].split(",") if name],
                "www_redirect": False,
            },
        },
        {"name": "headers", "middleware": Headers, "args": [], "kwargs": {}},
    )
