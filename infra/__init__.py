"""The CDK stack: one construct per capability, and a stack that wires them."""
