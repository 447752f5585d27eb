"""What goes wrong with W&B's server, in words a user can act on."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from fashion_wb.errors import FashionWbError

_HTTP_STATUS = re.compile(r"HTTP (\d{3})")
_WEB_PAGE = re.compile(r"\s*<|invalid character '<'|invalid character .* looking for beginning of value")


class ServerError(FashionWbError):
    """W&B's server refused, could not be reached, or did not answer."""


class NotFound(ServerError):
    """What was asked for does not exist, or not for this account."""


class Unreachable(ServerError):
    """No answer came, however often it was tried; there may be one later."""


class Unanswered(Unreachable):
    """No answer came: the request may have been carried out, or not."""


@contextlib.contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what wandb raises while a connection to `url` is made, or used, into ServerError."""
    import wandb

    from fashion_wb.wandb_private import WandbApiFailedError

    try:
        yield
    except WandbApiFailedError as error:
        raise explain(error, url) from None
    except wandb.Error as error:
        if isinstance(error.__cause__, WandbApiFailedError):
            raise explain(error.__cause__, url) from None
        text = str(error)
        if isinstance(error, wandb.UsageError) and "API key" in text:
            raise ServerError(
                f"no W&B API key for {url}: run `wandb login`, or set WANDB_API_KEY "
                "(and WANDB_BASE_URL for a server of your own)"
            ) from None
        raise ServerError(f"W&B at {url}: {text}") from None


def explain(error: Exception, url: str) -> ServerError:
    """A failed request (a `WandbApiFailedError`) as an error for people."""
    response = getattr(error, "response", None)
    status = response.http_status if response is not None else 0
    text = str(error).strip()
    if status == 401 or "invalid credentials" in text:
        return ServerError(
            f"W&B at {url} refuses the API key: run `wandb login --relogin`, or mend WANDB_API_KEY "
            "(and WANDB_BASE_URL, if the key is of another server)"
        )
    if _WEB_PAGE.match(text):
        return ServerError(
            f"what answers at {url} is not W&B: it sends a web page, as a proxy or a log-in page does"
            f"{f' (HTTP {status})' if status else ''}; check WANDB_BASE_URL and HTTPS_PROXY"
        )
    if "giving up after" in text:
        return _gave_up(text, url)
    if response is None:
        return Unanswered(f"W&B at {url} did not answer in time; try again later")
    kind = NotFound if status == 404 else ServerError
    return kind(f"W&B at {url} refuses: {text}{f' (HTTP {status})' if status else ''}")


def _gave_up(text: str, url: str) -> ServerError:
    last = text.splitlines()[-1]
    status = _HTTP_STATUS.search(last)
    if status is not None:
        why = "limits requests" if status[1] == "429" else "is not able to answer now"
        return Unreachable(f"W&B at {url} {why} (HTTP {status[1]}, tried several times); try again later")
    reason = last.rpartition(": ")[2]
    return Unreachable(
        f"no W&B server can be reached at {url} ({reason}); check the network, WANDB_BASE_URL and HTTPS_PROXY"
    )
