"""Metrics, intervals and comparison, read from `Predictions` alone."""
