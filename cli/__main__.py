"""`python -m cli`, which is what `ews-push` calls."""

import sys

from cli.main import main

sys.exit(main())
