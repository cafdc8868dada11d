from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage


class FakeModel(GenericFakeChatModel):
    def bind_tools(self, *args, **options):
        return self


CALLS = [
    {"name": "refund", "args": {"order": "A1", "amount": "900.00"}, "id": "c1"},
    {"name": "refund", "args": {"order": "A2", "amount": "800.00"}, "id": "c2"},
]
model = FakeModel(messages=iter([AIMessage("", tool_calls=CALLS), AIMessage("done")]))
