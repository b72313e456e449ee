"""Elements checked against rules, in document order; the sentences are those of .NET's validator, as on Exchange."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from mailsim.schema.simple_types import SimpleType
from mailsim.soap import Element, child_elements, text_of

_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
"""Its attributes are not checked: schemaLocation and the like."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation: the element that has it, and a sentence for people."""

    element: Element
    sentence: str


@dataclass(frozen=True, slots=True)
class Particle:
    """A place in a sequence for one of some elements, by tag: required unless stated, once unless repeated."""

    choices: Mapping[str, "ElementType"]
    required: bool = True
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ElementType:
    """The rule for an element: a text, or child elements in a sequence; None is any content, unchecked."""

    content: SimpleType | tuple[Particle, ...] | None = ()
    attributes: Mapping[str, SimpleType] = field(default_factory=dict)
    required_attributes: tuple[str, ...] = ()


ANY: Final = ElementType(content=None)


def one(choices: Mapping[str, ElementType]) -> Particle:
    """Return a particle for exactly one element."""
    return Particle(choices)


def optional(choices: Mapping[str, ElementType]) -> Particle:
    """Return a particle for one element or none."""
    return Particle(choices, required=False)


def several(choices: Mapping[str, ElementType], *, required: bool = True) -> Particle:
    """Return a particle for one element or more; for any number where they are not required."""
    return Particle(choices, required, repeated=True)


def violations(element: Element, rule: ElementType) -> Iterator[Violation]:
    """Yield the violations in an element, in document order."""
    if rule.content is None:
        return
    yield from _attribute_violations(element, rule)
    if isinstance(rule.content, SimpleType):
        yield from _text_violations(element, rule.content)
    else:
        yield from _sequence_violations(element, rule.content)


def _attribute_violations(element: Element, rule: ElementType) -> Iterator[Violation]:
    for name, value in element.attrib.items():
        if str(name).startswith(_INSTANCE):
            continue
        if name not in rule.attributes:
            yield Violation(element, f"The '{_qualified(str(name))}' attribute is not declared.")
        elif (invalid := rule.attributes[str(name)].violation(str(value))) is not None:
            yield Violation(element, f"The '{name}' attribute is invalid - {invalid}")
    for name in rule.required_attributes:
        if name not in element.attrib:
            yield Violation(element, f"The required attribute '{name}' is missing.")


def _text_violations(element: Element, expected: SimpleType) -> Iterator[Violation]:
    for child in child_elements(element):
        reason = "because the parent element's content model is text only"
        yield Violation(child, f"{_the(element)} cannot contain child element {_named(child)} {reason}.")
    invalid = expected.violation(text_of(element))
    if invalid is not None:
        yield Violation(element, f"The '{_qualified(str(element.tag))}' element is invalid - {invalid}")


def _sequence_violations(element: Element, particles: Sequence[Particle]) -> Iterator[Violation]:
    if not particles and (len(element) or element.text):
        yield Violation(element, f"{_the(element)} cannot contain text or elements. Content model is empty.")
        return
    position, is_used = 0, False
    if text_of(element).strip():
        possible = _possible(particles, position, is_used=is_used)
        yield Violation(element, f"{_the(element)} cannot contain text.{_expected(possible)}")
    for child in child_elements(element):
        possible = _possible(particles, position, is_used=is_used)
        if child.tag not in possible:
            yield Violation(child, f"{_the(element)} has invalid child element {_named(child)}.{_expected(possible)}")
            return
        position, is_used = possible[str(child.tag)], True
        yield from violations(child, particles[position].choices[str(child.tag)])
    if any(each.required for each in particles[position + is_used :]):
        possible = _possible(particles, position, is_used=is_used)
        yield Violation(element, f"{_the(element)} has incomplete content.{_expected(possible)}")


def _possible(particles: Sequence[Particle], position: int, *, is_used: bool) -> dict[str, int]:
    """Return the elements that may follow, with the positions of their particles.

    `position` is that of the last particle; `is_used` whether it has an element already.
    """
    possible = {}
    if is_used:
        if particles[position].repeated:
            possible = dict.fromkeys(particles[position].choices, position)
        position += 1
    for number in range(position, len(particles)):
        possible |= dict.fromkeys(particles[number].choices, number)
        if particles[number].required:
            break
    return possible


def _expected(tags: Mapping[str, object]) -> str:
    if not tags:
        return ""
    names = [etree.QName(tag) for tag in tags]
    listed = ", ".join(name.localname for name in names)
    return f" List of possible elements expected: '{listed}' in namespace '{names[0].namespace}'."


def _the(element: Element) -> str:
    return f"The element {_named(element)}"


def _named(element: Element) -> str:
    name = etree.QName(element)
    return f"'{name.localname}'" + (f" in namespace '{name.namespace}'" if name.namespace else "")


def _qualified(tag: str) -> str:
    name = etree.QName(tag)
    return f"{name.namespace}:{name.localname}" if name.namespace else name.localname
