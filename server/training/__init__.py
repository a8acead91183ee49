"""Corpora, data sets, losses, loop and recipes. Never imported by serving code."""
