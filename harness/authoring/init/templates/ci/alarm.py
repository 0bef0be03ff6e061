"""Send the drift report to a chat: `alarm.py MODEL DRIFT.txt`. The address and its form come from the environment.

The address of a webhook is a secret: it is read from ALARM_WEBHOOK, and never printed.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

LONGEST = 3000
"""Characters of the report that are sent; chats refuse much longer ones."""


def body(form: str, text: str) -> dict[str, object]:
    """The message in the form that the chat wants."""
    if form == "slack":
        return {"text": text}
    if form == "feishu":
        return {"msg_type": "text", "content": {"text": text}}
    if form in ("dingtalk", "wecom"):
        return {"msgtype": "text", "text": {"content": text}}
    raise SystemExit(f"ALARM_FORMAT: found {form!r}; accepted: slack, feishu, dingtalk, wecom")


def main(model: str, report: Path) -> None:
    """Send; a webhook that cannot be reached is an error without its address."""
    text = f"{model} has drifted\n\n{report.read_text(encoding='utf-8')[:LONGEST]}"
    data = json.dumps(body(os.environ.get("ALARM_FORMAT", "slack"), text)).encode()
    address = os.environ["ALARM_WEBHOOK"]
    if not address.startswith(("https://", "http://")):
        raise SystemExit("ALARM_WEBHOOK: no address; accepted: https://...")
    request = urllib.request.Request(address, data, {"content-type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30):  # noqa: S310
            pass
    except urllib.error.HTTPError as error:
        raise SystemExit(f"the webhook answered {error.code}; see ALARM_WEBHOOK") from None
    except (OSError, ValueError) as error:
        raise SystemExit(f"the webhook cannot be reached ({type(error).__name__}); see ALARM_WEBHOOK") from None


main(sys.argv[1], Path(sys.argv[2]))
