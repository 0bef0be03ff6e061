"""Send the report of a night to a chat: `alarm.py MODEL REPORT.txt`. Address and form come from the environment.

The address of a webhook is a secret: it is read from ALARM_WEBHOOK, and never printed. What an endpoint says of itself
may be in the report: it is sent as plain text, so that no mention, link or picture in it acts.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from harness.show.sinks import chat_message


def main(model: str, report: Path) -> None:
    """Send; a webhook that cannot be reached, or refuses, is an error without its address."""
    found = report.read_text(encoding="utf-8", errors="replace")
    if not found.startswith(model):  # the report alone; `harness drift --alarm` begins with the model
        what = "has drifted" if found.startswith("DRIFT") else "cannot be watched: nothing can be seen"
        found = f"{model} {what}\n\n{found}"
    try:
        message = chat_message(os.environ.get("ALARM_FORMAT") or "slack", found, page=os.environ.get("VERBATIM_PAGES"))
    except ValueError as error:
        raise SystemExit(f"ALARM_FORMAT: {error}") from None
    address = os.environ["ALARM_WEBHOOK"]
    if not address.startswith(("https://", "http://")):
        raise SystemExit("ALARM_WEBHOOK: no address; accepted: https://...")
    data = json.dumps(message).encode()
    request = urllib.request.Request(address, data, {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            refused = refusal(answer.read(100_000))
    except urllib.error.HTTPError as error:
        error.close()
        raise SystemExit(f"the webhook answered {error.code}; see ALARM_WEBHOOK") from None
    except (OSError, ValueError) as error:
        raise SystemExit(f"the webhook cannot be reached ({type(error).__name__}); see ALARM_WEBHOOK") from None
    if refused:
        raise SystemExit(f"the webhook refused the message, {refused}; see ALARM_WEBHOOK and ALARM_FORMAT")


def refusal(body: bytes) -> str:
    """Feishu, DingTalk and WeCom answer 200 also where they refuse, and say so in `code` or `errcode`."""
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    for name in ("errcode", "code", "StatusCode"):
        number = said.get(name) if isinstance(said, dict) else None
        if isinstance(number, int) and number != 0:
            return f"{name} {number}"
    return ""


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
