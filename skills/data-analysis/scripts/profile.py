#!/usr/bin/env python3
"""Tells what is in a table, column by column, and what is doubtful about it."""
import collections
import statistics
import sys

import table


def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


def column(name, cells):
    present = [cell for cell in cells if not table.is_missing(cell)]
    missing = len(cells) - len(present)
    lines = [f"{name}: {len(set(present))} distinct" + (f", {missing} missing ({missing / len(cells):.0%})" if missing else "")]
    if not present:
        return lines[0] + ", nothing else"
    comma = table.decimal_comma(present)
    numbers = [value for value in (table.number(cell, comma) for cell in present) if value is not None]
    forms, doubt = table.date_forms(present)
    dates = [value for value in (table.date(cell, forms) for cell in present) if value is not None]
    if len(dates) > 0.8 * len(present) and len(dates) >= len(numbers):
        lines.append(f"  dates, {min(dates):%Y-%m-%d} to {max(dates):%Y-%m-%d}")
        if doubt:
            lines.append(f"  doubtful: {doubt}")
        if len(dates) < len(present):
            lines.append(f"  doubtful: {len(present) - len(dates)} are no dates")
    elif len(numbers) > 0.8 * len(present):
        low, middle, high = quartiles(numbers)
        mean = statistics.fmean(numbers)
        lines.append(f"  numbers{' (decimal comma)' if comma else ''}, {table.shown(min(numbers))} to {table.shown(max(numbers))}, sum {table.shown(sum(numbers))}")
        lines.append(f"  mean {table.shown(mean)}, median {table.shown(middle)}, middle half {table.shown(low)} to {table.shown(high)}")
        reach = 3 * (high - low)
        out = [value for value in numbers if reach and (value < low - reach or value > high + reach)]
        if out:
            lines.append(f"  doubtful: {len(out)} far outside: {', '.join(table.shown(value) for value in sorted(out, key=abs)[-5:])}")
        if len(numbers) < len(present):
            odd = [cell for cell in present if table.number(cell, comma) is None]
            lines.append(f"  doubtful: {len(odd)} are no numbers: {', '.join(repr(cell[:30]) for cell in odd[:5])}")
    else:
        if numbers and len(numbers) > 0.05 * len(present):
            lines.append(f"  doubtful: text and numbers mixed ({len(numbers)} numbers)")
        common = collections.Counter(present).most_common(5)
        if common[0][1] > 1 or len(present) <= 5:
            lines.append("  commonest: " + ", ".join(f"{cell[:40]!r} {count}" for cell, count in common))
        else:
            lines.append(f"  all different, e.g. {present[0][:60]!r}")
        folded = {}
        for cell in set(present):
            folded.setdefault(" ".join(cell.split()).lower(), set()).add(cell)
        alike = [forms for forms in folded.values() if len(forms) > 1]
        if alike:
            lines.append(f"  doubtful: {len(alike)} values differ only in capitals or blanks, e.g. {', '.join(repr(each) for each in sorted(alike[0]))}")
    return "\n".join(lines)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: profile.py FILE")
    head, rows, form = table.read(sys.argv[1])
    print(f"{len(rows)} rows, {len(head)} columns; {form}")
    repeated = len(rows) - len({tuple(row) for row in rows})
    if repeated:
        print(f"doubtful: {repeated} rows are exact repetitions")
    same = [name for name, count in collections.Counter(head).items() if count > 1]
    if same:
        print(f"doubtful: columns of the same name: {', '.join(same)}")
    totals = [row for row in rows if any(cell.strip().lower() in ("total", "sum", "summe", "gesamt", "合计", "总计") for cell in row)]
    if totals:
        print(f"doubtful: {len(totals)} rows look like totals")
    for at, name in enumerate(head):
        print()
        print(column(name, [row[at] for row in rows]) if rows else name)


main()
