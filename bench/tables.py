"""Percentiles, and rows of the tables in RESULTS.md."""
import math
import pathlib


def percentile(values, percent):
    """Nearest rank; nan where there are no values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(math.ceil(percent / 100 * len(ordered)), 1) - 1]


def write_rows(path, name, rows):
    """Puts rows into the table between <!-- NAME begin --> and <!-- NAME end -->: a row with the
    same first two cells is replaced."""
    file = pathlib.Path(path)
    before, begin, rest = file.read_text().partition(f"<!-- {name} begin -->\n")
    table, end, after = rest.partition(f"<!-- {name} end -->")
    if not begin or not end:
        raise SystemExit(f"error: {path} has no table '{name}'")
    key = lambda row: [cell.strip() for cell in row.split("|")[1:3]]
    kept = [row for row in table.splitlines() if key(row) not in [key(r) for r in rows]]
    file.write_text(before + begin + "\n".join(kept + rows) + "\n" + end + after)
