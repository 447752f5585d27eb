"""Errors from W&B's server, with messages that tell the user what to do."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from fashion_wb.errors import FashionWbError

_HTTP_STATUS = re.compile(r"HTTP (\d{3})")
_CUT_OFF = re.compile(r".*(unexpected EOF|unexpected end of JSON input)", re.DOTALL)
_WEB_PAGE = re.compile(r"\s*<|invalid character '<'|invalid character .* looking for beginning of value")


class ServerError(FashionWbError):
    """W&B's server refused, could not be reached, or did not answer."""


class NotFound(ServerError):
    """The requested object does not exist, or this account may not see it."""


class Unreachable(ServerError):
    """No answer after all retries; a later request may succeed."""


class Unanswered(Unreachable):
    """No answer: the request may have been executed or not."""


class Damaged(Unanswered):
    """An answer that breaks off or is not W&B's: the request may have been executed or not."""


class CutOff(Damaged):
    """An answer that breaks off."""


@contextlib.contextmanager
def translated_errors(url: str) -> Iterator[None]:
    """Turn wandb's exceptions, from connecting to `url` or using the connection, into ServerError."""
    import wandb

    from fashion_wb.wandb_private import UsageError, WandbApiFailedError

    try:
        yield
    except WandbApiFailedError as error:
        raise to_server_error(error, url) from None
    except wandb.Error as error:
        if isinstance(error.__cause__, WandbApiFailedError):
            raise to_server_error(error.__cause__, url) from None
        text = str(error)
        if isinstance(error, UsageError) and "API key" in text:
            raise ServerError(
                f"no W&B API key for {url}: run `wandb login`, or set WANDB_API_KEY "
                "(and WANDB_BASE_URL for a server of your own)"
            ) from None
        raise ServerError(f"W&B at {url}: {text}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # wandb's client does not check what it is sent.
        raise ServerError(
            f"W&B at {url} sent an answer that wandb's client cannot read ({type(error).__name__}: {error}); "
            "try again later, and check WANDB_BASE_URL and HTTPS_PROXY if it stays so"
        ) from None


def to_server_error(error: Exception, url: str) -> ServerError:
    """Turn a failed request (a `WandbApiFailedError`) into an error with a clear message."""
    response = getattr(error, "response", None)
    status = response.http_status if response is not None else 0
    text = str(error).strip()
    if status == 401 or "invalid credentials" in text:
        return ServerError(
            f"W&B at {url} refuses the API key: run `wandb login --relogin`, or correct WANDB_API_KEY "
            "(and WANDB_BASE_URL, if the key is for another server)"
        )
    if "giving up after" in text:
        return _gave_up(text, url)
    if _CUT_OFF.match(text):
        return CutOff(f"the answers of W&B at {url} break off ({text.splitlines()[-1]}); try again later")
    if _WEB_PAGE.match(text):
        page = Damaged if status in (0, 200) else ServerError
        return page(
            f"the server at {url} is not W&B: it sends a web page, as a proxy or login page does"
            f"{f' (HTTP {status})' if status else ''}; check WANDB_BASE_URL and HTTPS_PROXY"
        )
    if response is None:
        return Unanswered(f"W&B at {url} did not answer in time; check the network, or try again later")
    refused = NotFound if status == 404 else ServerError
    return refused(f"W&B at {url} refused: {text}{f' (HTTP {status})' if status else ''}")


def _gave_up(text: str, url: str) -> ServerError:
    last = text.splitlines()[-1]
    status = _HTTP_STATUS.search(last)
    if status is not None:
        why = "limits requests" if status[1] == "429" else "cannot answer now"
        return Unreachable(f"W&B at {url} {why} (HTTP {status[1]}, tried several times); try again later")
    reason = last.rpartition(": ")[2]
    return Unreachable(
        f"no W&B server can be reached at {url} ({reason}); check the network, WANDB_BASE_URL and HTTPS_PROXY"
    )
