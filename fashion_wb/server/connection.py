"""A connection to W&B's server: requests, retries, and errors with clear messages."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fashion_wb.errors import FashionWbError
from fashion_wb.server.answers import read_answer
from fashion_wb.server.errors import (
    CutOff,
    Damaged,
    ServerError,
    Unanswered,
    to_server_error,
    translated_errors,
)
from fashion_wb.server.retries import repeated
from fashion_wb.wandb_settings import check_wandb_settings

if TYPE_CHECKING:
    import wandb

# Waits of 1, 2, 4, 8 and 8 seconds, each up to a quarter longer. A server that is down is given up after half
# a minute; one that limits requests gets the pauses it asks for.
_RETRIES, _FIRST_WAIT, _LONGEST_WAIT = 5, 1, 8
_TIMEOUT = 120.0
# wandb gives up the first request, which checks the key, after 19 s.
_TIMEOUT_CONNECTING, _WAITS_CONNECTING = 60.0, (1.0, 2.0)
# For requests that must not be retried. wandb-core has no setting for that, so its first retry waits a day.
_NEVER = 24 * 3600
_TIMEOUT_ONCE = 15.0


@dataclass
class Server:
    """A connection to W&B's server; `connect` makes one.

    Attributes:
        url: the server's address, such as https://api.wandb.ai.
        api: wandb's public API object, which W&B's own libraries need.
    """

    url: str
    api: wandb.Api
    _api_without_retries: wandb.Api | None = field(default=None, repr=False)

    @property
    def default_entity(self) -> str:
        """The entity of runs that name none: WANDB_ENTITY, or the account's default.

        Raises:
            ServerError: the account has none, or there was no answer.
        """
        entity = self.api.settings["entity"]
        if not entity:
            viewer = self.query("query DefaultEntity { viewer { entity } }")["viewer"]
            entity = None if viewer is None else viewer["entity"]
        if not entity:
            raise ServerError(f"W&B at {self.url}: the account has no default entity; give --entity")
        return str(entity)

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL request and return the answer's `data`; texts that hold JSON or YAML are decoded.

        The request is retried with growing pauses after HTTP 429, 5xx, lost connections and damaged answers,
        for two minutes at most. Use this only for requests that may be executed twice.

        Raises:
            ServerError: the server refused the request, did not answer in spite of the retries, or its answer
                lacks a requested field or has one of another kind.
        """
        from fashion_wb.wandb_private import execute_graphql

        def request(seconds: float) -> Any:
            with translated_errors(self.url):
                return execute_graphql(self.api, document, variables, seconds)

        return read_answer(document, repeated(request, Damaged, _TIMEOUT), self.url)

    def query_once(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL request without retries, for requests that must not be executed twice.

        Raises:
            Unanswered: the request may have been executed or not; check, then decide.
            ServerError: the server refused the request, or as `query` for an answer that cannot be used.
        """
        from fashion_wb.wandb_private import WandbApiFailedError, execute_graphql, open_api

        if self._api_without_retries is None:
            with translated_errors(self.url):
                self._api_without_retries = open_api(1, _NEVER, _NEVER, override=True)
        try:
            data = execute_graphql(self._api_without_retries, document, variables, _TIMEOUT_ONCE)
        except WandbApiFailedError as error:
            if error.response is None:
                raise Unanswered(f"W&B at {self.url} did not answer within {_TIMEOUT_ONCE:g} s") from None
            raise to_server_error(error, self.url) from None
        return read_answer(document, data, self.url)

    def scan_history(self, run: str) -> list[dict[str, Any]]:
        """Return all rows that the run ENTITY/PROJECT/RUN_ID logged; takes one request or more.

        Raises:
            ServerError: no such run, or as `query`.
        """

        def request(_: float) -> list[dict[str, Any]]:
            with translated_errors(self.url):
                return list(self.api.run(run).scan_history(use_cache=False))

        return repeated(request, Damaged, _TIMEOUT)


def connect() -> Server:
    """Connect with the API key and address that wandb itself uses, within about a minute.

    A server that sends a web page is not asked again: here, the address is most likely wrong.

    Raises:
        ServerError: wandb refuses a setting, there is no key, the server refuses the key, or no W&B server
            answers.
    """
    import wandb

    from fashion_wb.wandb_private import open_api

    try:
        check_wandb_settings(os.environ)
    except FashionWbError as error:
        raise ServerError(str(error)) from None
    url = wandb.setup().settings.base_url

    def request(_: float) -> Server:
        with translated_errors(url):
            return Server(url, open_api(_RETRIES, _FIRST_WAIT, _LONGEST_WAIT))

    return repeated(request, CutOff, _TIMEOUT_CONNECTING, _WAITS_CONNECTING)
