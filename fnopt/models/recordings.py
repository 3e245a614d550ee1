"""Recordings that ship with the package."""

from __future__ import annotations

from pathlib import Path

DEMO = Path(__file__).with_name("recordings") / "demo.jsonl"
