"""The page's figures as Vega-Lite: `curves`, `strips`, `scatters`, `hypothesis`; `look` is shared by all."""
