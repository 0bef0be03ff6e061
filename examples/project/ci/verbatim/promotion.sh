#!/usr/bin/env bash
# A promotion: ask CANDIDATE live, judge it by the promotion policy, publish the outcome.
#   promotion.sh CANDIDATE [BASELINE]
# Exits 0 for GO, 1 for NO-GO, 2 for INCONCLUSIVE, 3 where nothing was judged. Needs the key of the endpoint.
# With MLFLOW_TRACKING_URI set, the run goes there, and GO moves the alias `champion`.
set -euo pipefail
cd "$(dirname "$0")/../.."
candidate=${1:?usage: promotion.sh CANDIDATE [BASELINE]}
baseline=${2:-}
reports=${VERBATIM_REPORTS:-reports}
out=build/verbatim
mkdir -p "$out"

models=$candidate
if [ -n "$baseline" ] && ! harness runs show "$baseline" --report-dir="$reports" > /dev/null 2>&1; then
  models=$candidate,$baseline # no run of the baseline is kept, so it is asked as well
fi
# exit 1 means red cases: the gate decides
pytest --model="$models" --cassette-mode=live --report-dir="$reports" --junit-xml="$out/junit.xml" && asked=0 || asked=$?
if [ "$asked" -gt 1 ]; then exit 3; fi

harness gate --candidate "$candidate" ${baseline:+--baseline "$baseline"} --report-dir="$reports" --markdown \
  > "$out/verdict.md" && verdict=0 || verdict=$?
cat "$out/verdict.md"
if [ "$verdict" -gt 2 ]; then exit "$verdict"; fi

harness report "$candidate" --report-dir="$reports" --out="$out/pages"
if [ -n "$baseline" ]; then
  harness report "$candidate" --against "$baseline" --gate --report-dir="$reports" --out="$out/pages"
fi
if [ -n "${MLFLOW_TRACKING_URI:-}" ]; then
  harness runs publish "$candidate" ${baseline:+--baseline "$baseline"} --report-dir="$reports" \
    --mlflow "$MLFLOW_TRACKING_URI"
fi
if [ "$verdict" -eq 0 ]; then
  harness runs baseline "$candidate" --report-dir="$reports"
fi
exit "$verdict"
