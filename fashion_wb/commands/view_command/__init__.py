"""`fashion-wb view`: import `command`; and the `option` --view, which runs it beside another command."""
