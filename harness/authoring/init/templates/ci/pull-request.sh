#!/usr/bin/env bash
# A pull request: replay the recorded answers and fail on a proven regression (1), or where nothing can be judged (3).
# Needs no key and no network. Leaves junit.xml, comment.md and pages/ in build/verbatim/.
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${VERBATIM_MODEL:-@{name}}
reports=${VERBATIM_REPORTS:-reports}
out=build/verbatim
mkdir -p "$out"

# exit 1 means red cases: the reader looks at them, the gate decides
pytest --model="$model" --report-dir="$reports" --junit-xml="$out/junit.xml" && asked=0 || asked=$?
if [ "$asked" -gt 1 ]; then exit 3; fi
if grep -q '<error ' "$out/junit.xml"; then # judged would be an older run of this version, in place of the change
  echo "Nothing is judged: cases have no recorded answer. Run \`pytest --model=$model --cassette-mode=record\` and" \
    "commit the new lines." | tee "$out/comment.md"
  exit 3
fi

harness gate --candidate "$model" --policy ci/verbatim/pull-request.toml --report-dir="$reports" --markdown \
  > "$out/comment.md" && verdict=0 || verdict=$?
baseline=$(harness runs baseline --json --report-dir="$reports" \
  | python3 -I -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$model")
if [ -n "$baseline" ]; then
  harness compare "$baseline" "$model" --report-dir="$reports" --markdown >> "$out/comment.md"
fi
harness report "$model" --report-dir="$reports" --out="$out/pages"
cat "$out/comment.md"

# 2 is "not enough evidence": noted in the comment, but not a reason to block a change
test "$verdict" -eq 2 || exit "$verdict"
