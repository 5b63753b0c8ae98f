"""The GPT, its configurations, and its loss."""
