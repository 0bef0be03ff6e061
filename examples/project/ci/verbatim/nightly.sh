#!/usr/bin/env bash
# Every night: ask the canary prompts live, look for drift, build the pages, sound the alarm.
# Exits 1 for an alarm (drift, answers that do not come, no night that can be read), otherwise non-zero if nothing was
# judged tonight, 2 if there are too few prompts to trust silence, and 0 for quiet and while the baseline nights are
# still being gathered. Needs the key of the endpoint.
# With ALARM_WEBHOOK set, every non-zero end is sent there; ALARM_FORMAT is slack (default), feishu, dingtalk or wecom,
# ALARM_LANG is en (default) or zh, and VERBATIM_PAGES the address of the pages, for a link.
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${VERBATIM_MODEL:-doubao}
reports=${VERBATIM_REPORTS:-reports}
out=build/verbatim
mkdir -p "$out"

# exit 1 means red cases, which is what a night may have; above that nothing was judged
pytest --model="$model" --suites=suites/canary --cassette-mode=live --report-dir="$reports" \
  --junit-xml="$out/junit.xml" && asked=0 || asked=$?

harness drift --model "$model" --suite canary --report-dir="$reports" > "$out/drift.txt" 2>&1 && state=0 || state=$?
cat "$out/drift.txt"
harness report --report-dir="$reports" --out="$out/pages"

# 2 of `harness drift` is green only while the baseline is in the making, which its second line then says; any other 2
# means that silence proves nothing (too few prompts), and other codes but 0 drift, or that nothing can be seen
code=$state
if [ "$state" -eq 2 ]; then
  english=$(harness --lang en drift --model "$model" --suite canary --report-dir="$reports" || true)
  if grep -A1 '^INCONCLUSIVE  ' <<< "$english" | grep -q '^  calibrating: '; then code=0; fi
fi
if [ "$asked" -gt 1 ] && [ "$code" -eq 0 ]; then code=$asked; fi
if [ "$code" -ne 0 ] && [ -n "${ALARM_WEBHOOK:-}" ]; then
  harness drift --model "$model" --suite canary --report-dir="$reports" --alarm --lang "${ALARM_LANG:-en}" \
    > "$out/alarm.txt" 2>&1 || true
  if [ "$asked" -gt 1 ]; then echo "CANNOT SEE  nothing was judged tonight: pytest ended with $asked"; fi >> "$out/alarm.txt"
  echo >> "$out/alarm.txt"
  cat "$out/drift.txt" >> "$out/alarm.txt"
  python3 ci/verbatim/alarm.py "$model" "$out/alarm.txt"
fi
exit "$code"
