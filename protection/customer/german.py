"""The sentences that customers read, in German: read once from german.txt, where the English one is the key.

A line is English and the next, set in, its German; lines that begin with # say which page they are of.
"""

from itertools import pairwise
from pathlib import Path

_LINES = Path(__file__).with_name("german.txt").read_text("utf-8").splitlines()
GERMAN = {english: german.strip() for english, german in pairwise(_LINES) if german.startswith("    ")}
