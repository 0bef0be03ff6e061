#!/usr/bin/env bash
# Every night: ask the canary prompts live, look for drift, build the pages, sound the alarm.
# Exits 1 for drift, 0 for quiet and while the baseline nights are still being gathered. Needs the key of the endpoint.
# With ALARM_WEBHOOK set, drift is told there; ALARM_FORMAT is slack (default), feishu, dingtalk or wecom.
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${VERBATIM_MODEL:-@{name}}
reports=${VERBATIM_REPORTS:-reports}
out=build/verbatim
mkdir -p "$out"

# exit 1 means red cases, which is what a night may have; above that nothing was judged
pytest --model="$model" --suites=suites/canary --cassette-mode=live --report-dir="$reports" \
  --junit-xml="$out/junit.xml" && asked=0 || asked=$?

harness drift --model "$model" --suite canary --report-dir="$reports" > "$out/drift.txt" && state=0 || state=$?
cat "$out/drift.txt"
harness report --report-dir="$reports" --out="$out/pages"

if [ "$state" -eq 1 ] && [ -n "${ALARM_WEBHOOK:-}" ]; then
  python3 ci/verbatim/alarm.py "$model" "$out/drift.txt"
fi
if [ "$asked" -gt 1 ]; then exit "$asked"; fi
test "$state" -eq 2 || exit "$state"
