#!/usr/bin/env python3
"""Draws a table whose first column names and whose other columns count, as an SVG: bars, or lines for times."""
import argparse
import re
import sys

import table

COLOURS = ["#2463b0", "#d9822b", "#3b9a5f", "#b03a48", "#7a5aa8", "#5b6b7a"]


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def steps(low, high):
    """Round figures for the axis."""
    rough = (high - low) / 4 or 1
    size = 10 ** len(str(int(abs(rough)))) / 10 if abs(rough) >= 1 else 10 ** -len(re.match(r"0\.(0*)", f"{rough:.12f}")[1]) / 10
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first = step * (low // step)
    return [first + step * at for at in range(8) if first + step * (at - 1) < high]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--out", required=True)
    parser.add_argument("--kind", choices=["auto", "bar", "line"], default="auto")
    parser.add_argument("--title", default="")
    args = parser.parse_args()
    head, rows, _ = table.read(args.file)
    if len(head) < 2 or not rows:
        sys.exit("A chart needs a column of names and at least one of numbers.")
    rows = rows[:60]
    names, series = [row[0] for row in rows], []
    for at in range(1, len(head)):
        values = [table.number(row[at], table.decimal_comma([row[at] for row in rows])) for row in rows]
        if any(value is not None for value in values):
            series.append((head[at], values))
    if not series:
        sys.exit("No column but the first has numbers.")
    times = all(re.match(r"^\d{4}(-W?\d\d){0,2}$", name) for name in names)
    line = args.kind == "line" or (args.kind == "auto" and times and len(names) > 5)
    present = [value for _, values in series for value in values if value is not None]
    marks = steps(min([0, *present]) if not line else min(present), max([0, *present]) if not line else max(present))
    low, high = marks[0], marks[-1]
    width, height, left, bottom, top = 760, 420, 80, 90, 50
    wide = (width - left - 20) / len(names)
    y = lambda value: height - bottom - (value - low) * (height - bottom - top) / ((high - low) or 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>', f'<text x="{left}" y="20" font-size="15">{escaped(args.title)}</text>']
    for mark in marks:
        parts.append(f'<line x1="{left}" x2="{width - 20}" y1="{y(mark):.1f}" y2="{y(mark):.1f}" stroke="#ddd"/><text x="{left - 8}" y="{y(mark) + 4:.1f}" text-anchor="end">{table.shown(mark)}</text>')
    every = max(1, len(names) // 15)
    for at, name in enumerate(names):
        if at % every == 0:
            x = left + (at + 0.5) * wide
            parts.append(f'<text x="{x:.1f}" y="{height - bottom + 16}" text-anchor="end" transform="rotate(-35 {x:.1f} {height - bottom + 16})">{escaped(name[:18])}</text>')
    for index, (label, values) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        if line:
            points = " ".join(f"{left + (at + 0.5) * wide:.1f},{y(value):.1f}" for at, value in enumerate(values) if value is not None)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        else:
            bar = wide * 0.8 / len(series)
            for at, value in enumerate(values):
                if value is not None:
                    base, end = y(max(0, low)), y(value)
                    parts.append(f'<rect x="{left + at * wide + wide * 0.1 + index * bar:.1f}" y="{min(base, end):.1f}" width="{max(1, bar):.1f}" height="{abs(base - end):.1f}" fill="{colour}"/>')
        parts.append(f'<rect x="{left + index * 150}" y="30" width="10" height="10" fill="{colour}"/><text x="{left + index * 150 + 15}" y="40">{escaped(label[:20])}</text>')
    parts.append("</svg>")
    with open(args.out, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    print(f"{args.out}: {len(names)} {'points' if line else 'bars'}, {len(series)} series")


main()
