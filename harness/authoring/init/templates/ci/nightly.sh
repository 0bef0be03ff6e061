#!/usr/bin/env bash
# Every night: ask the canary prompts live, look for drift, build the pages, sound the alarm.
# Exits 1 for an alarm (drift, answers that do not come, no night that can be read), otherwise non-zero if nothing was
# judged tonight, 2 if there are too few prompts to trust silence, and 0 for quiet and while the baseline nights are
# still being gathered. Needs the key of the endpoint.
# With ALARM_WEBHOOK set, every non-zero end is sent there; ALARM_FORMAT is slack (default), feishu, dingtalk or wecom,
# ALARM_LANG is en (default) or zh, and VERBATIM_PAGES the address of the pages, for a link.
set -euo pipefail
cd "$(dirname "$0")/../.."
model=${VERBATIM_MODEL:-@{name}}
reports=${VERBATIM_REPORTS:-reports}
out=build/verbatim
mkdir -p "$out"
blind=
# what the night says is in the language of who reads the alarm
if [ -n "${ALARM_LANG:-}" ]; then export HARNESS_LANG=$ALARM_LANG; fi

# exit 1 means red cases, which is what a night may have; above that nothing was judged
pytest --model="$model" --suites=suites/canary --cassette-mode=live --report-dir="$reports" \
  --junit-xml="$out/junit.xml" 2>&1 | tee "$out/pytest.txt" && asked=0 || asked=${PIPESTATUS[0]}

said=$(harness drift --model "$model" --suite canary --report-dir="$reports" 2>&1) && state=0 || state=$?
echo "$said"
if [ "$asked" -gt 1 ]; then
  # why comes first, in the alarm and in the report: "calibrating" alone would read as a quiet night
  blind="CANNOT SEE  nothing was judged tonight: pytest ended with $asked"
  if [ "${ALARM_LANG:-en}" = zh ]; then blind="CANNOT SEE  今晚没有判定任何用例：pytest 退出码 $asked"; fi
  why=$(grep -m1 -E '^(model |模型 |pytest: error|ERROR: [^u]|OSError|the run record was not|运行记录没有写入|harness: )' "$out/pytest.txt" | cut -c1-300 || true)
  blind="$blind${why:+$'\n'  ${why#ERROR: }}"
  echo "$blind"
fi
# a disk that is full, or pages that cannot be built, must not keep the alarm from being sent
written=0
echo "${blind:+$blind$'\n\n'}$said" > "$out/drift.txt" || written=1
harness report --report-dir="$reports" --out="$out/pages" || written=$?

# 2 of `harness drift` is green only while the baseline is in the making, which its second line then says; any other 2
# means that silence proves nothing (too few prompts), and other codes but 0 drift, or that nothing can be seen
code=$state
if [ "$state" -eq 2 ]; then
  english=$(harness --lang en drift --model "$model" --suite canary --report-dir="$reports" || true)
  if grep -A1 '^INCONCLUSIVE  ' <<< "$english" | grep -q '^  calibrating: '; then code=0; fi
fi
if [ "$asked" -gt 1 ] && [ "$code" -eq 0 ]; then code=$asked; fi
if [ "$code" -eq 0 ]; then code=$written; fi
if [ "$written" -ne 0 ]; then said="$out: the report or the pages cannot be written"$'\n\n'"$said"; fi
if [ "$code" -ne 0 ] && [ -n "${ALARM_WEBHOOK:-}" ]; then
  alarm=$(harness drift --model "$model" --suite canary --report-dir="$reports" --alarm --lang "${ALARM_LANG:-en}" 2>&1 || true)
  if [ "$alarm" != "$said" ]; then alarm="$alarm"$'\n\n'"$said"; fi
  alarm="${blind:+$model  $blind$'\n'}$alarm"
  if echo "$alarm" > "$out/alarm.txt"; then
    python3 ci/verbatim/alarm.py "$model" "$out/alarm.txt"
  else
    python3 ci/verbatim/alarm.py "$model" <(echo "$alarm")
  fi
fi
exit "$code"
