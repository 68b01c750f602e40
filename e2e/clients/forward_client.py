"""Send the documents of a file over Fluentd's forward protocol: forward_client.py HOST:PORT FILE."""

import json
import sys

from fluent import sender

host, port = sys.argv[1].rsplit(":", 1)
logger = sender.FluentSender("shop", host=host, port=int(port), nanosecond_precision=True)
sent = 0
with open(sys.argv[2], encoding="utf-8") as f:
    for line in f:
        if not logger.emit("worker", json.loads(line)):
            raise SystemExit(f"not sent: {logger.last_error}")
        sent += 1
logger.close()
print(json.dumps({"sent": sent}))
