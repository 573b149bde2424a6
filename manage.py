#!/usr/bin/env python
"""Django's command line, with one addition: the commands of a local trial write its settings before they are read."""

import os
import sys

from django.core.management import execute_from_command_line

from backoffice import local


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    if sys.argv[1:2] in (["up"], ["down"], ["reset"], ["doctor"]):
        local.ensure_settings()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
