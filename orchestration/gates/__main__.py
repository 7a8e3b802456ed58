"""`python -m orchestration.gates`: the rules that need no built hub, for a check before each commit."""

from __future__ import annotations

import sys

from orchestration.gates import file_gates, project_files

found = sorted(set(file_gates(*project_files())), key=str)
for violation in found:
    print(violation)
sys.exit(1 if found else 0)
