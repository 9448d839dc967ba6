#!/usr/bin/env python3
"""Looks through research notes (JSON lines) for what does not hold yet, or prints their bibliography."""
import argparse
import datetime
import json
import sys
from urllib.parse import urlsplit


def site(url):
    host = (urlsplit(url).hostname or "").lower()
    parts = host.removeprefix("www.").split(".")
    # Two-letter endings such as co.uk take three parts.
    size = 3 if len(parts) > 2 and len(parts[-1]) == 2 and len(parts[-2]) <= 3 else 2
    return ".".join(parts[-size:])


def read(path):
    notes, faults = [], []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                note = json.loads(line)
            except ValueError:
                faults.append(f"line {number} is no JSON")
                continue
            if not isinstance(note, dict) or not note.get("claim") or not note.get("source"):
                faults.append(f"line {number} needs claim and source")
                continue
            notes.append(note)
    return notes, faults


def age_in_months(date):
    try:
        year, month = (str(date).split("-") + ["6"])[:2]
        today = datetime.date.today()
        return (today.year - int(year)) * 12 + today.month - int(month)
    except ValueError:
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--bibliography", action="store_true")
    parser.add_argument("--old-months", type=int, default=18)
    args = parser.parse_args()
    notes, faults = read(args.file)
    if args.bibliography:
        for at, source in enumerate(dict.fromkeys(note["source"] for note in notes), 1):
            about = next(note for note in notes if note["source"] == source)
            extra = ", ".join(str(about[key]) for key in ("kind", "date") if about.get(key))
            print(f"[{at}] {source}{f' ({extra})' if extra else ''}")
        return
    claims = {}
    for note in notes:
        claims.setdefault(" ".join(note["claim"].split()).lower(), []).append(note)
    weak = {"on one leg": [], "disputed": [], "no quote": [], "old": [], "opinion only": []}
    for group in claims.values():
        text = group[0]["claim"]
        support = [note for note in group if not note.get("against")]
        if any(note.get("against") for note in group):
            weak["disputed"].append(f"{text} ({len(support)} for, {len(group) - len(support)} against)")
        elif len({site(note["source"]) for note in support}) < 2 and not any(note.get("kind") == "primary" for note in support):
            weak["on one leg"].append(f"{text} ({site(support[0]['source'])})")
        if support and all(note.get("kind") == "opinion" for note in support):
            weak["opinion only"].append(text)
        if any(not str(note.get("quote", "")).strip() for note in group):
            weak["no quote"].append(text)
        ages = [age for age in (age_in_months(note.get("date")) for note in support) if age is not None]
        if ages and min(ages) > args.old_months:
            weak["old"].append(f"{text} (newest source {min(ages)} months old)")
    sites = {}
    for note in notes:
        sites[site(note["source"])] = sites.get(site(note["source"]), 0) + 1
    print(f"{len(claims)} claims from {len(notes)} notes, {len(sites)} sites")
    top = max(sites.items(), key=lambda pair: pair[1], default=None)
    if top and len(notes) >= 4 and top[1] * 2 > len(notes):
        print(f"more than half of the notes are from {top[0]}: look elsewhere")
    for heading, lines in weak.items():
        if lines:
            print(f"\n{heading}:")
            print("\n".join(f"- {line}" for line in lines))
    if faults:
        print("\nnot read:\n" + "\n".join(f"- {fault}" for fault in faults))
    if not faults and not any(weak.values()):
        print("nothing to mend")
    sys.exit(1 if faults else 0)


main()
