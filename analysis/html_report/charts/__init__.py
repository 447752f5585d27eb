"""The page's figures as Vega-Lite: `curves`, `budget`, `strips`, `scatters`, `slices`, `parallel`,
`importance` and `pareto`; all share `style`.
"""
