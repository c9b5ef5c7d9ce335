"""What do the names in a view mean?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Words = Mapping[str, str] | str  # catalog.Texts
# Codes → names: plans, families, resources ("ip" and "resource:ip"), and "case:<kind_reason>" → the policy's sentence.
Names = Mapping[str, Words]
Operation = Literal["plan", "resources", "period"]  # D1: different operations, never mixed
Direction = Literal["up", "down", "sideways"]
Kind = Literal["easy", "hard"]
