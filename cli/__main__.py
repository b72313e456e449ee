"""Runs `python -m cli`, which `ews-push` calls."""

import sys

from cli.main import main

sys.exit(main())
