from gradlib.widgets import PointOnLine

SAMPLES = {
    PointOnLine: {
        "rising": lambda: PointOnLine(),
        "falling": lambda: PointOnLine(slope=-0.5, intercept=1),
        "flat": lambda: PointOnLine(slope=0, intercept=0),
        "without intercept": lambda: PointOnLine(slope=1, intercept=0),
        "zero between two places": lambda: PointOnLine(slope=3, intercept=1),
        "zero where it starts": lambda: PointOnLine(slope=1, intercept=-2),
        "huge": lambda: PointOnLine(slope=1e12, intercept=-1e12),
        "tiny": lambda: PointOnLine(slope=1e-12, intercept=0),
    }
}

CELLS = {
    "PointOnLine": """
from gradlib.widgets import PointOnLine
PointOnLine()
"""
}
