"""Figures as Vega-Lite: `curves`, `budget`, `strips`, `scatters`, `slices`, `parallel`, `importance` and
`pareto` of report.html and of the live page, `history`, `learning_curves`, `timeline` and `contour` of the
live page alone; all share `style`.
"""
