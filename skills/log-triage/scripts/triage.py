#!/usr/bin/env python3
"""Folds logs into patterns and shows what matters: the worst, the first, the new, and jumps in the rate. Reads line by line."""
import argparse
import collections
import datetime
import gzip
import json
import re
import sys

LEVELS = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG"]
LEVEL = re.compile(r"\b(FATAL|CRITICAL|CRIT|PANIC|EMERG|ALERT|ERROR|ERR|SEVERE|WARNING|WARN|NOTICE|INFO|DEBUG|TRACE)\b", re.I)
SAME = {"CRITICAL": "FATAL", "CRIT": "FATAL", "PANIC": "FATAL", "EMERG": "FATAL", "ALERT": "FATAL", "ERR": "ERROR", "SEVERE": "ERROR", "WARNING": "WARN", "NOTICE": "INFO", "TRACE": "DEBUG"}
BAD = re.compile(r"panic:|Traceback \(most recent|\b\w*(?:Exception|Error)\b|segfault|out of memory|OOM|killed process|no space left|permission denied|connection refused|timed? ?out|deadlock|core dumped|exit(?:ed with)? (?:code|status) [1-9]|\b5\d\d\b (?:Internal|Bad|Service|Gateway)", re.I)
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)")
OTHER = re.compile(r"(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d)")
SYSLOG = re.compile(r"^(\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)")
MONTHS = {name: at for at, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
FOLDS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I), "<uuid>"),
    (re.compile(r"https?://\S+"), "<url>"), (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b"), "<mail>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<ip>"), (re.compile(r"\b(?:0x)?[0-9a-f]{12,}\b", re.I), "<hex>"),
    (re.compile(r"'[^']{1,200}'|\"[^\"]{1,200}\""), "<text>"), (re.compile(r"(?:/[\w.@-]+){2,}/?"), "<path>"), (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
]
CONTINUED = re.compile(r"^(?:\s+|Caused by:|\.\.\. \d+ more|goroutine \d+|at |[\w$.]+(?:Exception|Error)(?::|$))")
MOST_PATTERNS = 50_000


def moment(line, year):
    head = line[:80]
    match = STAMP.search(head)
    try:
        if match:
            return datetime.datetime(*map(int, match.groups()))
        match = OTHER.search(head)
        if match:
            day, month, years, *rest = match.groups()
            return datetime.datetime(int(years), MONTHS[month], int(day), *map(int, rest))
        match = SYSLOG.search(head)
        if match:
            return datetime.datetime(year, MONTHS[match[1]], int(match[2]), *map(int, match.groups()[2:]))
    except (ValueError, KeyError):
        return None
    return None


def flat(line):
    """The words of a JSON line: time, level, message, error."""
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    numbers = {10: "TRACE", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}
    level = entry.get("level") or entry.get("severity") or entry.get("lvl") or ""
    stamp = entry.get("time") or entry.get("timestamp") or entry.get("ts") or entry.get("@timestamp") or ""
    if isinstance(stamp, (int, float)):
        stamp = datetime.datetime.fromtimestamp(stamp / 1000 if stamp > 1e11 else stamp, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    error = entry.get("error") or entry.get("err") or ""
    error = error.get("message", json.dumps(error)) if isinstance(error, dict) else error
    return " ".join(str(each) for each in (stamp, numbers.get(level, level), entry.get("msg") or entry.get("message") or "", error) if each != "") or line


def level_of(line):
    match = LEVEL.search(line[:200])
    level = match[1].upper() if match else None
    level = SAME.get(level, level)
    if level in (None, "INFO", "DEBUG") and BAD.search(line):
        return "ERROR" if level is None else "WARN"
    return level or "INFO"


def pattern_of(line):
    text = SYSLOG.sub("", line[:2000])
    for form, to in FOLDS:
        text = form.sub(to, text)
    return " ".join(text.split())[:300]


def lines_of(paths):
    for path in paths:
        try:
            if path == "-":
                stream = sys.stdin
            elif path.endswith(".gz"):
                stream = gzip.open(path, "rt", encoding="utf-8", errors="replace")
            else:
                stream = open(path, encoding="utf-8", errors="replace")
        except OSError as error:
            sys.exit(f"{path} can't be read: {error.strerror}")
        for number, line in enumerate(stream, 1):
            yield path, number, line.rstrip("\n")


class Pattern:
    def __init__(self, level, place, line, at):
        self.level, self.count, self.place, self.line, self.first, self.last, self.trace = level, 0, place, line, at, at, []


def gather(paths, since=None, until=None):
    found, minutes, total, now, last = {}, collections.Counter(), 0, None, None
    span = [None, None]
    year = datetime.date.today().year
    for path, number, raw in lines_of(paths):
        if not raw.strip():
            continue
        if last is not None and CONTINUED.match(raw) and moment(raw, year) is None:
            if len(last.trace) < 40 and last.count == 1:
                last.trace.append(raw.strip()[:200])
            continue
        line = flat(raw)
        now = moment(line, year) or now
        if (since and now and now < since) or (until and now and now > until):
            last = None
            continue
        total += 1
        level = level_of(line)
        key = (level, pattern_of(line))
        if key not in found:
            if len(found) >= MOST_PATTERNS:
                key = (level, "(others)")
            found.setdefault(key, Pattern(level, f"{path}:{number}", line, now))
        last = found[key]
        last.count += 1
        last.last = now
        if now:
            span = [span[0] or now, now]
            if level in ("FATAL", "ERROR"):
                minutes[now.replace(second=0)] += 1
    return found, minutes, total, span


def when(text):
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    sys.exit(f"{text!r} is no time; write 2026-03-01 14:05")


def show(entry, note=""):
    times = f", {entry.first:%m-%d %H:%M:%S} to {entry.last:%m-%d %H:%M:%S}" if entry.first and entry.last else ""
    print(f"\n{entry.level} x{entry.count}{times}{note}\n  {entry.place}: {entry.line[:300]}")
    causes = [line for line in entry.trace if line.startswith("Caused by:") or re.match(r"\w[\w.]*(?:Error|Exception)\b", line)]
    if causes:
        print(f"  cause: {causes[-1]}")
    frames = [line for line in entry.trace if re.match(r"at |File \"|goroutine", line) and not re.search(r"node_modules|site-packages|/lib/python|java\.base|node:internal", line)]
    if frames:
        print(f"  in: {(frames[-1] if frames[-1].startswith('File') else frames[0])}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--against", action="append", default=[], help="a log of good times")
    parser.add_argument("--since")
    parser.add_argument("--until")
    parser.add_argument("--top", type=int, default=12)
    parser.add_argument("--lines", action="store_true", help="the raw lines of the window")
    args = parser.parse_args()
    since, until = args.since and when(args.since), args.until and when(args.until)
    if args.lines:
        year, now, left = datetime.date.today().year, None, 400
        for path, number, raw in lines_of(args.files):
            now = moment(flat(raw), year) or now
            if now and (not since or now >= since - datetime.timedelta(minutes=1)) and (not until or now <= until):
                print(f"{path}:{number}: {raw[:400]}")
                left -= 1
                if left == 0:
                    print("… more; take a narrower window")
                    return
        return
    found, minutes, total, span = gather(args.files, since, until)
    by_level = collections.Counter()
    for entry in found.values():
        by_level[entry.level] += entry.count
    print(f"{total} lines, {len(found)} patterns" + (f", {span[0]:%Y-%m-%d %H:%M:%S} to {span[1]:%Y-%m-%d %H:%M:%S}" if span[0] else ", no times"))
    print(", ".join(f"{level} {by_level[level]}" for level in LEVELS if by_level[level]))
    wanted = [entry for entry in found.values() if entry.level in ("FATAL", "ERROR", "WARN")]
    notes = {}
    if args.against:
        good, _, good_total, _ = gather(args.against)
        rate = total / max(1, good_total)
        for key, entry in found.items():
            before = good[key].count * rate if key in good else 0
            if before == 0:
                notes[id(entry)] = ", NEW"
            elif entry.count > 10 * before:
                notes[id(entry)] = f", {entry.count / before:.0f} times as often"
        wanted = [entry for entry in found.values() if id(entry) in notes]
        print(f"compared with {good_total} lines of good times: {len(wanted)} patterns are new or far commoner")
    bad = [entry for entry in wanted if entry.level in ("FATAL", "ERROR")]
    timed = sorted((entry for entry in bad if entry.first), key=lambda entry: entry.first)
    if timed:
        print("\n== first error")
        show(timed[0], notes.get(id(timed[0]), ""))
    print(f"\n== {'new or commoner' if args.against else 'worst'}")
    for entry in sorted(wanted, key=lambda entry: (LEVELS.index(entry.level), -entry.count))[: args.top]:
        show(entry, notes.get(id(entry), ""))
    if not wanted:
        print("nothing: no errors, no warnings" if not args.against else "nothing new")
    if len(minutes) >= 2:
        usual = sorted(minutes.values())[len(minutes) // 2]
        peak, most = max(minutes.items(), key=lambda pair: pair[1])
        print(f"\n== errors a minute: usual {usual}, most {most} at {peak:%Y-%m-%d %H:%M}")


main()
