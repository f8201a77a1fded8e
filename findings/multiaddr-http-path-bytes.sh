#!/usr/bin/env bash
# The multiaddr `/http-path/a+b` has three packed forms: JavaScript packs "/a+b", Go "a b" and Python "a+b". What Python or Go packs of
# `/http-path/ipfs` JavaScript shows as `/http-path/pfs`, and what JavaScript packs they show as `/http-path/%2Fipfs`.
#
# protocols/httppath.md of the multiaddr specification: the text is one path segment of RFC 3986 (section 3.3), where "+" stands for itself;
# the packed form is the path without escapes, and addresses are to be compared packed. JavaScript puts a slash before the path when it packs,
# and takes the first character off, whatever it is, when it shows packed bytes; the other two have no slash. Go escapes as for a query,
# where "+" is a space, and so it shows `a%20b` as `a+b`, which is another path to the other two. All are silent: the address of a gateway or of
# an HTTP provider changes its path on the way from one node to another. No thread was found that tells of it.
#
# Installs: @multiformats/multiaddr 13.0.3 from npm, multiaddr 0.2.0 from PyPI, go-multiaddr v0.16.1 as a Go module, into a temporary folder.
# Ends with an error when the bytes or texts differ from what is written here.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --ignore-scripts --no-fund --no-audit --loglevel=error @multiformats/multiaddr@13.0.3 >/dev/null
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check multiaddr==0.2.0
cat >js.mjs <<'JS'
import { multiaddr } from '@multiformats/multiaddr'
const [what, value] = process.argv.slice(2)
console.log(what === 'pack' ? Buffer.from(multiaddr(value).bytes).toString('hex') : multiaddr(Uint8Array.from(Buffer.from(value, 'hex'))).toString())
JS
cat >py.py <<'PY'
import sys
from multiaddr import Multiaddr
what, value = sys.argv[1:]
print(Multiaddr(value).to_bytes().hex() if what == "pack" else Multiaddr(bytes.fromhex(value)))
PY
mkdir go
cat >go/main.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	ma "github.com/multiformats/go-multiaddr"
	"os"
)

func main() {
	if os.Args[1] == "pack" {
		fmt.Printf("%x\n", ma.StringCast(os.Args[2]).Bytes())
		return
	}
	packed, _ := hex.DecodeString(os.Args[2])
	fmt.Println(ma.Cast(packed))
}
GO
printf 'module paths\n\ngo 1.23\n\nrequire github.com/multiformats/go-multiaddr v0.16.1\n' >go/go.mod
(cd go && go mod tidy 2>/dev/null && go build -o paths .)
js() { node js.mjs "$@"; }
py() { venv/bin/python py.py "$@"; }
go_() { go/paths "$@"; }
expected() { # what was asked, answer, expected answer
    echo "$1: $2"
    [ "$2" = "$3" ] || { echo "the libraries answer otherwise now: $3 was expected"; exit 1; }
}
code=e103 # of http-path; then comes the length
expected 'JavaScript packs a+b' "$(js pack /http-path/a+b)" "${code}042f612b62"
expected 'Go packs a+b        ' "$(go_ pack /http-path/a+b)" "${code}03612062"
expected 'Python packs a+b    ' "$(py pack /http-path/a+b)" "${code}03612b62"
expected 'Go shows a%20b      ' "$(go_ show "$(go_ pack /http-path/a%20b)")" /http-path/a+b
expected 'JavaScript shows what Python packed of ipfs' "$(js show "$(py pack /http-path/ipfs)")" /http-path/pfs
expected 'JavaScript shows what Go packed of ipfs    ' "$(js show "$(go_ pack /http-path/ipfs)")" /http-path/pfs
expected 'Go shows what JavaScript packed of ipfs    ' "$(go_ show "$(js pack /http-path/ipfs)")" /http-path/%2Fipfs
expected 'Python shows what JavaScript packed of ipfs' "$(py show "$(js pack /http-path/ipfs)")" /http-path/%2Fipfs
echo "as found: one path, three packed forms"
