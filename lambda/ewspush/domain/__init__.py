"""The rules: what a notification means for its subscription, and what the consumer is told."""
