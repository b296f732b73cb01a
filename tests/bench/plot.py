# SPDX-License-Identifier: GPL-3.0-or-later
"""Curves over time as one SVG, panel below panel."""

from html import escape

COLOURS = ["#1a5fb4", "#c64600", "#26a269", "#813d9c"]
WIDTH, PANEL, LEFT, GAP = 900, 150, 70, 34


def draw(path, title, panels):
    """@panels: [(what the axis says, {name: [(s, value)]})]"""
    parts = []
    for row, (unit, curves) in enumerate(panels):
        top = 40 + row * (PANEL + GAP)
        points = [point for curve in curves.values() for point in curve]
        end = max([x for x, _ in points] + [1])
        high = max([y for _, y in points] + [1]) * 1.05
        parts.append(f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - 10}" height="{PANEL}" fill="none" stroke="#bbb"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{high:.0f}</text>')
        parts.append(f'<text x="{LEFT - 6}" y="{top + PANEL}" text-anchor="end">0</text>')
        parts.append(f'<text x="{LEFT}" y="{top - 6}">{escape(unit)}</text>')
        parts.append(f'<text x="{WIDTH - 10}" y="{top + PANEL + 14}" text-anchor="end">{end:.0f} s</text>')
        for colour, curve in zip(COLOURS, curves.values()):
            line = " ".join(f"{LEFT + x / end * (WIDTH - LEFT - 10):.1f},{top + PANEL - max(y, 0) / high * PANEL:.1f}" for x, y in curve)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    for i, name in enumerate(panels[0][1]):
        parts.append(f'<text x="{LEFT + 260 + i * 210}" y="20" fill="{COLOURS[i]}">{escape(name)}</text>')
    height = 40 + len(panels) * (PANEL + GAP)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" font-size="12">'
                   f'<rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="20" font-size="14">{escape(title)}</text>'
                   + "".join(parts) + "</svg>\n")
