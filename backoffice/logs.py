"""What the log never holds: the tokens in addresses that open a page or a picture without a log-in.

Django names the path of every request that it refuses, and for these paths that would be the key itself.
"""

import logging
import re

TOKEN = re.compile(r"(/c/[a-z]+/|/v1/evidence/)[^\s/?#\"']+")


class NoTokens(logging.Filter):
    """Puts … in the place of each token, in the message as it would be written."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if TOKEN.search(message):
            record.msg, record.args = TOKEN.sub(r"\1…", message), ()
        return True
