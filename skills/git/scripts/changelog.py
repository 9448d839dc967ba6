#!/usr/bin/env python3
"""Makes a changelog of commits on stdin, a line each: HASH<tab>AUTHOR<tab>SUBJECT. Groups conventional prefixes; others by their first verb."""
import re
import sys

GROUPS = [
    ("Breaking", None), ("Added", {"feat", "add", "adds", "added", "new", "support", "introduce", "allow"}),
    ("Fixed", {"fix", "fixes", "fixed", "bugfix", "hotfix", "mend", "correct", "repair", "revert"}),
    ("Faster", {"perf", "speed", "optimise", "optimize"}),
    ("Changed", {"refactor", "change", "update", "improve", "rename", "move", "replace", "bump", "use"}),
    ("Removed", {"remove", "removes", "delete", "drop", "deprecate"}),
    ("Documentation", {"docs", "doc", "document"}),
    ("Inside", {"chore", "ci", "build", "test", "tests", "style", "merge"}),
]


def parse(line):
    parts = line.rstrip("\n").split("\t", 2)
    if len(parts) != 3:
        return None
    commit, author, subject = parts
    match = re.match(r"^(\w+)(?:\(([^)]*)\))?(!)?:\s*(.+)$", subject)
    kind, scope, breaking, text = match.groups() if match else (subject.split(" ", 1)[0], None, None, subject)
    group = next((name for name, words in GROUPS if words and kind.lower() in words), "Changed")
    return ("Breaking" if breaking or "BREAKING" in subject else group), scope, text.strip(), commit[:8], author


def main():
    entries, authors, skipped = {}, {}, 0
    for line in sys.stdin:
        entry = parse(line)
        if entry is None:
            skipped += bool(line.strip())
            continue
        group, scope, text, commit, author = entry
        if re.match(r"^Merge (branch|pull request|remote)", text):
            continue
        authors[author] = authors.get(author, 0) + 1
        entries.setdefault(group, {}).setdefault((scope, text[:1].upper() + text[1:] or "(no subject)"), []).append(commit)
    if not entries:
        sys.exit("No commits: pipe in git log --format='%H%x09%an%x09%s' RANGE")
    for name, _ in GROUPS:
        if name not in entries:
            continue
        print(f"### {name}\n")
        for (scope, text), commits in entries[name].items():
            print(f"- {f'**{scope}**: ' if scope else ''}{text} ({', '.join(commits)})")
        print()
    print("By " + ", ".join(f"{author} ({count})" for author, count in sorted(authors.items(), key=lambda pair: -pair[1])) + ".")
    if skipped:
        print(f"{skipped} lines were not understood.", file=sys.stderr)


main()
