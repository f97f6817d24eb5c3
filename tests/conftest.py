"""Tests read English, whatever the system speaks; tests of other languages say which."""

import os

os.environ["HAMLETSIM_LANG"] = "en"
