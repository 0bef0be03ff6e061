#!/usr/bin/env bash
# The nightly watch without a CI server. One line in the crontab:
#   30 2 * * *  bash /path/to/the/project/ci/verbatim/cron.sh
# Keys and ALARM_WEBHOOK may be in .env beside pyproject.toml (mode 600). cron mails what is printed: nothing on a
# quiet night, the whole log otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/verbatim
exec 9> build/verbatim/cron.lock
flock -n 9 || { echo "the last night is still running" >&2; exit 75; }
if [ -f .venv/bin/activate ]; then . .venv/bin/activate; fi
if [ -f .env ]; then set -a; . ./.env; set +a; fi
bash ci/verbatim/nightly.sh > build/verbatim/nightly.log 2>&1 && code=0 || code=$?
if [ "$code" -ne 0 ]; then cat build/verbatim/nightly.log; fi
exit "$code"
