from agents.models.agent_key import AgentKey
from agents.models.idempotency_key import IdempotencyKey

__all__ = ["AgentKey", "IdempotencyKey"]
