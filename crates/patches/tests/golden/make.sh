#!/bin/sh
# Writes the patches beside this file with the tools themselves: each turns the folder `old` into the folder `new`.
# Needs git, GNU diff, busybox, hg, svn, python3 and node with the package `diff` (NODE_PATH); a tool that is missing is named and left out.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C TZ=UTC GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HGRCPATH=/dev/null HGUSER="A Curator <curator@example.org>"
export GIT_AUTHOR_NAME="A Curator" GIT_AUTHOR_EMAIL=curator@example.org GIT_COMMITTER_NAME="A Curator" GIT_COMMITTER_EMAIL=curator@example.org
export GIT_AUTHOR_DATE="2026-01-02T03:04:05+0000" GIT_COMMITTER_DATE="2026-01-02T03:04:05+0000"

has() { command -v "$1" >/dev/null || { echo "$1 is missing: its patches stay as they are" >&2; return 1; }; }

# Both folders, of one date, in a folder of their own.
folders() {
    mkdir -p "$1" && cp -R "$here/old" "$here/new" "$1" && find "$1" -exec touch -d "2026-01-02 03:04:05" {} +
}

# The set as it should be in place of what is there.
renew() { find . -type f -not -path './.*' -delete && cp -R "$here/new/." .; }

if has diff; then
    folders "$work/diff" && cd "$work/diff"
    for options in ruN ruNU0 ruNp; do diff -$options old new >"$here/diff-$options.patch" || true; done
    (cd old && diff -ruN . ../new >"$here/diff-dot.patch" || true)
    diff -ruN "$work/diff/old" "$work/diff/new" | sed "s|$work/diff|/curator/sets|g" >"$here/diff-absolute.patch" || true
    diff -ruN --color=always old new >"$here/diff-colours.patch" || true
    # Refused ones.
    diff -ru old new >"$here/refused-diff-ru.patch" || true
    diff -crN old new >"$here/refused-diff-c.patch" || true
    diff -rN old new >"$here/refused-diff-plain.patch" || true
    sed 's/^Only in /Nur in /' "$here/refused-diff-ru.patch" >"$here/refused-diff-ru-german.patch"
    sed 's/^Only in \(.*\): \(.*\)/\1のみに存在: \2/' "$here/refused-diff-ru.patch" >"$here/refused-diff-ru-japanese.patch"
    sed 's/$/\r/' diff-ruN.patch 2>/dev/null || sed 's/$/\r/' "$here/diff-ruN.patch" >"$here/diff-crlf.patch"
    (printf '\377\376' && sed 's/$/\r/' "$here/diff-ruN.patch" | iconv -f UTF-8 -t UTF-16LE) >"$here/diff-powershell.patch"
    (printf '\357\273\277' && cat "$here/diff-ruN.patch") >"$here/diff-mark.patch"
    sed 's/^\\ .*/\\ Pas de fin de ligne à la fin du fichier/' "$here/diff-ruN.patch" >"$here/diff-french.patch"
fi
if has busybox; then
    cd "$work/diff" && busybox diff -ruN old new >"$here/busybox-ruN.patch" || true
fi
if has git; then
    folders "$work/git" && cd "$work/git"
    git diff --no-index --no-renames old new >"$here/git-no-index.patch" || true
    mkdir -p repo && cp -R "$here/old/." repo && cd repo && git init -q && git add -A && git commit -q -m before && renew && git add -A
    git diff --cached >"$here/git-diff.patch"
    git -c diff.noprefix=true diff --cached >"$here/git-noprefix.patch"
    git -c diff.mnemonicPrefix=true diff --cached >"$here/git-mnemonic.patch"
    git diff --cached --color=always --ws-error-highlight=none >"$here/git-colours.patch"
    git diff --cached -U0 >"$here/git-U0.patch"
    git diff --cached --find-copies-harder -M10% >"$here/git-renames.patch"
    git -c core.quotePath=false diff --cached >"$here/git-unquoted.patch"
    git diff --cached | sed 's/$/\r/' >"$here/git-crlf.patch"
    git diff --cached --stat >"$here/refused-git-stat.patch"
    git diff --cached --word-diff >"$here/refused-git-words.patch"
    git reset -q --hard && cp "$here/new/a.csv" a.csv && git commit -q -a -m "[rows] a.csv is corrected" && renew && git add -A && git commit -q -m "Größe: the rest"
    git format-patch -q --stdout -2 >"$here/mail-two.patch"
    git format-patch -q --stdout -1 --attach >"$work/attached" && sed 's/------------[0-9.]*/------------2.39.5/' "$work/attached" >/dev/null
    git diff HEAD~2 HEAD | python3 "$here/mails.py" "$here" 2>/dev/null || echo "python3 is missing: mails stay as they are" >&2
    git log -p --reverse -2 >"$here/git-log.patch"
    cd .. && mkdir -p above/sets && cp -R "$here/old" above/sets/mine && cd above && git init -q && git add -A && git commit -q -m before
    (cd sets/mine && renew) && git add -A && git diff --cached >"$here/git-above.patch"
fi
if has hg; then
    mkdir -p "$work/hg" && cp -R "$here/old/." "$work/hg" && cd "$work/hg" && hg init && hg add -q && hg commit -q -m before -d "1767323045 0"
    renew && hg addremove -q -s 100
    hg diff --config diff.git=no | sed 's/^\(+++ .*\t\).*/\1Fri Jan 02 03:04:05 2026 +0000/; s/^\(+++ .*\)Thu Jan 01/\1Thu Jan 01/' >"$here/hg-diff.patch"
    hg diff --git >"$here/hg-git.patch"
    hg commit -q -m "The rest" -d "1767323045 0" && hg export --git >"$here/hg-export.patch"
fi
if has svn; then
    svnadmin create "$work/svn" && export LC_ALL=C.UTF-8 && svn -q import -m before "$here/old" "file://$work/svn" && svn -q checkout "file://$work/svn" "$work/checkout" && cd "$work/checkout"
    renew && svn status | sed -n 's/^!  *//p' | while read -r gone; do svn -q delete "$gone"; done
    svn -q add --force . && svn diff >"$here/svn-diff.patch"
    svn -q propset svn:eol-style native a.csv && svn diff >"$here/svn-properties.patch"
    export LC_ALL=C
fi
if has python3; then python3 "$here/difflib.py" "$here" >"$here/difflib.patch"; fi
if has node; then node "$here/jsdiff.js" "$here" >"$here/jsdiff.patch" || echo "the package \`diff\` is missing for node" >&2; fi
