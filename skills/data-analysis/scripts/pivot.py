#!/usr/bin/env python3
"""Groups a table and sums it up."""
import argparse
import csv
import re
import statistics
import sys

import table

CUTS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "week": "%G-W%V", "weekday": "%u %A", "hour": "%H"}
AGGREGATES = {"sum": sum, "mean": statistics.fmean, "median": statistics.median, "min": min, "max": max}


def position(head, name):
    if name in head:
        return head.index(name)
    close = [each for each in head if each.lower() == name.lower()]
    if len(close) == 1:
        return head.index(close[0])
    sys.exit(f"There is no column {name!r}. There are: {', '.join(head)}")


def grouping(head, rows, wish):
    cut, _, name = wish.partition(":")
    if name and cut in CUTS:
        at = position(head, name)
        forms, doubt = table.date_forms([row[at] for row in rows])
        if doubt:
            print(f"{name}: {doubt}", file=sys.stderr)
        return wish, lambda row: (lambda when: when.strftime(CUTS[cut]) if when else "(no date)")(table.date(row[at], forms))
    at = position(head, wish)
    return wish, lambda row: row[at].strip() or "(empty)"


def condition(head, rows, wish):
    match = re.fullmatch(r"\s*(.+?)\s*(!=|>=|<=|=|>|<)\s*(.*?)\s*", wish)
    if not match:
        sys.exit(f"--where {wish!r}: write COLUMN=VALUE, or with != > < >= <=")
    at, sign, wanted = position(head, match[1]), match[2], match[3]
    if sign in ("=", "!="):
        return lambda row: (row[at].strip() == wanted) == (sign == "=")
    comma = table.decimal_comma([row[at] for row in rows if not table.is_missing(row[at])])
    bound = table.number(wanted, comma and "," in wanted)
    if bound is None:
        sys.exit(f"--where {wish!r}: {wanted!r} is no number")
    compare = {">": float.__gt__, "<": float.__lt__, ">=": float.__ge__, "<=": float.__le__}[sign]
    return lambda row: (lambda value: value is not None and compare(value, bound))(table.number(row[at], comma))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--by", action="append", default=[])
    parser.add_argument("--where", action="append", default=[])
    parser.add_argument("--count", action="store_true")
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--top", type=int, default=0, help="only so many groups, the largest first")
    for name in AGGREGATES:
        parser.add_argument(f"--{name}", action="append", default=[])
    args = parser.parse_args()
    head, rows, _ = table.read(args.file)
    groups = [grouping(head, rows, wish) for wish in args.by]
    conditions = [condition(head, rows, wish) for wish in args.where]
    measures = [(name, column, position(head, column)) for name in AGGREGATES for column in getattr(args, name)]
    comma = {at: table.decimal_comma([row[at] for row in rows if not table.is_missing(row[at])]) for _, _, at in measures}
    kept = [row for row in rows if all(fits(row) for fits in conditions)]
    found, skipped = {}, 0
    for row in kept:
        found.setdefault(tuple(of(row) for _, of in groups), []).append(row)

    def summed(group):
        nonlocal skipped
        cells = [len(group)] if args.count or not measures else []
        for name, _, at in measures:
            values = [value for value in (table.number(row[at], comma[at]) for row in group) if value is not None]
            skipped += len(group) - len(values)
            cells.append(AGGREGATES[name](values) if values else None)
        return cells

    lines = [(key, summed(group)) for key, group in found.items()]
    skipped = 0
    total = summed(kept)
    timed = any(wish.partition(":")[0] in CUTS and wish.partition(":")[2] for wish in args.by)
    lines.sort(key=(lambda line: line[0]) if timed and not args.top else (lambda line: -(line[1][-1] or 0)))
    left = len(lines) - args.top if args.top and len(lines) > args.top else 0
    lines = lines[: args.top] if args.top else lines
    names = [wish for wish, _ in groups] + (["count"] if args.count or not measures else []) + [f"{name} {column}" for name, column, _ in measures]
    if args.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([*key, *("" if cell is None else cell for cell in cells)] for key, cells in lines)
        return
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names))
    for key, cells in lines:
        print("| " + " | ".join([*key, *("" if cell is None else table.shown(cell) for cell in cells)]) + " |")
    if groups:
        print("| " + " | ".join(["**all**", *[""] * (len(groups) - 1), *("" if cell is None else table.shown(cell) for cell in total)]) + " |")
    print(f"\n{len(rows)} rows read, {len(kept)} used, {len(rows) - len(kept)} left out by --where" + (f"; {skipped} cells were no numbers" if skipped else "") + (f"; {left} smaller groups not shown" if left else ""))


main()
