"""Each mistake is found in words, and a sound release has none."""

from copy import deepcopy

import pytest

from workflows.linter import lint_definition
from workflows.schema_order import in_order, keep_order, names_in_order

SOUND = {
    "workflow": "refunds",
    "name": "Refunds",
    "purpose": "Money back.",
    "owner_team": "desk",
    "exception_queue": "exceptions",
    "teams": [{"slug": "desk", "name": "Desk"}],
    "queues": [
        {"slug": "desk", "name": "Desk", "teams": ["desk"]},
        {"slug": "exceptions", "name": "Exceptions", "teams": ["desk"]},
    ],
    "release": {
        "value_pointer": "/action/args/amount",
        "input_schema": {"properties": {"paid": {"type": "string", "format": "decimal"}}},
    },
    "actions": [
        {
            "name": "refund",
            "args_schema": {"properties": {"amount": {"type": "string", "format": "decimal"}}},
        }
    ],
    "stages": [
        {
            "key": "approval",
            "title": "Approval",
            "kind": "GATE",
            "gate": {
                "queue": "desk",
                "triggers": [
                    {"kind": "CONFIDENCE_BELOW", "threshold": 0.8},
                    {"kind": "EXPRESSION", "expression": "action.args.amount > data.paid"},
                ],
            },
            "routes": [
                {"verdicts": ["auto", "approve", "edit"], "to": "second"},
                {"verdicts": ["reject"], "to": "end"},
            ],
        },
        {
            "key": "second",
            "title": "Second",
            "kind": "GATE",
            "gate": {
                "queue": "desk",
                "verdicts": ["approve", "reject"],
                "triggers": [{"kind": "ALWAYS"}],
                "separation": [{"kind": "NOT_DECIDER_OF", "stage": "approval"}],
            },
            "routes": [
                {"verdicts": ["approve"], "to": "pay"},
                {"verdicts": ["reject"], "to": "end"},
            ],
        },
        {
            "key": "pay",
            "title": "Pay",
            "kind": "ACTION",
            "outcomes": [
                {
                    "title": "Pay",
                    "on_verdicts": ["approve"],
                    "template": {"url": "https://x.example/pay", "headers": {"X-Desk": "7"}},
                }
            ],
            "routes": [{"verdicts": ["done"], "to": "end"}],
        },
        {"key": "end", "title": "End", "kind": "END"},
    ],
}
APPROVAL, SECOND, PAY, END = range(4)


def findings(change=lambda definition: None):
    definition = deepcopy(SOUND)
    change(definition)
    return [(one.level, one.where, one.sentence) for one in lint_definition(definition)]


def put(*path, value):
    """A change of one place in the definition."""

    def change(definition):
        found = definition
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value

    return change


def trigger(**settings):
    return put("stages", APPROVAL, "gate", "triggers", value=[settings])


def test_nothing_is_wrong_with_a_sound_release():
    assert findings() == []


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        (put("stages", value=[]), "stages", "There is no stage yet"),
        (put("stages", END, "kind", value="ACTION"), "stages", "No stage is an END"),
        (lambda d: d["stages"][APPROVAL].pop("gate"), "stage approval", "no settings"),
        (put("stages", END, "gate", value={"queue": "desk"}), "stage end", "Only a GATE"),
        (put("queues", 0, "teams", value=[]), "queue desk", "No team works this queue"),
        (
            put("stages", SECOND, "gate", "verdicts", value=["approve", "reject", "respond"]),
            "stage second",
            'after "respond"',
        ),
        (
            put("stages", SECOND, "gate", "triggers", value=[{"kind": "SAMPLE", "rate": 0.1}]),
            "stage second",
            'after "auto"',
        ),
        (put("stages", PAY, "routes", value=[]), "stage pay", 'after "done"'),
        (
            put("stages", APPROVAL, "routes", 1, "verdicts", value=["timeout"]),
            "stage approval",
            'after "reject"',
        ),
        (
            lambda d: d["stages"].insert(0, d["stages"].pop(PAY)),
            "stage pay",
            "past no gate",
        ),
        (
            put("stages", PAY, "routes", 0, "to", value="second"),
            "stage second",
            "comes after the action pay",
        ),
        (
            put("stages", PAY, "routes", 0, "to", value="pay"),
            "stage pay",
            "go round pay → pay with nobody asked",
        ),
        (
            put("release", "input_schema", value={"type": "objct"}),
            "release",
            '"objct" is no JSON type',
        ),
        (
            put("actions", 0, "args_schema", value={"$ref": "https://x.example"}),
            "action refund",
            "Nothing is fetched",
        ),
        (
            trigger(kind="EXPRESSION", expression="action.args.amout > 5"),
            "stage approval, trigger 1 (EXPRESSION)",
            'did you mean "amount"?',
        ),
        (
            put("stages", APPROVAL, "routes", 1, "condition", value="value > 'x'"),
            "stage approval, route to end",
            "letter by letter",
        ),
        (
            trigger(kind="CONFIDENCE_BELOW"),
            "stage approval, trigger 1 (CONFIDENCE_BELOW)",
            "Fill in threshold",
        ),
        (
            trigger(kind="CONFIDENCE_BELOW", threshold=80),
            "stage approval, trigger 1 (CONFIDENCE_BELOW)",
            "between 0 and 1",
        ),
        (trigger(kind="SAMPLE"), "stage approval, trigger 1 (SAMPLE)", "Fill in rate"),
        (
            trigger(kind="OUTSIDE_DOMAIN", pointers=["/data/paid"]),
            "stage approval, trigger 1 (OUTSIDE_DOMAIN)",
            "Say what is inside",
        ),
        (
            trigger(kind="OUTSIDE_DOMAIN", pointers=["/data/paid"], minimum=9, maximum=1),
            "stage approval, trigger 1 (OUTSIDE_DOMAIN)",
            "The minimum is over the maximum",
        ),
        (
            trigger(kind="FIELD_MISSING", pointers=["income"]),
            "stage approval, trigger 1 (FIELD_MISSING)",
            "is no JSON pointer",
        ),
        (
            put("release", "value_pointer", value="/amount"),
            "release, value pointer",
            "leads nowhere",
        ),
        (put("release", "executor", value="AGENT"), "stage pay, Pay", "run it twice"),
        (
            put("stages", END, "outcomes", value=SOUND["stages"][PAY]["outcomes"]),
            "stage end",
            "run at an ACTION only",
        ),
        (
            put(
                "stages",
                PAY,
                "outcomes",
                0,
                "template",
                "headers",
                value={"Authorization": "Bearer abc"},
            ),
            "stage pay, Pay",
            "holds its secret in plain text",
        ),
        (
            put("stages", SECOND, "gate", "on_timeout", value="APPROVE"),
            "stage second",
            "Silence would approve",
        ),
        (
            put("stages", APPROVAL, "gate", "separation", value=[{"kind": "x", "stage": "pay"}]),
            "stage approval",
            "Nobody decides at pay",
        ),
        (
            put("stages", SECOND, "gate", "reason_required_on", value=["reject"]),
            "stage second",
            "Nobody could reject here",
        ),
    ],
)
def test_a_mistake_that_must_not_go_live_is_an_error(change, where, words):
    errors = [one for one in findings(change) if one[0] == "error"]
    assert any(found == where and words in sentence for _, found, sentence in errors), errors


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        (
            put("stages", APPROVAL, "routes", 0, "to", value="end"),
            "stage second",
            "No route leads here",
        ),
        (
            put("stages", APPROVAL, "gate", "triggers", value=[]),
            "stage approval",
            "Without a trigger nobody is ever asked",
        ),
        (
            put("stages", APPROVAL, "routes", 1, "condition", value="value > 5"),
            "stage approval",
            'Every route for "reject" has a condition',
        ),
        (
            lambda d: d["stages"][APPROVAL]["routes"].append({"verdicts": ["edit"], "to": "end"}),
            "stage approval",
            "never taken",
        ),
        (
            lambda d: d["stages"][SECOND]["routes"].append({"verdicts": ["edit"], "to": "end"}),
            "stage second",
            "cannot come from here",
        ),
        (
            put("stages", PAY, "outcomes", 0, "on_verdicts", value=["respond"]),
            "stage pay, Pay",
            "This never runs: cases come here on approve",
        ),
        (
            put("stages", END, "routes", value=[{"verdicts": ["done"], "to": "pay"}]),
            "stage end",
            "never taken",
        ),
        (
            put("stages", SECOND, "gate", "on_timeout", value="ESCALATE"),
            "stage second",
            "Without a time limit",
        ),
    ],
)
def test_what_is_only_odd_is_a_warning(change, where, words):
    found = findings(change)
    assert any(
        level == "warning" and place == where and words in sentence
        for level, place, sentence in found
    ), found


def test_an_exception_gate_may_come_after_the_action():
    def change(definition):
        definition["stages"][PAY]["routes"][0]["to"] = "late"
        definition["stages"].insert(
            3,
            {
                "key": "late",
                "title": "Late",
                "kind": "GATE",
                "gate": {
                    "queue": "desk",
                    "pattern": "EXCEPTION",
                    "verdicts": ["respond"],
                    "triggers": [{"kind": "ALWAYS"}],
                },
                "routes": [{"verdicts": ["respond", "reject"], "to": "end"}],
            },
        )

    assert findings(change) == []


def test_a_rule_hears_the_verdict_of_a_person_through_a_gate_that_let_the_case_pass():
    def change(definition):
        second = definition["stages"][SECOND]
        second["gate"]["triggers"] = [{"kind": "VALUE_ABOVE", "threshold": 5}]
        second["routes"] = [
            {"verdicts": ["auto"], "to": "pay"},
            {"verdicts": ["approve", "reject"], "to": "end"},
        ]
        definition["stages"][PAY]["outcomes"][0]["on_verdicts"] = ["edit"]

    assert findings(change) == []


def test_a_release_of_hundreds_of_stages_is_read_in_no_time():
    def change(definition):
        keys = [f"s{number}" for number in range(200)]
        definition["stages"] = [
            {
                "key": key,
                "title": key,
                "kind": "ACTION",
                "routes": [{"verdicts": ["done"], "to": other} for other in keys],
            }
            for key in keys
        ]

    assert any("with nobody asked" in sentence for _, _, sentence in findings(change))


def test_the_order_of_the_fields_survives_a_column_that_forgets_it():
    schema = {
        "type": "object",
        "properties": {
            "zeta": {"properties": {"b": {}, "a": {}}},
            "properties": {"enum": [{"properties": {"x": 1, "a": 2}}]},
            "alpha": {"items": {"properties": {"d": {}, "c": {}}}},
        },
    }
    kept = keep_order(schema)
    kept["properties"] = dict(sorted(kept["properties"].items()))
    assert names_in_order(kept) == ["zeta", "properties", "alpha"]
    assert list(in_order(kept)["properties"]) == ["zeta", "properties", "alpha"]
    assert in_order(kept) == schema
    assert keep_order(in_order(kept)) == kept


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ({"url": "https://me:hunter2@bank.example/pay"}, "url"),
        ({"url": "https://bank.example/pay?api_key=abc123"}, "url"),
        ({"body": {"login": {"password": "hunter2"}}}, "body/login/password"),
        ({"body": {"note": "Bearer 0123456789abcdef"}}, "body/note"),
        ({"body": {"list": ["sk_live_0123456789abcdef"]}}, "body/list"),
        ({"headers": {"X-Anything": "whsec_c2VjcmV0c2VjcmV0"}}, "header X-Anything"),
    ],
)
@pytest.mark.parametrize("key", ["template", "compensation"])
def test_a_secret_in_plain_text_is_found_wherever_it_hides(template, place, key):
    definition = deepcopy(SOUND)
    pay = next(stage for stage in definition["stages"] if stage["kind"] == "ACTION")
    pay["outcomes"][0][key] = {"method": "POST", "url": "https://bank.example/"} | template
    [found] = [one for one in lint_definition(definition) if "plain text" in one.sentence]
    assert found.level == "error" and place in found.sentence and "$secret" in found.sentence
    assert "hunter2" not in found.sentence and "0123456789" not in found.sentence


@pytest.mark.parametrize(
    "template",
    [
        {"headers": {"Authorization": {"$secret": "bank", "prefix": "Bearer "}}},
        {"url": "https://bank.example/{/case/id}?token={/data/paid}"},
        {"body": {"tokens": 5, "text": {"$ref": "/data/paid"}, "to": "someone@bank.example"}},
        {"body": {"bearer": "of bad news", "sketch": "sk_1"}},
    ],
)
def test_what_is_no_secret_is_left_alone(template):
    definition = deepcopy(SOUND)
    pay = next(stage for stage in definition["stages"] if stage["kind"] == "ACTION")
    pay["outcomes"][0]["template"] |= template
    assert [one for one in lint_definition(definition) if "plain text" in one.sentence] == []


def closed(definition):
    release = definition["release"]
    release["category_pointer"] = "/data/kind"
    release["input_schema"] = {
        "additionalProperties": False,
        "properties": {
            "paid": {"type": "string", "format": "decimal"},
            "kind": {"enum": ["fire", "water"]},
        },
    }
    return definition["stages"][0]["gate"]["triggers"]


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        ({"kind": "SAMPLE", "rate": 0}, "A sample of nothing never fires"),
        (
            {"kind": "CONFIDENCE_BELOW", "threshold": 0.9, "categories": ["fyre"]},
            "no case is of the category fyre",
        ),
        ({"kind": "FIELD_MISSING", "pointers": ["/data/payd"]}, 'the schema has no "payd"'),
    ],
)
def test_a_trigger_that_is_dead_or_names_an_unknown_field_is_an_error(trigger, words):
    definition = deepcopy(SOUND)
    closed(definition).append(trigger)
    assert [one.level for one in lint_definition(definition) if words in one.sentence] == ["error"]


@pytest.mark.parametrize(
    "trigger",
    [
        {"kind": "SAMPLE", "rate": 0.1},
        {"kind": "CONFIDENCE_BELOW", "threshold": 0.9, "categories": ["Fire", "smoke"]},
        {"kind": "CATEGORY_IN", "categories": ["sanctions"]},
        {"kind": "FIELD_MISSING", "pointers": ["/data/paid", "/ai_output/any"]},
    ],
)
def test_a_trigger_that_can_fire_is_left_alone(trigger):
    definition = deepcopy(SOUND)
    closed(definition).append(trigger)
    assert lint_definition(definition) == []
