#!/bin/sh
# Compress a text with xz, and log how large it is and how long that took. Usage:
#   sh measure.sh python3 --mode=normal --mf=bt4 --nice=64 --depth=0 --dict=1024 --lc=3 --pb=2
# The text is Python's own documentation. The first argument is a Python that has W&B's client.
set -eu
python="$1"
shift
filter=""
for argument in "$@"; do
  case "$argument" in
    --dict=*) filter="$filter,${argument#--}KiB" ;;
    --*=*) filter="$filter,${argument#--}" ;;
    *) echo "measure.sh: not an option: $argument" >&2; exit 2 ;;
  esac
done
text="$("$python" -c 'import pydoc_data.topics as topics; print(topics.__file__)')"
began="$(date +%s%N)"
size="$(xz --stdout --check=none --format=raw --lzma2="preset=6$filter" "$text" | wc -c)"
ended="$(date +%s%N)"
"$python" -c '
import sys, wandb
size, nanoseconds = map(int, sys.argv[1:])
with wandb.init() as run:
    run.log({"kilobytes": size / 1000, "milliseconds": nanoseconds / 1e6})
' "$size" "$((ended - began))"
