"""The `ews-push` command, with which an operator manages subscriptions (docs/subscriptions.md)."""
