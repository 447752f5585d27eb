"""The page's figures as Vega-Lite: `curves`, `strips` and `scatters`; all share `style`."""
