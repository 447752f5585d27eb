"""The page's figures as Vega-Lite: `curves`, `strips`, `scatters`, `slices`, `parallel`,
`importance` and `pareto`; all share `style`.
"""
