"""What the realms of a test run report together, in one line."""

from __future__ import annotations

from typing import Any

# The documented errors. A report also has others, which scenarios invent.
_DOCUMENTED = frozenset(
    {
        "invalid_request",
        "invalid_scope",
        "invalid_redirect_uri",
        "invalid_client_type",
        "invalid_client",
        "unauthorized_client",
        "client_not_found",
        "access_denied",
        "merchant_not_active",
        "client_not_active",
        "server_error",
    }
)


class RunSummary:
    """Collects the reports of realms."""

    def __init__(self) -> None:
        """Begin without any report."""
        self.requests = 0
        self.errors_of = 0
        self.errors_met: set[str] = set()
        self.findings: set[str] = set()

    def add_report(self, report: dict[str, Any]) -> None:
        """Add the report of a realm. Findings that are only information do not count."""
        coverage = report["coverage"]
        self.requests += report["requests"]
        self.errors_of = coverage["errors_of"]
        self.errors_met |= {entry["error"] for entry in coverage["errors"]} & _DOCUMENTED
        self.findings |= {
            finding["rule"] for finding in report["findings"] if finding["severity"] != "info"
        }

    def to_worker_output(self) -> list[Any]:
        """Return the summary as values that pytest-xdist can send."""
        return [self.requests, self.errors_of, sorted(self.errors_met), sorted(self.findings)]

    def add_worker_output(self, output: list[Any]) -> None:
        """Add the summary of a worker of pytest-xdist."""
        requests, errors_of, errors_met, findings = output
        self.requests += requests
        self.errors_of = max(self.errors_of, errors_of)
        self.errors_met |= set(errors_met)
        self.findings |= set(findings)

    def line(self) -> str:
        """Return the line: `7 of 11 documented errors met, 2 findings: no-backoff, no-state`."""
        met = f"{len(self.errors_met)} of {self.errors_of} documented errors met"
        if not self.findings:
            return f"{met}, no findings"
        word = "finding" if len(self.findings) == 1 else "findings"
        return f"{met}, {len(self.findings)} {word}: {', '.join(sorted(self.findings))}"
