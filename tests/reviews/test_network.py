import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from reviews.addresses import is_public, parse_allow_list, parse_url, unwrap
from reviews.network import NotSent, Outbound, Refused, Unanswered, send

from .target import Target

UNCLEAR_URLS = [
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://1.2.3.4.5/",
    "http://256.256.256.256/",
    "http://127.0.0.1./",
    "http://example.com./",
    "http://user@example.com/",
    "http://user:password@example.com/",
    "http://example.com@127.0.0.1/",
    "http://example.com\\@127.0.0.1/",
    "http://example.com#@127.0.0.1/",
    "http://example.com/#fragment",
    "http://[::1%25lo]/",
    "http://[::1/",
    "http://[example.com]/",
    "http:///path",
    "http:example.com",
    "//example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "javascript:alert(1)",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:80:80/",
    "http://example.com/a b",
    "http://example.com/\r\nHost: 127.0.0.1",
    "http://example.com/%zz",
    "http://example.com/{/data/x}",
    "http://①②⑦.0.0.1/",
    "http://exämple.com/",
    "http://127。0。0。1/",
    "http://exa_mple..com/",
    "http://-example.com/",
    "http://" + "a" * 64 + ".com/",
    "http://example.com/" + "a" * 9000,
    "",
]

PRIVATE_URLS = [
    "http://127.0.0.1/",
    "http://127.255.255.254/",
    "http://0.0.0.0/",
    "http://0.1.2.3/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/metadata",
    "http://172.16.0.1/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://192.168.1.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:a9fe:a9fe::1]/",
    "http://[2001:0:7f00:1::1]/",
    "http://[2001:db8::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[100::1]/",
]


def get(url, *, allow=(), timeout=5.0, headers=None):
    return send(Outbound("GET", url, headers or {}, timeout=timeout), allow=allow)


@pytest.fixture
def names(monkeypatch):
    """Names that resolve as the test says; each look-up takes the next of their answers."""
    book = {}
    real = socket.getaddrinfo

    def look_up(host, port, *arguments, **options):
        if host not in book:
            return real(host, port, *arguments, **options)
        answers = book[host]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [info for one in addresses for info in real(one, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return book


@pytest.fixture
def dialled(monkeypatch):
    """Where connections were opened to, without opening any."""
    places = []

    def connect(place, *arguments, **options):
        places.append(place)
        raise ConnectionRefusedError("nobody is dialled in this test")

    monkeypatch.setattr(socket, "create_connection", connect)
    return places


@pytest.mark.parametrize("url", UNCLEAR_URLS)
def test_a_url_that_parsers_read_differently_is_refused(url, dialled):
    with pytest.raises(Refused):
        get(url)
    assert dialled == []


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_an_address_that_is_not_public_is_refused(url, dialled):
    with pytest.raises(Refused, match="not a public address"):
        get(url)
    assert dialled == []


@pytest.mark.parametrize("url", PRIVATE_URLS)
def test_a_name_that_leads_to_such_an_address_is_refused(url, names, dialled):
    names["agent.example"] = [[parse_url(url).host]]
    with pytest.raises(Refused, match=r"agent\.example leads to"):
        get("https://agent.example/")
    assert dialled == []


def test_one_private_address_among_public_ones_refuses_the_name(names, dialled):
    names["agent.example"] = [["93.184.216.34", "127.0.0.1"]]
    with pytest.raises(Refused):
        get("http://agent.example/")
    assert dialled == []


def test_the_connection_goes_to_the_checked_address_when_the_name_changes(names, dialled):
    names["agent.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    with pytest.raises(NotSent):
        get("http://agent.example/")
    assert dialled == [("93.184.216.34", 80)]
    with pytest.raises(Refused):
        get("http://agent.example/")
    assert len(dialled) == 1


def test_a_public_address_with_an_odd_port_is_refused(names, dialled):
    names["agent.example"] = [["93.184.216.34"]]
    with pytest.raises(Refused, match=r"Port 6379 of agent\.example is not a web port"):
        get("http://agent.example:6379/")
    assert dialled == []


def test_an_ipv4_address_behind_nat64_counts_as_itself(dialled):
    with pytest.raises(NotSent):
        get("http://[64:ff9b::93.184.216.34]/")
    assert dialled == [("64:ff9b::5db8:d822", 80)]


@given(st.ip_addresses(v=6))
def test_no_address_that_carries_a_private_one_is_public(address):
    plain = unwrap(address)
    if is_public(plain):
        assert plain.is_global
        assert not (plain.is_private or plain.is_loopback or plain.is_multicast)
        assert getattr(plain, "sixtofour", None) is None
        assert getattr(plain, "teredo", None) is None


def test_a_redirect_is_returned_and_not_followed():
    with Target() as inner, Target(status=302, headers={"Location": inner.url("/secret")}) as outer:
        reply = get(outer.url(), allow=[outer.place, inner.place])
        assert reply.status == 302
        assert inner.received == []


def test_the_allow_list_opens_one_port_of_one_host():
    with Target() as listed, Target() as other:
        assert get(listed.url(), allow=[listed.place]).status == 200
        with pytest.raises(Refused):
            get(other.url(), allow=[listed.place])
        with pytest.raises(Refused):
            get(listed.url(), allow=["127.0.0.1"])
        with pytest.raises(Refused):
            get(listed.url(), allow=[])
        assert other.received == []


@pytest.mark.parametrize("entry", ["127.0.0.0/8:{}", "ledger.internal:{}", "127.0.0.1:{}"])
def test_the_allow_list_takes_networks_and_names(entry, names):
    names["ledger.internal"] = [["127.0.0.1"]]
    with Target() as target:
        url = f"http://ledger.internal:{target.port}/loans?x=1"
        assert get(url, allow=[entry.format(target.port)]).status == 200
        assert target.received[0].path == "/loans?x=1"
        assert target.received[0].headers["host"] == f"ledger.internal:{target.port}"


def test_an_allowed_name_still_never_leads_to_a_metadata_service(names, dialled):
    names["ledger.internal"] = [["169.254.169.254"]]
    with pytest.raises(Refused):
        get("http://ledger.internal/", allow=["ledger.internal"])
    assert dialled == []


@pytest.mark.parametrize("entry", ["", "http://a.example", "10.0.0.1/8", "*.example", "a b"])
def test_an_entry_of_the_allow_list_that_means_nothing_is_named(entry):
    with pytest.raises(ValueError, match="outbound allow-list"):
        parse_allow_list([entry])


@pytest.mark.parametrize(
    ("entry", "network", "port"),
    [
        ("10.1.0.0/16", "10.1.0.0/16", None),
        ("10.1.0.0/16:8080", "10.1.0.0/16", 8080),
        ("127.0.0.1:8901", "127.0.0.1/32", 8901),
        ("::1", "::1/128", None),
        ("[::1]:8901", "::1/128", 8901),
        ("fd00::/8", "fd00::/8", None),
    ],
)
def test_entries_of_the_allow_list_are_read_exactly(entry, network, port):
    (parsed,) = parse_allow_list([entry])
    assert (str(parsed.network), parsed.port) == (network, port)


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    with Target() as proxy, Target() as target:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert get(target.url(), allow=[target.place]).status == 200
        assert (len(proxy.received), len(target.received)) == (0, 1)


def test_requests_share_a_connection():
    with Target() as target:
        for _ in range(3):
            get(target.url(), allow=[target.place])
        assert len({request.connection for request in target.received}) == 1


def test_a_reply_is_kept_up_to_its_excerpt():
    with Target(body=b"\x00\xff" + b"a" * 9000, headers={"X-Number": "7"}) as target:
        reply = get(target.url(), allow=[target.place])
        assert reply.headers["x-number"] == "7"
        assert reply.body_excerpt == "\N{REPLACEMENT CHARACTER}" * 2 + "a" * 4094
        assert 0 < reply.duration < 5


def test_nobody_listening_means_that_nothing_was_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(NotSent):
        get(f"http://{place}/", allow=[place])


def test_an_unknown_name_means_that_nothing_was_sent():
    with pytest.raises(NotSent, match="resolved"):
        get("http://nobody.invalid/")


def test_a_server_without_tls_means_that_nothing_was_sent():
    with Target() as target:
        with pytest.raises(NotSent):
            get(f"https://{target.place}/", allow=[target.place])
        assert target.received == []


def test_a_late_answer_is_unanswered_and_its_words_hold_no_path():
    with Target(delay=2) as target:
        with pytest.raises(Unanswered) as caught:
            get(target.url("/cb/secret-token"), allow=[target.place], timeout=0.5)
        assert "secret-token" not in str(caught.value)
        assert [request.path for request in target.received] == ["/cb/secret-token"]


def test_a_connection_lost_after_the_request_is_unanswered():
    with (
        Target(misbehave=lambda handler: None) as target,
        pytest.raises(Unanswered),
    ):
        get(target.url(), allow=[target.place])


def test_an_answer_that_is_no_http_is_unanswered():
    with (
        Target(misbehave=lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n")) as target,
        pytest.raises(Unanswered),
    ):
        get(target.url(), allow=[target.place])


def drip_headers(handler):
    for _ in range(100):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_dripping_answer_ends_with_the_time_for_the_whole_request():
    with Target(misbehave=drip_headers) as target:
        started = time.monotonic()
        with pytest.raises(Unanswered):
            get(target.url(), allow=[target.place], timeout=0.4)
        assert time.monotonic() - started < 1.5


def pour_forever(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")


def test_an_endless_answer_is_cut_and_its_status_counts():
    with Target(misbehave=pour_forever) as target:
        reply = get(target.url(), allow=[target.place], timeout=20)
        assert (reply.status, len(reply.body_excerpt)) == (200, 4096)
        assert reply.duration < 10


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Note": "a\r\nX-Admin: 1"},
        {"X-Note": "a\nb"},
        {"X-Note": "a\x00"},
        {"X-Note": " edge "},
        {"X-Nöte": "a"},
        {"X Note": "a"},
        {"": "a"},
        {"Host": "127.0.0.1"},
        {"Transfer-Encoding": "chunked"},
        {"content-length": "0"},
        {"Connection": "upgrade"},
    ],
)
def test_a_header_that_could_smuggle_is_refused(headers, dialled):
    with pytest.raises(Refused):
        get("http://example.com/", headers=headers)
    assert dialled == []


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /x HTTP/1.1\r\n"])
def test_an_unusual_method_is_refused(method, dialled):
    with pytest.raises(Refused):
        send(Outbound(method, "http://example.com/", {}))
    assert dialled == []


def test_a_request_shows_no_secret_in_a_log():
    shown = repr(Outbound("GET", "http://a.example/token", {"X-Key": "token"}, b"token"))
    assert "token" not in shown


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate for agent.example that this process trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agent.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("agent.example")]), False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + built.public_bytes(Encoding.PEM)
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


def test_tls_is_checked_against_the_name_while_the_connection_goes_to_the_address(
    names, certificate
):
    names["agent.example"] = names["other.example"] = [["127.0.0.1"]]
    seen = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda connection, name, _: seen.append(name)
    with Target(tls=context) as target:
        allow = [f"agent.example:{target.port}", f"other.example:{target.port}"]
        assert get(f"https://agent.example:{target.port}/", allow=allow).status == 200
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            get(f"https://other.example:{target.port}/", allow=allow)
        assert seen == ["agent.example", "other.example"]
        assert [request.headers["host"] for request in target.received] == allow[:1]


def test_the_lists_of_hostile_urls_are_long_enough():
    assert len(UNCLEAR_URLS) >= 30
    assert len(PRIVATE_URLS) >= 30
    assert all(not is_public(unwrap(ip_address(parse_url(url).host))) for url in PRIVATE_URLS)
