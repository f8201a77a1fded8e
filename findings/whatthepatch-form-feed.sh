#!/usr/bin/env bash
# whatthepatch cuts an added line at a form feed or U+2028, and takes what comes after it for an instruction: text in a patch can take away
# a line that the patch keeps. It applies without an error.
#
# In a unified diff a line ends at a newline and nowhere else (POSIX diff, "Diff -u Output Format"); git, patch, unidiff and jsdiff read it
# so. whatthepatch splits with Python's `str.splitlines`, which also breaks at U+000B, U+000C, U+001C-1E, U+0085, U+2028 and U+2029. Such
# characters are common in training texts: books have form feeds between chapters, scraped pages have U+2028. The rest of the line is lost, or,
# where it begins with "-", "+" or a space, counts as a line of the hunk, and the true last lines of the hunk fall off its end.
# No thread was found that tells of it.
#
# Installs: whatthepatch 1.0.7 and unidiff 1.0.1 from PyPI into a temporary folder; needs git.
# Ends with an error when the results differ from what is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check whatthepatch==1.0.7 unidiff==1.0.1
cat >apply.py <<'PY'
import subprocess, sys
from importlib.metadata import version
from pathlib import Path
import unidiff
import whatthepatch

print("whatthepatch", version("whatthepatch"), "unidiff", version("unidiff"))
old = "one\ntwo\nthree\n"
as_found = True
for added, wrong in [
    ("CHAPTER II\fIt was late.", ["one", "CHAPTER II", "two", "three"]),       # half of the line is lost
    ("first\u2028second", ["one", "first", "two", "three"]),
    ("A list:\f-two", ["one", "A list:", "three"]),                            # the line "two" is lost, which the patch keeps
]:
    patch = f"--- a/text\n+++ b/text\n@@ -1,2 +1,3 @@\n one\n+{added}\n two\n"
    Path("text").write_text(old)
    subprocess.run(["git", "apply"], input=patch.encode(), check=True)
    right = Path("text").read_text().split("\n")[:-1]
    found = whatthepatch.apply_diff(next(whatthepatch.parse_patch(patch)), old)
    by_unidiff = [str(line) for line in unidiff.PatchSet(patch)[0][0]]
    print(f"added {added!r}\n  git          {right}\n  whatthepatch {found}")
    as_found &= right == ["one", added, "two", "three"] and found == wrong and by_unidiff[1] == f"+{added}\n"
print("as found: whatthepatch applies another patch" if as_found else "whatthepatch reads the patches otherwise now")
sys.exit(0 if as_found else 1)
PY
venv/bin/python apply.py
