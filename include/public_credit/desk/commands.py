"""What a route does, on the command line: every route of the table of rights has its commands here, or only lets people in.

A page names them at its foot, its JSON in its description; a test compares them with the commands there are.
"""

from __future__ import annotations

_OF: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "/intake"): ("status --all",),
    ("GET", "/batches"): ("batches",),
    ("GET", "/batches/{seq}"): ("batches show",),
    ("GET", "/quarantine"): ("quarantine", "waivers list"),
    ("GET", "/corrections"): ("corrections",),
    ("GET", "/subjects"): ("subjects work",),
    ("GET", "/subjects/find"): ("subjects show",),
    ("GET", "/releases"): ("release list",),
    ("GET", "/releases/{release_id}"): ("release show", "release items"),
    ("GET", "/approvals"): ("approvals", "editions list", "release list"),
    ("GET", "/deliveries"): ("deliveries",),
    ("GET", "/trends"): ("trends",),
    ("GET", "/signins"): ("users signins",),
    ("GET", "/find"): ("find",),
    ("GET", "/records/{key}"): ("explain",),
    ("GET", "/batches/{seq}/rows/{row_no}"): ("explain",),
    ("POST", "/records/{key}/case"): ("explain --case",),
    ("POST", "/records/{key}/original"): ("explain --original",),
    ("POST", "/batches/{seq}/rows/{row_no}/case"): ("explain --case",),
    ("POST", "/batches/{seq}/rows/{row_no}/original"): ("explain --original",),
    ("GET", "/figures/{number:path}"): ("trace figure",),
    ("GET", "/lineage/{column:path}"): ("lineage",),
    ("GET", "/mine"): ("status --unit", "batches --unit", "slips --unit", "attestations list", "assessment"),
    ("GET", "/mine/batches/{seq}"): ("batches show",),
    ("GET", "/mine/slips/{slip_id}"): ("slips",),
    ("GET", "/targets"): ("report leadership",),
    ("GET", "/targets/{name}"): ("report leadership",),
    ("GET", "/metrics"): ("metrics",),
    ("GET", "/terminal"): ("login --code",),
    ("POST", "/terminal"): ("login --code",),
    ("POST", "/batches/{seq}/{move}"): ("batches set-aside", "batches withdraw", "batches restore", "replay"),
    ("POST", "/gate"): ("gate",),
    ("POST", "/waivers"): ("waive",),
    ("POST", "/corrections/{case}"): ("corrections decide",),
    ("POST", "/subjects/{move}"): ("subjects merge", "subjects split", "subjects undo"),
    ("POST", "/releases/{release_id}/{move}"): ("release approve", "release reject"),
    ("POST", "/approvals/{number}/{move}"): ("approvals approve", "approvals reject"),
    ("POST", "/editions/{edition}/{move}"): ("editions approve", "editions reject"),
    ("POST", "/mine/slips/{slip_id}"): ("ingest --land-only",),
    ("POST", "/mine/hand-in"): ("ingest --land-only",),
    ("POST", "/mine/attest"): ("attest",),
}
# Letting people in and what pages are made of; how far a command has come is said by the command.
_NONE = frozenset(
    {
        ("GET", "/"), ("GET", "/login"), ("POST", "/login"), ("POST", "/logout"), ("GET", "/login/oidc"), ("GET", "/login/oidc/back"),
        ("GET", "/static/{name}"), ("GET", "/health"), ("GET", "/api/openapi.json"), ("GET", "/jobs/{job_id}"),
    }
)  # fmt: skip


def of(method: str, path: str) -> tuple[str, ...]:
    """The commands that do what a route does, () for one that has none to have. Raises KeyError for a route nobody named."""
    route = method, path
    bare = method, path.removeprefix("/api")
    return () if route in _NONE or bare in _NONE else _OF[bare]


def told(path: str) -> str:
    """What a page says of its commands, '' where it has none."""
    return "，".join(f"public-credit {command}" for command in of("GET", path))
