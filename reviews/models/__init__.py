from reviews.models.attachment import Attachment
from reviews.models.audit_entry import AuditEntry
from reviews.models.audit_head import AuditHead
from reviews.models.audit_monitor import AuditMonitor
from reviews.models.case import Case
from reviews.models.certificate import Certificate
from reviews.models.chat_identity import ChatIdentity
from reviews.models.chat_post import ChatPost
from reviews.models.chat_press import ChatPress
from reviews.models.checkpoint import Checkpoint
from reviews.models.committed_answer import CommittedAnswer
from reviews.models.decision import Decision
from reviews.models.draft import Draft
from reviews.models.erasure import Erasure
from reviews.models.grant import Grant
from reviews.models.label import Label
from reviews.models.legal_hold import LegalHold
from reviews.models.mention import Mention
from reviews.models.message import Message
from reviews.models.notification import Notification
from reviews.models.opinion import Opinion
from reviews.models.outcome_run import OutcomeRun
from reviews.models.permit import Permit
from reviews.models.personal_token import PersonalToken
from reviews.models.proposal import Proposal
from reviews.models.receipt import Receipt
from reviews.models.replay import Replay
from reviews.models.review import Review
from reviews.models.saved_view import SavedView
from reviews.models.skip import Skip
from reviews.models.subject_data import SubjectData
from reviews.models.target import Target
from reviews.models.turn import Turn
from reviews.models.user_settings import UserSettings
from reviews.models.visit import Visit

__all__ = [
    "Attachment",
    "AuditEntry",
    "AuditHead",
    "AuditMonitor",
    "Case",
    "Certificate",
    "ChatIdentity",
    "ChatPost",
    "ChatPress",
    "Checkpoint",
    "CommittedAnswer",
    "Decision",
    "Draft",
    "Erasure",
    "Grant",
    "Label",
    "LegalHold",
    "Mention",
    "Message",
    "Notification",
    "Opinion",
    "OutcomeRun",
    "Permit",
    "PersonalToken",
    "Proposal",
    "Receipt",
    "Replay",
    "Review",
    "SavedView",
    "Skip",
    "SubjectData",
    "Target",
    "Turn",
    "UserSettings",
    "Visit",
]
