from workflows.models.absence import Absence
from workflows.models.action_type import ActionType
from workflows.models.agent import Agent
from workflows.models.calendar import Calendar
from workflows.models.chat_app import ChatApp
from workflows.models.chat_channel import ChatChannel
from workflows.models.gate import Gate
from workflows.models.ladder_step import LadderStep
from workflows.models.outcome_rule import OutcomeRule
from workflows.models.qualification import Qualification
from workflows.models.queue import Queue
from workflows.models.reason_code import ReasonCode
from workflows.models.release import Release
from workflows.models.route import Route
from workflows.models.secret import Secret
from workflows.models.separation_rule import SeparationRule
from workflows.models.skill import Skill
from workflows.models.stage import Stage
from workflows.models.stop import Stop
from workflows.models.team import Membership, Team
from workflows.models.trigger import Trigger
from workflows.models.webhook_endpoint import WebhookEndpoint
from workflows.models.workflow import Workflow

__all__ = [
    "Absence",
    "ActionType",
    "Agent",
    "Calendar",
    "ChatApp",
    "ChatChannel",
    "Gate",
    "LadderStep",
    "Membership",
    "OutcomeRule",
    "Qualification",
    "Queue",
    "ReasonCode",
    "Release",
    "Route",
    "Secret",
    "SeparationRule",
    "Skill",
    "Stage",
    "Stop",
    "Team",
    "Trigger",
    "WebhookEndpoint",
    "Workflow",
]
