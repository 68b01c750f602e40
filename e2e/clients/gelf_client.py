"""Log the documents of a file as GELF over TCP with graypy: gelf_client.py HOST:PORT FILE."""

import json
import logging
import sys

import graypy

host, port = sys.argv[1].rsplit(":", 1)
log = logging.getLogger("shop.worker")
log.setLevel(logging.INFO)
handler = graypy.GELFTCPHandler(host, int(port), localname="web-1", debugging_fields=False)
log.addHandler(handler)
sent = 0
with open(sys.argv[2], encoding="utf-8") as f:
    for line in f:
        document = json.loads(line)
        message = document.pop("message", "no message")
        log.info("%s", message, extra={"document": json.dumps(document)})
        sent += 1
handler.close()
print(json.dumps({"sent": sent}))
