"""Sections of bench/RESULTS.md that a benchmark writes itself: each stands between two marks."""
import datetime
import os

from rpc import commit


def marks(name):
    return f"<!-- {name} begin -->", f"<!-- {name} end -->"


def read_section(path, name):
    """What stands between the marks; empty where they are not there."""
    begin, end = marks(name)
    text = path.read_text() if path.exists() else ""
    return text.split(begin, 1)[1].split(end, 1)[0] if begin in text else ""


def write_section(path, name, title, body):
    """Puts `body` between the marks; a section that is not there comes last, under its title."""
    begin, end = marks(name)
    text = path.read_text() if path.exists() else "# Results\n"
    if begin not in text:
        text = text.rstrip("\n") + f"\n\n## {title}\n\n{begin}\n{end}\n"
    head, rest = text.split(begin, 1)
    path.write_text(head + begin + "\n" + body.strip("\n") + "\n" + end + rest.split(end, 1)[1])


def provenance(program, arguments, device):
    """One line: the command, the commit, the day, the device and how busy the machine was."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (f"`{' '.join([program, *arguments])}`, commit {commit()}, {datetime.date.today()}, on "
            f"{device}, load average {load}.")


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
