"""Named areas, and which of them hold a point. Pure code on Shapely, NumPy and PROJ."""
