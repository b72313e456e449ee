"""The stack: a construct for each capability, and one stack that wires them."""
