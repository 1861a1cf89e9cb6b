"""The figures of a publication. Filled once (``load``), read by the page, the workbook and the PDF alike.

Rates are fractions (0.902 = 90.2 %) and None where there is no denominator. Unit '' is the district.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from ...policy.workdays import PROVISIONAL

DISTRICT = ""
MET = "已达标"
HATCHES = {
    "实底": "solid",
    "密斜线": "dense",
    "疏斜线": "sparse",
    "交叉线": "cross",
    "竖线": "bars",
    "空白虚框": "blank",
    "点状": "dots",
    "浅底": "none",
    "无底纹": "none",
}
TargetKey = tuple[str, int]
# The rates of 双公示: what they are called, and what stands above and below the line.
RATES = {
    "timely_rate": ("双公示及时率", "按期", "期限已过"),
    "compliance_rate": ("双公示合规率", "合格入库", "报送"),
    "reporting_rate": ("双公示报送率", "报送", "产生"),
    "link_rate": ("关联率", "关联", "组织的决定"),
    "publication_rate": ("公示率", "已公示", "须公示"),
}


@dataclass(frozen=True)
class Target:
    """One goal of one target (T02 and T04 have two goals, so two of these)."""

    target_id: str
    goal_no: int
    title: str
    clause: str
    population: str
    goal: float
    due_on: date
    figure_kind: str
    responsible: tuple[str, ...]
    contributing: tuple[str, ...]
    advances: bool
    about_persons: bool
    figure_id: str  # two goals of one figure share it; T09P, T10P are the person parts
    goal_text: str  # as the source writes it: '85%', '10 个部门'
    definition: str = ""
    note: str = ""
    measure: str = "家"  # what the figure counts one by one

    @property
    def key(self) -> TargetKey:
        """What names the target and its goal."""
        return self.target_id, self.goal_no


@dataclass(frozen=True)
class Figure:
    """One row of ``mart_targets__progress``."""

    target_id: str
    goal_no: int
    unit_id: str
    year: int
    month_end: date
    numerator: int | None
    denominator: int | None
    denominator_source: str
    denominator_on: date | None
    percent: float | None
    distance: float | None  # percentage points still missing to the goal; 0 or negative when met
    pace: float | None  # the share the linear way to the due date asks for at month end
    state: str
    suppressed: bool = False  # a cell of persons under 5: the mart gives no number for it
    quality_note: str = ""  # 数据质量提示: why the figure is to be read with care

    @property
    def key(self) -> TargetKey:
        """What names the target and its goal."""
        return self.target_id, self.goal_no


@dataclass(frozen=True)
class Edition:
    """A year's frozen figures, by target, goal and unit: those of its newest frozen edition, and of the first one."""

    year: int
    edition_id: str  # of the first one
    approved_by: str
    approved_on: date | None
    figures: dict[tuple[str, int, str], Figure]
    first: dict[tuple[str, int, str], Figure] = field(default_factory=dict)  # empty where nothing restates it
    redefined: frozenset[TargetKey] = frozenset()  # goals that mean something else than in the first one
    redefined_since: frozenset[TargetKey] = frozenset()  # goals that mean something else today than in the newest one


@dataclass(frozen=True)
class Restated:
    """A figure of the district that a restatement gives differently, with the rows that came, went or changed."""

    target_id: str
    goal_no: int
    figure_id: str
    title: str
    old_numerator: int | None
    old_denominator: int | None
    old_percent: float | None
    numerator: int | None
    denominator: int | None
    percent: float | None
    came: int
    went: int
    changed: int
    redefined: bool = False  # it means something else than in the edition that is restated

    @property
    def moved(self) -> float | None:
        """Percentage points."""
        return None if self.percent is None or self.old_percent is None else (self.percent - self.old_percent) * 100


@dataclass(frozen=True)
class Restatement:
    """A frozen correction of a frozen edition; the edition itself never changes."""

    year: int
    edition_id: str
    restates: str
    on: date  # business date it was computed on
    approved_by: str
    reason: str
    figures: list[Restated]


@dataclass(frozen=True)
class State:
    """How a state is told: word, symbol, hatch and its place from worst to best."""

    name: str
    symbol: str
    hatch: str
    order: int
    condition: str

    @property
    def style(self) -> str:
        """Name of the hatch in style sheets and drawings; a hatch we cannot draw is drawn plain."""
        return HATCHES.get(self.hatch, "none")


@dataclass(frozen=True)
class Quality:
    """双公示 supervision of one unit (or the district) in one period: counts and the rates the mart gives."""

    unit_id: str
    period: str  # '2020' or '2020-11'
    table: str  # '' both, 'licence', 'penalty'
    ledger_to: str  # the last month a ledger covers, '2020-11'; '' without one
    backlog: int  # 存量补录: decided before the first day of service, in no other count
    generated: int | None
    received_known: int | None  # of the months a ledger covers, at most what it says: the numerator of 报送率
    surplus: int | None  # 台账少报: what came beyond the ledger's number
    received: int
    accepted: int
    due: int  # the deadline has passed
    running: int  # 办理期内
    late: int  # of those due
    organisations: int
    linked: int
    to_publish: int
    published: int
    reporting_rate: float | None
    timely_rate: float | None
    late_rate: float | None
    compliance_rate: float | None
    link_rate: float | None
    publication_rate: float | None

    @property
    def in_time(self) -> int:
        """按期: accepted by a deadline that has passed."""
        return self.due - self.late

    def counts(self, metric: str) -> tuple[int | None, int | None]:
        """Numerator and denominator of a rate."""
        return {
            "timely_rate": (self.in_time, self.due),
            "compliance_rate": (self.accepted, self.received),
            "reporting_rate": (self.received_known, self.generated),
            "link_rate": (self.linked, self.organisations),
            "publication_rate": (self.published, self.to_publish),
        }[metric]

    def rate(self, metric: str) -> float | None:
        """A rate as the mart gives it."""
        return {
            "timely_rate": self.timely_rate,
            "compliance_rate": self.compliance_rate,
            "reporting_rate": self.reporting_rate,
            "link_rate": self.link_rate,
            "publication_rate": self.publication_rate,
        }[metric]


@dataclass(frozen=True)
class Silence:
    """Weeks without a delivery of one unit in one year, and the 零报送 attestations for them.

    ``nothing_yet``: neither a delivery nor an attestation on any business day of the year so far, though something was
    due; ``not_due``: none of the unit's datasets has gone live. ``batches``: deliveries of any dataset.
    """

    unit_id: str
    year: int
    silent_weeks: int
    attestations: int
    nothing_yet: bool = False
    not_due: bool = False
    batches: int = 0


@dataclass(frozen=True)
class DecisionMonth:
    """双公示 of a unit (district: '') in one month of decision since the first day of service."""

    unit_id: str
    table: str  # 'licence', 'penalty'
    month: str  # '2020-11'
    generated: int | None
    own_site_published: int | None
    received: int
    unreported: int | None
    reason: str  # why some were not delivered, as the unit states it
    accepted: int
    published: int


@dataclass(frozen=True)
class Clock:
    """Decisions received and not yet let in, by their deadline."""

    unit_id: str
    due_today: int
    due_next: int
    breached: int
    impossible_date: int
    provisional: int = 0  # of those running, whose deadline is 暂按周末推算


@dataclass(frozen=True)
class Returned:
    """Rows that went back: open, since when, put right, within how many days on average."""

    unit_id: str
    returned: int
    open_rows: int
    oldest_on: date | None
    corrected: int
    fix_days: float | None


@dataclass(frozen=True)
class Assessed:
    """A line of the yearly assessment sheet of a unit; ``points`` is None where it is not assessed."""

    unit_id: str
    year: int
    title: str
    points: float | None
    max_points: float | None
    formula: str
    clause: str


@dataclass(frozen=True)
class Milestone:
    """A dated state with its evidence, as it stood at the end of a year."""

    milestone_id: str
    year: int
    title: str
    due_on: date
    state: str
    evidence: str
    on: date | None
    clause: str
    responsible: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """What is missing to be done, in words; '' where nothing is."""
        return "" if self.done else "尚缺完成的佐证文件" if self.evidence else "尚无佐证文件"

    @property
    def done(self) -> bool:
        """Whether it is done, in time or late."""
        return self.state in ("按期完成", "逾期完成")


@dataclass(frozen=True)
class Uncovered:
    """An organisation a target counts and no archive covers."""

    uscc: str
    name: str
    unit_id: str  # who names it: the register's or roster's unit
    since: date
    reason: str


@dataclass(frozen=True)
class Ask:
    """Something that asks for the person in charge: who, what, how much, since when, until when (``mart_attention__line``)."""

    place: int  # 1 is the most pressing
    shown: bool  # on the first card, five at most
    title: str
    unit_id: str
    about: str
    amount: int
    measure: str
    since: date | None
    deadline: date | None
    remedy: str
    clause: str
    deadline_provisional: bool = False
    rule: str = ""  # of the rule seed

    @property
    def deadline_note(self) -> str:
        """What the deadline rests on, '' where every day up to it was announced."""
        return PROVISIONAL if self.deadline_provisional else ""


@dataclass(frozen=True)
class Metric:
    """What a figure means and where it comes from."""

    metric: str
    title: str
    definition: str
    source: str  # records, rosters or calendars it is taken from
    mart: str = ""  # where it is computed: a technical foot
    exclusions: str = ""  # what is in neither number
    cohort: str = ""  # which decisions, by what day

    @property
    def meaning(self) -> str:
        """The definition with what it leaves out and what it is about."""
        more = [f"不计：{self.exclusions}" if self.exclusions else "", f"范围：{self.cohort}" if self.cohort else ""]
        return "　".join(filter(None, (self.definition, *more)))


@dataclass(frozen=True)
class GoalLine:
    """A line for comparing units by a metric: a goal where a clause of the State or of the province sets it (``word`` 目标), else a
    line of reference (参考线)."""

    metric: str
    goal: float
    clause: str
    word: str = "目标"


@dataclass(frozen=True)
class NoticeRule:
    """From which value on a metric is pointed out, and why."""

    metric: str
    threshold: float
    clause: str
    reason: str


@dataclass(frozen=True)
class NoteRule:
    """What is said beside a figure (数据质量提示): of which fact, beside which figures, between which values, in which words."""

    fact: str
    metrics: tuple[str, ...]
    at_least: int
    at_most: int | None
    shown_in: str  # 各处, or 指标卡 only
    words: str  # ``{n}`` is the fact's number
    clause: str


@dataclass(frozen=True)
class Publication:
    """Everything a publication shows."""

    district: str
    business_date: date
    build_id: int
    built_at: datetime | None
    code_version: str
    units: dict[str, str]
    targets: list[Target]
    figures: list[Figure]
    states: list[State]
    quality: list[Quality]
    milestones: list[Milestone]
    metrics: dict[str, Metric]
    goal_lines: dict[str, GoalLine]
    notices: dict[str, NoticeRule] = field(default_factory=dict)
    editions: dict[int, Edition] = field(default_factory=dict)
    restatements: list[Restatement] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    decision_months: list[DecisionMonth] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    assessed: list[Assessed] = field(default_factory=list)
    uncovered: dict[str, list[Uncovered]] = field(default_factory=dict)  # by target
    on_duty: frozenset[str] = frozenset()  # units that have licences or penalties to deliver (双公示)
    simulated: bool = False
    note_rules: tuple[NoteRule, ...] = ()

    @cached_property
    def few(self) -> NoteRule | None:
        """The rule up to whose value a denominator is too small for a judgement or a trend."""
        found = (rule for rule in self.note_rules if rule.fact == "denominator" and rule.metrics[0] in RATES)
        return next(found, None)

    @cached_property
    def figure_at(self) -> dict[tuple[str, int, str, date], Figure]:
        """Figures by (target, goal, unit, month end)."""
        return {(f.target_id, f.goal_no, f.unit_id, f.month_end): f for f in self.figures}

    @cached_property
    def quality_of(self) -> dict[tuple[str, str, str], Quality]:
        """Quality figures by (unit, period, table)."""
        return {(q.unit_id, q.period, q.table): q for q in self.quality}

    @cached_property
    def silence_of(self) -> dict[tuple[str, int], Silence]:
        """Silences by (unit, year)."""
        return {(s.unit_id, s.year): s for s in self.silences}

    @cached_property
    def state_of(self) -> dict[str, State]:
        """States by name."""
        return {state.name: state for state in self.states}

    @cached_property
    def months(self) -> list[date]:
        """Month ends there are figures of, oldest first."""
        return sorted({figure.month_end for figure in self.figures})

    @cached_property
    def years(self) -> list[int]:
        """Years there are figures of, oldest first."""
        return sorted({month.year for month in self.months})

    @cached_property
    def clock_of(self) -> dict[str, Clock]:
        """The running clocks by unit."""
        return {clock.unit_id: clock for clock in self.clocks}

    @cached_property
    def returned_of(self) -> dict[str, Returned]:
        """Returned rows by unit."""
        return {item.unit_id: item for item in self.returned}

    def months_of(self, unit: str, year: int) -> list[DecisionMonth]:
        """The months of decision of a unit in a year, newest first, licences before penalties."""
        found = [item for item in self.decision_months if item.unit_id == unit and item.month[:4] == str(year)]
        return sorted(found, key=lambda item: (-int(item.month[5:]), item.table))

    def assessment_of(self, unit: str, year: int) -> list[Assessed]:
        """The assessment sheet of a unit for a year, in its order."""
        return [item for item in self.assessed if (item.unit_id, item.year) == (unit, year)]

    def milestones_of(self, year: int) -> list[Milestone]:
        """The milestones as a year left them."""
        return [item for item in self.milestones if item.year == year]

    def month_of(self, year: int) -> date:
        """The month end a year is shown at: its last one on record."""
        return max(month for month in self.months if month.year == year)

    def as_of(self, month_end: date) -> date:
        """截至: the day the figures of a month are of, which is no later than the data."""
        return min(month_end, self.business_date)

    @cached_property
    def units_in_charge(self) -> list[str]:
        """Units responsible for a target that is advanced, in the order of the catalogue."""
        charged = {unit for target in self.targets if target.advances for unit in target.responsible}
        return [unit for unit in self.units if unit in charged]
