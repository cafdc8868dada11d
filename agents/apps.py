from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        # Spectacular finds extensions by their being imported.
        from agents.api import openapi  # noqa: F401
