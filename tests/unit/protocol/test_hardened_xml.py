"""What is refused before the parser or by it, and that neither takes long."""

import codecs
import time
import tracemalloc
from typing import Final

import pytest

from ewspush.errors import Refusal, TooLargeError, UnreadableNotificationError
from ewspush.protocol.hardened_xml import MAX_ATTRIBUTES, MAX_BODY_BYTES, parse

FLOOD_BYTES: Final = 1024 * 1024


def reason_of(body: bytes) -> Refusal:
    """Return why `body` is refused."""
    with pytest.raises(UnreadableNotificationError) as refused:
        parse(body)
    return refused.value.reason


def padded(size: int) -> bytes:
    """Return a document of `size` bytes."""
    return b"<a>" + b" " * (size - len(b"<a></a>")) + b"</a>"


def test_body_up_to_the_limit_is_read() -> None:
    """6 MiB are read, and a byte more is answered with 413 before anything reads it."""
    assert parse(padded(MAX_BODY_BYTES)).tag == "a"
    with pytest.raises(TooLargeError) as refused:
        parse(padded(MAX_BODY_BYTES + 1))
    assert (refused.value.error_status_hint, refused.value.reason) == (413, Refusal.TOO_LARGE)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<a>é</a>".encode(), "é"),
        (codecs.BOM_UTF8 + "<a>é</a>".encode(), "é"),
        (codecs.BOM_UTF16_LE + "<a>é</a>".encode("utf-16-le"), "é"),
        (codecs.BOM_UTF16_BE + "<a>😀</a>".encode("utf-16-be"), "😀"),
        (codecs.BOM_UTF16_LE + '<?xml version="1.0" encoding="utf-16"?><a>é</a>'.encode("utf-16-le"), "é"),
        (codecs.BOM_UTF16_BE + '<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode("utf-16-be"), "é"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', "é"),
        (b"<?xml version='1.0' encoding = 'Windows-1252' ?><a>\x80</a>", "€"),
        (b'<?xml version="1.0" encoding="US-ASCII"?><a>&#233;</a>', "é"),
        (b'<?xml version="1.0 (nonsense)" encoding="latin1"?><a>\xe9</a>', "é"),
        (b'\n<?xml version="1.0"?><a>x</a>', "x"),
    ],
)
def test_bytes_are_decoded_by_mark_and_declaration(body: bytes, text: str) -> None:
    """The byte order mark decides, then the declaration, and otherwise it is UTF-8."""
    assert parse(body).text == text


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<?xml version="1.0" encoding=""?><a/>',
        b'<?xml version="1.0" encoding="windows-1252"?><a>\x81</a>',
        codecs.BOM_UTF16_LE + '<?xml version="1.0" encoding="koi8-r"?><a/>'.encode("utf-16-le"),
        codecs.BOM_UTF16_LE + "<a/>".encode("utf-16-le")[:-1],
        codecs.BOM_UTF16_LE + "<a>\ud800</a>".encode("utf-16-le", "surrogatepass"),
        codecs.BOM_UTF32_LE + "<a/>".encode("utf-32-le"),
    ],
)
def test_other_encodings_are_refused(body: bytes) -> None:
    """An encoding outside the list, or bytes that do not fit theirs, are not guessed at."""
    assert reason_of(body) is Refusal.ENCODING


@pytest.mark.parametrize("lead", ["", " \n", "<!-- > -->", "<?p > ?>", '<?xml version="1.0"?>', "<!--->-->\t<?q?>"])
@pytest.mark.parametrize("doctype", ["<!DOCTYPE a>", '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/">', "<!DOCTYPE a [ ]>"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-8", "utf-16"])
def test_doctype_is_refused_wherever_it_stands(lead: str, doctype: str, codec: str) -> None:
    """Whatever precedes it and however it is encoded."""
    assert reason_of(f"{lead}{doctype}<a/>".encode(codec)) is Refusal.DOCTYPE


@pytest.mark.parametrize("first", ["", '<?xml version="1.0"?>'])
@pytest.mark.parametrize("second", ["\ufeff", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="koi8-r"?>'])
@pytest.mark.parametrize("rest", ["<a/>", '<!DOCTYPE a [<!ENTITY e "boom">]><a/>'])
def test_second_mark_or_declaration_is_refused(first: str, second: str, rest: str) -> None:
    """A parser may drop a second mark, and so hide from our checks what follows."""
    marked = codecs.BOM_UTF8 if not first else b""
    twice = first or '<?xml version="1.0"?>' * (second != "\ufeff")
    assert reason_of(marked + f"{twice}{second}{rest}".encode()) in {Refusal.NOT_WELL_FORMED, Refusal.DOCTYPE}


def test_elements_nest_to_a_bounded_depth() -> None:
    """Two hundred levels are read, a thousand are refused."""
    assert parse(b"<a>" * 200 + b"</a>" * 200).tag == "a"
    assert reason_of(b"<a>" * 1_000 + b"</a>" * 1_000) is Refusal.NOT_WELL_FORMED


@pytest.mark.parametrize("attribute", ["a{}='x'", 'xmlns:a{} = "x"', 'a{}=">"'])
def test_elements_have_a_bounded_number_of_attributes(attribute: str) -> None:
    """As many as are allowed are read; namespace declarations count."""
    accepted, refused = (
        "<a " + " ".join(attribute.format(number) for number in range(count)) + "/>"
        for count in (MAX_ATTRIBUTES, MAX_ATTRIBUTES + 1)
    )
    assert parse(accepted.encode()).tag == "a"
    assert reason_of(refused.encode()) is Refusal.TOO_MANY_ATTRIBUTES


@pytest.mark.parametrize("lead", ["<a>", "<a><!-- ", "<a><![CDATA["])
def test_text_that_looks_like_attributes_is_only_text(lead: str) -> None:
    """A message text that quotes a tag does not cost the message."""
    tail = {"<a>": "</a>", "<a><!-- ": " --></a>", "<a><![CDATA[": "]]></a>"}[lead]
    assert parse((lead + 'b="c" ' * 200 + tail).encode()).tag == "a"


@pytest.mark.parametrize("lead", [b"", b"<a>"], ids=["prolog", "inside"])
@pytest.mark.parametrize(
    "unit",
    [
        b"<!--",
        b"<!-- -",
        b"<?",
        b"<?x ",
        b"<?x?>",
        b"<!---->",
        b" ",
        b"<",
        b"=",
        b'="',
        b"= ",
        b"a='' ",
        b"<a ",
        b"<a>",
        b"&",
    ],
)
def test_any_flood_of_a_mebibyte_is_answered_quickly(lead: bytes, unit: bytes) -> None:
    """No input takes the checks before the parser, or the parser, more than linear time."""
    began = time.process_time()
    reason_of(lead + unit * (FLOOD_BYTES // len(unit)))
    assert time.process_time() - began < 2


def test_parser_takes_bounded_memory_beside_its_tree() -> None:
    """Attributes by the thousand are refused before they become objects."""
    body = b"<a " + b" ".join(b"a%d=''" % number for number in range(80_000)) + b"/>"
    tracemalloc.start()
    try:
        assert reason_of(body) is Refusal.TOO_MANY_ATTRIBUTES
        assert tracemalloc.get_traced_memory()[1] < 4 * FLOOD_BYTES
    finally:
        tracemalloc.stop()


def test_entities_are_never_resolved() -> None:
    """Without a DTD only the five of XML exist; any other is an error, not an empty text."""
    assert parse(b"<a>&lt;&amp;&#33;</a>").text == "<&!"
    assert reason_of(b"<a>&nbsp;</a>") is Refusal.NOT_WELL_FORMED


def test_refusal_never_quotes_the_body() -> None:
    """Its message goes into the log, where no content of a mailbox belongs."""
    with pytest.raises(UnreadableNotificationError) as refused:
        parse(b"<secret-of-alice>")
    assert "secret" not in str(refused.value)


def test_a_refusal_does_not_change_what_is_read_next() -> None:
    """The parser is shared."""
    before = parse(b"<a>x</a>").text
    for damaged in (b"<a>", b"<a>\xff</a>", b"<a b='1' b='2'/>", b"<a>&x;</a>"):
        reason_of(damaged)
    assert parse(b"<a>x</a>").text == before == "x"
