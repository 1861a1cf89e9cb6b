"""双公示 of the invented district, month by month and year by year."""

from __future__ import annotations

from public_credit.papers.leadership.model import Quality

from .units import UNITS

DELIVER = [unit for unit in UNITS if unit not in ("zfb", "jgbz", "fgj", "czj", "swj", "jtj", "mzj")]


def _rate(above: int, below: int) -> float | None:
    return round(above / below, 6) if below else None


def quality() -> list[Quality]:
    found: list[Quality] = []

    def add(unit: str, period: str, table: str, generated: int, received: int, accepted: int, late: int) -> None:
        due, organisations = max(late, received - received // 20), accepted - accepted // 10
        linked = int(organisations * 0.93)
        found.append(
            Quality(
                unit,
                period,
                table,
                ledger_to=f"{period}-12"[:7] if generated else "",
                backlog=0,
                generated=generated,
                received_known=received,
                surplus=0,
                received=received,
                accepted=accepted,
                due=due,
                running=received - due,
                late=late,
                organisations=organisations,
                linked=linked,
                to_publish=organisations,
                published=organisations - late // 3,
                reporting_rate=_rate(received, generated),
                timely_rate=_rate(due - late, due),
                late_rate=_rate(late, due),
                compliance_rate=_rate(accepted, received),
                link_rate=_rate(linked, organisations),
                publication_rate=_rate(organisations - late // 3, organisations),
            )
        )

    for year in range(2016, 2021):
        total = {"licence": [0, 0, 0, 0], "penalty": [0, 0, 0, 0]}
        for place, unit in enumerate(DELIVER):
            own = {"licence": [0, 0, 0, 0], "penalty": [0, 0, 0, 0]}
            for month in range(12 if year == 2016 else 1, 13):
                both = [0, 0, 0, 0]
                for table in own:
                    generated = 0 if unit == "xfdd" and year == 2020 else 3 + (place * 7 + month * 3 + len(table)) % 9
                    received = max(generated - (1 if (place + month) % 7 == 0 else 0), 0)
                    late = min(
                        received, (1 if (place * 5 + month + year) % (4 + year - 2016) == 0 else 0) + (place % 6 == 3)
                    )
                    counts = [
                        generated,
                        received,
                        received - (1 if (place + month + year) % 11 == 0 and received else 0),
                        late,
                    ]
                    own[table] = [a + b for a, b in zip(own[table], counts, strict=True)]
                    both = [a + b for a, b in zip(both, counts, strict=True)]
                add(unit, f"{year}-{month:02}", "", *both)
            for table, counts in own.items():
                add(unit, str(year), table, *counts)
                total[table] = [a + b for a, b in zip(total[table], counts, strict=True)]
            add(unit, str(year), "", *[a + b for a, b in zip(*own.values(), strict=True)])
        for table, counts in total.items():
            add("", str(year), table, *counts)
        add("", str(year), "", *[a + b for a, b in zip(*total.values(), strict=True)])
        for month in range(12 if year == 2016 else 1, 13):
            part = [item for item in found if item.period == f"{year}-{month:02}" and item.unit_id]
            add(
                "",
                f"{year}-{month:02}",
                "",
                sum(item.generated or 0 for item in part),
                sum(item.received for item in part),
                sum(item.accepted for item in part),
                sum(item.late for item in part),
            )
    return found
