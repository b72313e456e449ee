"""What an administrator types: subscriptions by file, and a look at each of them (docs/subscriptions.md)."""
