#!/usr/bin/env bash
# Whether the node in this container lives: its HTTP room says so at /health.
set -euo pipefail
address="${1:-127.0.0.1:9464}"
exec 3<> "/dev/tcp/${address%:*}/${address##*:}"
printf 'GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address" >&3
IFS= read -r -t 4 line <&3
case "$line" in
    "HTTP/1.1 200 "*) exit 0 ;;
    *) printf 'the node answers: %s\n' "$line" >&2 && exit 1 ;;
esac
