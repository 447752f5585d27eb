"""The page's figures as Vega-Lite: `curves`, `strips`, `scatters`, `hypothesis`; all share `style`."""
