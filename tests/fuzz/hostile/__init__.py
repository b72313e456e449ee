"""Bodies made to do harm, in classes that are known from attacks elsewhere."""

from typing import Final

from tests.fuzz.hostile.answers import answers
from tests.fuzz.hostile.bodies import Classes
from tests.fuzz.hostile.doctypes import DOCTYPES
from tests.fuzz.hostile.documents import DOCUMENTS
from tests.fuzz.hostile.encodings import ENCODINGS
from tests.fuzz.hostile.floods import FLOODS, ordinary_flood

__all__ = ["CLASSES", "answers", "ordinary_flood"]

CLASSES: Final[Classes] = {**DOCTYPES, **ENCODINGS, **DOCUMENTS, **FLOODS}
