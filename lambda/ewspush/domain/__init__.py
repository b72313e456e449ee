"""The rules, without I/O but through ports: receiving, renewing, recovering, forwarding, and the keeper that checks."""
