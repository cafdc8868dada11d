"""Agents, their keys, and where they are told of their cases."""

from agents.admin import agents, endpoints, keys

__all__ = ["agents", "endpoints", "keys"]
