#!/bin/sh
# Compress a text with xz, and log how large it is and how long that took. Usage:
#   sh measure.sh --mode=normal --mf=bt4 --nice=64 --depth=0 --dict=1024 --lc=3 --pb=2
# The text is Python's own documentation. Only the last line needs Python: it is W&B's client.
set -eu
filter=""
for argument in "$@"; do
  case "$argument" in
    --dict=*) filter="$filter,${argument#--}KiB" ;;
    --*=*) filter="$filter,${argument#--}" ;;
    *) echo "measure.sh: not an option: $argument" >&2; exit 2 ;;
  esac
done
text="$(python3 -c 'import pydoc_data.topics as topics; print(topics.__file__)')"
began="$(date +%s%N)"
size="$(xz --stdout --check=none --format=raw --lzma2="preset=6$filter" "$text" | wc -c)"
ended="$(date +%s%N)"
python3 -c '
import sys, wandb
size, nanoseconds = map(int, sys.argv[1:])
with wandb.init() as run:
    run.log({"kilobytes": size / 1000, "milliseconds": nanoseconds / 1e6})
' "$size" "$((ended - began))"
