"""Baselines, and recovery after a gap, by SyncFolderHierarchy and SyncFolderItems."""
