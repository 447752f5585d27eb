"""A hook of MkDocs, named in mkdocs.yml."""


def on_page_content(html: str, **_: object) -> str:
    """Leave the cell empty where an option has no default: mkdocs-click 0.9 prints click's marker there."""
    return html.replace("<code>Sentinel.UNSET</code>", "")
