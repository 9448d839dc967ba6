"""Reads tables: CSV in any usual dialect, JSON, JSON lines. Shared by the other scripts."""
import csv
import datetime
import io
import json
import re
import sys

MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a"}
DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y-%m", "%d.%m.%Y %H:%M")


def decode(data):
    for name in ("utf-8-sig", "utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", errors="replace"), "cp1252"


def read(path):
    """(columns, rows as lists of texts, a line about the form)"""
    try:
        data = sys.stdin.buffer.read() if path == "-" else open(path, "rb").read()
    except OSError as error:
        sys.exit(f"{path} can't be read: {error.strerror}")
    text, encoding = decode(data)
    if not text.strip():
        sys.exit(f"{path} is empty.")
    if text.lstrip()[0] in "[{":
        return from_json(text, encoding)
    sample = text[:20000]
    delimiter = max(",;\t|", key=lambda mark: min((line.count(mark) for line in sample.splitlines()[:20] if line.strip()), default=0))
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    head = [name.strip() or f"column {at + 1}" for at, name in enumerate(rows[0])]
    broken = sum(len(row) != len(head) for row in rows[1:])
    body = [(row + [""] * len(head))[: len(head)] for row in rows[1:]]
    form = f"CSV, delimiter {json.dumps(delimiter)}, {encoding}" + (f"; {broken} rows have another number of cells" if broken else "")
    return head, body, form


def from_json(text, encoding):
    try:
        data = json.loads(text)
        form = "JSON"
    except ValueError:
        try:
            data, form = [json.loads(line) for line in text.splitlines() if line.strip()], "JSON lines"
        except ValueError as error:
            sys.exit(f"This is neither JSON nor JSON lines: {error}")
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list) and value and isinstance(value[0], dict)), [data])
    records = [row if isinstance(row, dict) else {"value": row} for row in data]
    head = list(dict.fromkeys(key for row in records for key in row))
    return head, [["" if row.get(key) is None else row[key] if isinstance(row[key], str) else json.dumps(row[key], ensure_ascii=False) for key in head] for row in records], f"{form}, {encoding}"


def is_missing(cell):
    return cell.strip().lower() in MISSING


def decimal_comma(cells):
    """Whether a column writes 1.234,56."""
    comma = sum(bool(re.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})*,\d+", cell.strip(" €$£%"))) for cell in cells)
    point = sum(bool(re.fullmatch(r"[-+]?\d[\d,]*\.\d+", cell.strip(" €$£%"))) for cell in cells)
    return comma > point


def number(cell, comma=False):
    text = cell.strip().strip("€$£%").replace("\u00a0", "").replace(" ", "").replace("'", "")
    text = text.replace(".", "").replace(",", ".") if comma else text.replace(",", "") if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) != float("inf") else None


def date_forms(cells):
    """How a column writes its dates, and what is doubtful about that: of 03/04/2026 alone nobody can tell which is the month."""
    pairs = [re.match(r"\s*(\d{1,2})/(\d{1,2})/\d{4}\b", cell) for cell in cells]
    pairs = [(int(match[1]), int(match[2])) for match in pairs if match]
    day_first, month_first = any(one > 12 for one, _ in pairs), any(other > 12 for _, other in pairs)
    if month_first and not day_first:
        return tuple(form for form in DATES if form != "%d/%m/%Y"), ""
    if day_first and month_first:
        return DATES, "some dates begin with the day and some with the month"
    if pairs and not day_first:
        return DATES, "whether its dates begin with the day or the month can't be told; read as day/month"
    return tuple(form for form in DATES if form != "%m/%d/%Y"), ""


def date(cell, forms=DATES):
    text = re.sub(r"(\.\d+)?(Z|[+-]\d\d:?\d\d)$", "", cell.strip())
    for form in forms:
        try:
            return datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def shown(value):
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 and abs(value) < 1e15 else f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
