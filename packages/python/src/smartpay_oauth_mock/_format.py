"""Recorded requests as text, for messages of failed tests."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Request = Mapping[str, Any]

# The number of requests that a message shows.
MAX_SHOWN = 20


def format_request(request: Request) -> str:
    """Return a request as one line: what it was, the response, and the reason for it."""
    described = [f"#{request['id']} {request['method']} {request['path']}"]
    described += [
        request[name] for name in ("grant_type", "client_id", "merchant_id") if request.get(name)
    ]

    outcome = request["outcome"]
    if outcome is None:
        return " ".join([*described, "-> no response yet"])
    described.append(f"-> {outcome['status'] or 'no response'}")
    if outcome["error"]:
        described.append(outcome["error"])
    if outcome["row"]:
        described.append(f"(row {outcome['row']})")
    if outcome["scenario"]:
        described.append(f"by scenario {outcome['scenario']}")
    if outcome["fault"]:
        described.append(f"[{outcome['fault']}]")
    return " ".join(described)


def format_received(requests: Sequence[Request], total: int) -> str:
    """Return the newest requests, a line each, below the number of all."""
    if not requests:
        return "No request was received."
    shown = requests[-MAX_SHOWN:]
    lines = [f"Requests received ({total}):"]
    if total > len(shown):
        lines.append(f"  ... {total - len(shown)} earlier requests")
    lines += [f"  {format_request(request)}" for request in shown]
    return "\n".join(lines)


def format_notes(requests: Iterable[Request]) -> str:
    """Return the notes of the journal, a line each, with the requests that they apply to."""
    ids_by_note: dict[str, list[str]] = {}
    for request in requests:
        for note in request["notes"]:
            ids_by_note.setdefault(note, []).append(f"#{request['id']}")
    return "\n".join(f"note ({', '.join(ids)}): {note}" for note, ids in ids_by_note.items())


def format_verification(found: Mapping[str, Any]) -> str:
    """Return the requests that were closest to an expectation, and how they differ.

    The text is empty if every request met it, and there were too few.
    """
    lines: list[str] = []
    for near_miss in found["closest"]:
        lines.append(f"  {format_request(near_miss['request'])}")
        lines += [
            f"      {differs['member']}: expected {differs['expected']}, "
            f"found {differs['actual'] if differs['actual'] is not None else 'nothing'}"
            for differs in near_miss["differs"]
        ]
    if found.get("dropped"):
        lines.append(f"{found['dropped']} older requests were dropped from the journal.")
    return "\n".join(["Closest requests:", *lines]) if lines else ""
