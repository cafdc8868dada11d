import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.addresses import parse_url
from reviews.outcomes.template import Rendered, TemplateError, fill_secrets, mask, render
from reviews.outcomes.template_check import check_template

LOAN = {
    "method": "POST",
    "url": "https://ledger.example/loans/{/data/application}?case={/case/id}",
    "headers": {"X-Api-Key": {"$secret": "ledger", "prefix": "Bearer "}, "X-Case": "loan"},
    "body": {
        "application": {"$ref": "/data/application"},
        "amount": {"$ref": "/action/args/amount"},
        "case": {"$ref": "/case/id"},
        "rows": [{"$ref": "/data/rows"}, 1],
        "kind": "loan",
    },
}
DOCUMENT = {
    "case": {"id": "case_01", "subject": "c_9"},
    "data": {"application": "A1", "rows": [{"b": 2, "a": "é"}], "nothing": None},
    "action": {"name": "refund", "args": {"amount": "900.00"}},
    "decision": {"id": "d1", "type": "approve", "message": ""},
}
SCHEMA = {
    "type": "object",
    "required": ["application", "rows", "applicant"],
    "properties": {
        "application": {"type": "string"},
        "income": {"type": "string"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
        "applicant": {"allOf": [{"$ref": "#/$defs/person"}]},
        "free": {"type": "object"},
        "by_kind": {"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"type": "null"}]},
    },
    "$defs": {
        "row": {"properties": {"a": {}}},
        "person": {"properties": {"name": {}}, "required": ["name"]},
    },
}


def with_body(body):
    return {"url": "https://ledger.example/", "body": body}


def with_url(url):
    return {"url": url, "body": {}}


def test_a_request_is_the_template_with_its_values_in_place():
    request = render(LOAN, DOCUMENT)
    assert (request.method, request.url) == (
        "POST",
        "https://ledger.example/loans/A1?case=case_01",
    )
    assert request.body == (
        '{"amount":"900.00","application":"A1","case":"case_01","kind":"loan",'
        '"rows":[[{"a":"é","b":2}],1]}'.encode()
    )
    assert request.headers["Content-Type"] == "application/json"


def test_what_is_stored_is_what_is_sent():
    request = render(LOAN, DOCUMENT)
    again = Rendered.from_bytes(request.as_bytes())
    assert again == request
    assert again.digest == request.digest
    assert request.digest.startswith("sha-256:")


def test_the_digest_changes_with_every_part():
    request = render(LOAN, DOCUMENT)
    other_amount = {**DOCUMENT, "action": {"args": {"amount": "900.01"}}}
    other_secret = {**LOAN, "headers": {"X-Api-Key": {"$secret": "other"}}}
    digests = {
        request.digest,
        render(LOAN, other_amount).digest,
        render(other_secret, DOCUMENT).digest,
        render({**LOAN, "method": "PUT"}, DOCUMENT).digest,
        render({**LOAN, "url": "https://ledger.example/"}, DOCUMENT).digest,
    }
    assert len(digests) == 5


def test_a_secret_is_named_in_what_is_stored_and_shown_and_filled_in_for_sending():
    request = render(LOAN, DOCUMENT)
    assert request.as_shown()["headers"]["X-Api-Key"] == "Bearer •••••• (secret ledger)"
    assert b'{"$secret":"ledger","prefix":"Bearer "}' in request.as_bytes()
    sent = fill_secrets(request.headers, {"ledger": "s3cret"}.__getitem__)
    assert sent["X-Api-Key"] == "Bearer s3cret"
    with pytest.raises(TemplateError, match=r"X-Api-Key needs the secret 'ledger'"):
        fill_secrets(request.headers, {}.__getitem__)


def test_a_missing_value_stops_the_request_in_words():
    with pytest.raises(TemplateError, match="no value at /data/income"):
        render(with_body({"income": {"$ref": "/data/income"}}), DOCUMENT)


@pytest.mark.parametrize(
    "pointer", ["/data/rows/-", "/data/rows/7", "/data/rows/x", "/data/application/0", "/a"]
)
def test_a_pointer_that_leads_nowhere_stops_the_request(pointer):
    with pytest.raises(TemplateError, match="no value at"):
        render(with_body({"$ref": pointer}), DOCUMENT)


def test_a_default_stands_in_for_a_missing_value_and_null_is_a_value():
    body = {"a": {"$ref": "/data/income", "default": "0"}, "b": {"$ref": "/data/nothing"}}
    assert json.loads(render(with_body(body), DOCUMENT).body) == {"a": "0", "b": None}


def test_an_agents_data_is_copied_and_never_read_as_a_template():
    hostile = {"$ref": "/decision/id", "url": "{/case/id}"}
    document = {**DOCUMENT, "data": {"note": hostile}}
    request = render(with_body({"note": {"$ref": "/data/note"}}), document)
    assert json.loads(request.body) == {"note": hostile}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_any_value_arrives_as_it_was(value):
    document = {"data": {"value": value}}
    request = render(with_body({"x": {"$ref": "/data/value"}}), document)
    assert json.loads(request.body) == {"x": value}
    assert Rendered.from_bytes(request.as_bytes()) == request


@pytest.mark.parametrize("value", [2**53, float("nan"), "\ud800"])
def test_a_value_that_json_cannot_carry_stops_the_request(value):
    with pytest.raises(TemplateError, match="cannot be written as JSON"):
        render(with_body({"$ref": "/data/x"}), {"data": {"x": value}})


@given(st.text())
def test_no_value_moves_the_request_to_another_place(value):
    template = with_url("https://ledger.example/loans/{/data/x}/close?note={/data/x}")
    try:
        target = parse_url(render(template, {"data": {"x": value}}).url)
    except TemplateError:
        return
    assert (target.scheme, target.host, target.port) == ("https", "ledger.example", 443)
    path, _, query = target.path_and_query.partition("?")
    assert path.count("/") == 3
    assert path.startswith("/loans/")
    assert path.endswith("/close")
    assert "&" not in query


@pytest.mark.parametrize(
    "value", ["", ".", "..", "../admin", "a/../b", "..\\x", "a\r\nb", "\x00", ["x"], {"x": 1}, None]
)
def test_a_value_that_would_lead_to_another_path_stops_the_request(value):
    with pytest.raises(TemplateError):
        render(with_url("https://ledger.example/loans/{/data/x}"), {"data": {"x": value}})


def test_numbers_fill_a_path():
    template = with_url("https://ledger.example/{/data/a}/{/data/b}/{/data/c}")
    request = render(template, {"data": {"a": 7, "b": True, "c": 0.5}})
    assert request.url == "https://ledger.example/7/true/0.5"


@pytest.mark.parametrize(
    "url",
    [
        "https://{/data/x}/",
        "https://ledger.example{/data/x}",
        "https://ledger.example:{/data/x}/",
        "{/data/x}://ledger.example/",
        "https://a@ledger.example/",
        "ledger.example/",
        "ftp://ledger.example/",
    ],
)
def test_a_url_without_a_fixed_host_is_refused_at_save_and_at_render(url):
    assert check_template(with_url(url))
    with pytest.raises(TemplateError):
        render(with_url(url), {"data": {"x": "evil.example"}})


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", " a", "é", "\x00", ["a"], None])
def test_a_header_takes_one_plain_line(value):
    template = {**with_body({}), "headers": {"X-Note": {"$ref": "/data/x"}}}
    with pytest.raises(TemplateError, match="X-Note"):
        render(template, {"data": {"x": value}})


def test_an_echoed_secret_is_masked():
    assert mask("key=s3cret s3cret", ["s3cret", ""]) == "key=•••••• ••••••"


def test_a_sound_template_has_no_problems():
    args = {"properties": {"amount": {}}, "required": ["amount"]}
    assert check_template(LOAN, data_schema=SCHEMA, args_schemas=[args]) == []
    assert check_template(LOAN) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ([], "must be an object"),
        ({}, "needs a url"),
        ({**LOAN, "verb": "x"}, "no part called verb"),
        ({**LOAN, "method": "TRACE"}, "The method must be one of"),
        ({**LOAN, "method": "GET"}, "A GET request has no body"),
        ({**LOAN, "headers": {"X\n": "a"}}, "is not a header name"),
        ({**LOAN, "headers": {"Host": "a"}}, "set by Handrail itself"),
        ({**LOAN, "headers": {"Idempotency-Key": "a"}}, "set by Handrail itself"),
        ({**LOAN, "headers": {"X-A": 7}}, "must be a text"),
        ({**LOAN, "headers": {"X-A": {"a": "b"}}}, "must be a text"),
        ({**LOAN, "headers": []}, "must be an object of names"),
        (with_body({"$cel": "1 + 1"}), r"\$cel is not an instruction"),
        (with_body({"a": {"$secret": "ledger"}}), r"\$secret is not an instruction"),
        (with_body({"$ref": "/data/x", "other": 1}), "other cannot stand beside"),
        (with_body({"$ref": 7}), "takes a text"),
        (with_body({"$ref": "data"}), "is no JSON pointer"),
        (with_body({"$ref": "/case/secret"}), "No case has a value at /case/secret"),
        (with_body({"$ref": "/decision/by"}), "No case has a value at /decision/by"),
        (with_body({"$ref": "/dta/application"}), "No case has a value at /dta/application"),
        (with_body({"$ref": "/data/aplication"}), "the schema does not describe it"),
        (with_body([{"$ref": "/data/income"}]), "may have no value at /data/income"),
        (with_body({"$ref": "/data/rows/0/a"}), "may have no value"),
        (with_body({"$ref": "/data/rows/0/b"}), "does not describe"),
        (with_body({"$ref": "/data/by_kind/a"}), "may have no value"),
        (with_body({"$ref": "/data/applicant/age"}), "does not describe"),
        (with_url("https://a.example/{data}"), "is no JSON pointer"),
        (with_url("https://a.example/{/data/income}"), "may have no value"),
    ],
)
def test_a_slip_in_a_template_is_found_at_save(template, words):
    problems = check_template(template, data_schema=SCHEMA)
    assert len(problems) == 1
    assert re.search(words, problems[0])


@pytest.mark.parametrize(
    "pointer",
    ["/data/applicant/name", "/data/rows", "/action/args/x", "/case/id", "/ai_output/text"],
)
def test_a_pointer_that_always_has_a_value_passes(pointer):
    assert check_template(with_body({"$ref": pointer}), data_schema=SCHEMA) == []


@pytest.mark.parametrize("pointer", ["/data/income", "/data/free/x", "/data/rows/0/a"])
def test_a_pointer_with_a_default_may_be_missing(pointer):
    template = with_body({"$ref": pointer, "default": None})
    assert check_template(template, data_schema=SCHEMA) == []


def test_an_argument_must_be_promised_by_every_action():
    with_amount = {"properties": {"amount": {}}, "required": ["amount"]}
    without = {"properties": {"note": {}}}
    template = with_body({"$ref": "/action/args/amount"})
    assert check_template(template, args_schemas=[with_amount]) == []
    assert "may have no value" in check_template(template, args_schemas=[with_amount, without])[0]
    assert "does not describe" in check_template(template, args_schemas=[without])[0]
