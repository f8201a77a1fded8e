"""What difflib writes, file by file."""

import sys
# This file's own name must not stand before the module's.
sys.path = [place for place in sys.path if place != sys.argv[1] and place]
import difflib
import os


def lines(folder, path):
    full = os.path.join(sys.argv[1], folder, path)
    return open(full, encoding="utf-8", newline="").read().splitlines(True) if os.path.exists(full) else None


def paths(folder):
    top = os.path.join(sys.argv[1], folder)
    return [os.path.relpath(os.path.join(here, name), top) for here, _, names in os.walk(top) for name in names]


sys.stdout.reconfigure(encoding="utf-8", newline="")
for path in sorted(set(paths("old") + paths("new"))):
    old, new = lines("old", path), lines("new", path)
    names = ("/dev/null" if old is None else "a/" + path, "/dev/null" if new is None else "b/" + path)
    sys.stdout.writelines(difflib.unified_diff(old or [], new or [], *names))
