"""Doors that speak another product's wire, for agents that were written for it."""
