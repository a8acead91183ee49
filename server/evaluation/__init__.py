"""Measurements of what the generators make, on recordings; never imported by serving code."""
