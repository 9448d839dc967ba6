#!/usr/bin/env python3
"""Prints a report in Markdown of today's figures, compared with the history that it keeps."""
import argparse
import datetime
import json
import os
import statistics
import sys

KEPT_DAYS = 400


def load(path, fallback):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return fallback
    except ValueError as error:
        sys.exit(f"{path} is no JSON: {error}")


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value


def shown(value, unit=""):
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return f"{text} {unit}".strip()


def change(now, before, good):
    if before is None:
        return "new"
    delta = now - before
    if delta == 0:
        return "unchanged"
    share = f" ({delta / abs(before):+.0%})" if before else ""
    mark = "" if good not in ("up", "down") else (" better" if (delta > 0) == (good == "up") else " worse")
    return f"{'+' if delta > 0 else ''}{shown(delta)}{share}{mark}"


def past_of(history, name, day, weekday):
    days = sorted(key for key in history if key < day and number(history[key].get(name)) is not None)
    if weekday:
        wanted = datetime.date.fromisoformat(day).weekday()
        days = [key for key in days if datetime.date.fromisoformat(key).weekday() == wanted]
    return [history[key][name] for key in days]


def chart(path, history, names):
    series = {name: [(day, history[day][name]) for day in sorted(history) if number(history[day].get(name)) is not None][-30:] for name in names}
    series = {name: points for name, points in series.items() if len(points) >= 3}
    if not series:
        return False
    width, row = 640, 110
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{row * len(series)}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>']
    for index, (name, points) in enumerate(series.items()):
        top, values = index * row, [value for _, value in points]
        low, high = min(values), max(values)
        span = (high - low) or 1
        places = [(20 + at * (width - 120) / (len(points) - 1), top + 90 - (value - low) * 55 / span) for at, value in enumerate(values)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        label = name.replace("&", "&amp;").replace("<", "&lt;")
        parts.append(f'<text x="20" y="{top + 18}">{label}</text><polyline points="{line}" fill="none" stroke="#2463b0" stroke-width="2"/>')
        parts.append(f'<circle cx="{places[-1][0]:.1f}" cy="{places[-1][1]:.1f}" r="3" fill="#2463b0"/>')
        parts.append(f'<text x="{places[-1][0] + 8:.1f}" y="{places[-1][1] + 4:.1f}">{shown(values[-1])}</text>')
        parts.append(f'<text x="20" y="{top + 106}" fill="#777">{points[0][0]} to {points[-1][0]}, {shown(low)} to {shown(high)}</text>')
    parts.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("today")
    parser.add_argument("--state", required=True)
    parser.add_argument("--day", default=datetime.date.today().isoformat())
    parser.add_argument("--weekday", action="store_true", help="compare with the same weekday")
    parser.add_argument("--chart")
    parser.add_argument("--dry-run", action="store_true")
    args = parser.parse_args()
    today, history = load(args.today, None), load(args.state, {})
    if not isinstance(today, dict) or not isinstance(today.get("figures", []), list):
        sys.exit(f'{args.today} must be {{"title": …, "figures": [{{"name": …, "value": …}}], "events": [], "todo": []}}')
    rows, alerts, missing = [], [], []
    for figure in today.get("figures", []):
        name, value, unit = str(figure.get("name", "?")), number(figure.get("value")), figure.get("unit", "")
        if value is None:
            missing.append(f"{name}: {figure.get('why', 'no value')}")
            continue
        past = past_of(history, name, args.day, args.weekday)
        usual = statistics.median(past[-14:]) if len(past) >= 3 else None
        rows.append(f"| {name} | {shown(value, unit)} | {change(value, past[-1] if past else None, figure.get('good'))} | {'' if usual is None else shown(usual, unit)} |")
        low, high = number(figure.get("low")), number(figure.get("high"))
        if low is not None and value < low:
            alerts.append(f"{name} is {shown(value, unit)}, below {shown(low, unit)}")
        elif high is not None and value > high:
            alerts.append(f"{name} is {shown(value, unit)}, above {shown(high, unit)}")
        elif usual and len(past) >= 7:
            spread = statistics.median([abs(each - usual) for each in past[-14:]]) or abs(usual) * 0.05
            if abs(value - usual) > 4 * spread:
                alerts.append(f"{name} is {shown(value, unit)}; usual is {shown(usual, unit)}")
    print(f"## {today.get('title', 'Report')}, {args.day}\n")
    for alert in alerts:
        print(f"- **{alert}**")
    if alerts:
        print()
    if rows:
        print("| figure | now | since last | usual |\n|---|---|---|---|")
        print("\n".join(rows) + "\n")
    for heading, key in (("Happened", "events"), ("To do", "todo")):
        if today.get(key):
            print(f"**{heading}**\n" + "\n".join(f"- {each}" for each in today[key]) + "\n")
    if missing:
        print("**Missing**\n" + "\n".join(f"- {each}" for each in missing) + "\n")
    if not alerts and not missing:
        print("Nothing out of the ordinary.")
    named = {str(figure.get("name")): figure["value"] for figure in today.get("figures", []) if number(figure.get("value")) is not None}
    history[args.day] = {**history.get(args.day, {}), **named}
    if args.chart and chart(args.chart, history, list(named)):
        print(f"\nMEDIA:{args.chart}")
    if not args.dry_run:
        kept = {day: history[day] for day in sorted(history)[-KEPT_DAYS:]}
        os.makedirs(os.path.dirname(os.path.abspath(args.state)), exist_ok=True)
        with open(args.state + ".new", "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        os.replace(args.state + ".new", args.state)


main()
