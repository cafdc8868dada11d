"""The draws of sampling: HMAC(secret, purpose ‖ case id), a number in [0, 1).

Whoever knows the secret can repeat a draw, no agent can foresee one, and each purpose draws
its own: a case sampled for review before the action is not thereby audited after it.
"""

import hashlib
import hmac
from uuid import UUID

from django.conf import settings


def draw(purpose: str, case_id: UUID) -> float:
    digest = hmac.new(settings.SAMPLING_SECRET, purpose.encode() + case_id.bytes, hashlib.sha256)
    # 53 bits are what a float holds exactly.
    return (int.from_bytes(digest.digest()[:8], "big") >> 11) / 2**53
