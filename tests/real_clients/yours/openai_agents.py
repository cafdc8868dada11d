from agents.testing import ScriptedModel, assistant_message, function_call

from agents import set_tracing_disabled

set_tracing_disabled(True)


def _call(order, amount, call_id):
    return function_call("refund", {"order": order, "amount": amount}, call_id=call_id)


model = ScriptedModel(
    [
        [_call("A1", "900.00", "c1"), _call("A2", "800.00", "c2")],
        [assistant_message("done")],
    ]
)
