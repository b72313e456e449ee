"""The one thing that may be known of a watermark: whether it is the zero watermark."""


def is_real(watermark: str | None) -> bool:
    """Whether `watermark` is there and is not zero.

    Amazon WorkMail's guide shows heartbeats with `AAAAAAAAAAA=` (eight zero bytes, base64) in both places, and a
    Subscribe answer with `AAAAAAA=` (five). Such a watermark says nothing about the chain.
    """
    return watermark is not None and watermark.rstrip("=").strip("A") != ""
