"""The stack: a construct for each capability, and one stack that wires them."""

import os

# jsii prints a banner for Node 20, which the machines of many administrators still have; the value is the version.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
