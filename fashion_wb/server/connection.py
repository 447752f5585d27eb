"""A connection to W&B's server: requests, repeated where that helps, and errors in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fashion_wb.server.errors import ServerError, Unanswered, explain, explained

if TYPE_CHECKING:
    import wandb

# Waits of 1, 2, 4, 8 and 8 seconds, each up to a quarter longer: a server that is down is given up after
# half a minute, and one that limits requests gets the pauses it asks for.
_RETRIES, _FIRST_WAIT, _LONGEST_WAIT = 5, 1, 8
_TIMEOUT = 120.0
# For requests that must not be repeated unseen; wandb-core cannot be told not to, so it is told to wait.
_NEVER = 24 * 3600
_TIMEOUT_ONCE = 15.0


@dataclass
class Server:
    """A connection to W&B's server; `connect` makes one.

    Attributes:
        url: where it is, such as https://api.wandb.ai.
        api: the public API object, for what W&B's own libraries do with one.
    """

    url: str
    api: wandb.Api
    _once: wandb.Api | None = field(default=None, repr=False)

    @property
    def default_entity(self) -> str:
        """The entity that runs go to when none is named: WANDB_ENTITY, or the account's default.

        Raises:
            ServerError: the account has none, or there was no answer.
        """
        entity = self.api.settings["entity"]
        if not entity:
            entity = self.query("query DefaultEntity { viewer { entity } }")["viewer"]["entity"]
        if not entity:
            raise ServerError(f"W&B at {self.url}: the account has no default entity; give --entity")
        return str(entity)

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """The answer's `data`; repeated with growing pauses after 429, 5xx and lost connections.

        Only for what may be carried out twice.

        Raises:
            ServerError: it was refused, or went unanswered all the same.
        """
        from fashion_wb.wandb_private import execute_graphql

        with explained(self.url):
            return execute_graphql(self.api, document, variables, _TIMEOUT)

    def once(self, document: str, **variables: Any) -> dict[str, Any]:
        """As `query`, for what must not be carried out twice: sent one single time.

        Raises:
            Unanswered: it is not known whether it was carried out; look, then decide.
            ServerError: it was refused.
        """
        from fashion_wb.wandb_private import WandbApiFailedError, execute_graphql, open_api

        if self._once is None:
            with explained(self.url):
                self._once = open_api(1, _NEVER, _NEVER, whatever_is_set=True)
        try:
            return execute_graphql(self._once, document, variables, _TIMEOUT_ONCE)
        except WandbApiFailedError as error:
            if error.response is None:
                raise Unanswered(f"W&B at {self.url} did not answer within {_TIMEOUT_ONCE:g} s") from None
            raise explain(error, self.url) from None

    def scan_history(self, run: str) -> list[dict[str, Any]]:
        """All rows that the run ENTITY/PROJECT/RUN_ID logged, however many; a request or more a run.

        Raises:
            ServerError: no such run, or as `query`.
        """
        with explained(self.url):
            return list(self.api.run(run).scan_history(use_cache=False))


def connect() -> Server:
    """Connect with the key and the address that wandb itself would use.

    Raises:
        ServerError: no key, a key that is refused, or no answer from anything that is a W&B server.
    """
    import wandb

    from fashion_wb.wandb_private import open_api

    url = wandb.setup().settings.base_url
    with explained(url):
        return Server(url, open_api(_RETRIES, _FIRST_WAIT, _LONGEST_WAIT))
