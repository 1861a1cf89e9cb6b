"""The catalogue's grammar (pydantic, strict): kinds, units with their datasets, receivers.

What no entry names is not collected (国办发〔2020〕49号; 山东省社会信用条例 Art. 10).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Literal

from croniter import croniter
from pydantic import AfterValidator, field_validator, model_validator
from pydantic import Field as Attribute

from ..base.quoting import quoted
from ..identifiers.codes import check_uscc
from ..identifiers.persons import Role
from .plain_http import PlainHttp
from .records import Record
from .strict import Strict

Disclosure = Literal["公开", "政务共享", "授权查询", "封存"]
FieldType = Literal[
    "text", "code", "uscc", "org_code", "enum", "enum_multi", "date", "decimal", "integer", "month", "person_id", "list"
]
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FOREIGN = re.compile(
    r"(?:[^\W\d][\w$#]*\.)?[^\W\d][\w$#]*"
)  # letters of any script: what PostgreSQL, MySQL and Oracle name
_CONNECTION = re.compile(r"^[a-z][a-z0-9_]{2,62}$")


def _name(limit: int) -> Callable[[str], str]:
    """A text that becomes (part of) the name of a table, a column or a folder: at most ``limit`` of a-z, 0-9 and _."""

    def check(value: str) -> str:
        if not _NAME.fullmatch(value) or len(value) > limit:
            raise ValueError(f"编号只能由小写字母、数字和下划线组成，以字母开头，至多 {limit} 个字符")
        return value

    return check


def _code(value: str) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,62}", value):
        raise ValueError("数据标准代码只能由大写字母、数字和下划线组成，以字母开头")
    return value


def _dataset(value: str) -> str:
    unit, dot, name = value.partition(".")
    if not (dot and _NAME.fullmatch(unit) and _NAME.fullmatch(name)) or len(value) > 80:
        raise ValueError("数据集编号写成 单位编号.名称，只能由小写字母、数字和下划线组成")
    return value


def _foreign(value: str) -> str:
    if not _FOREIGN.fullmatch(value) or any(len(part) > 63 for part in value.split(".")):
        raise ValueError("表名、列名只能由文字、数字、下划线、$ 和 # 组成（表名前可以加 模式.），每段至多 63 个字符")
    return value


def _foreign_column(value: str) -> str:
    if "." in value:
        raise ValueError("列名不能带点")
    return _foreign(value)


KindId = Annotated[
    str, AfterValidator(_name(40))
]  # dbt and indexes add to it; PostgreSQL names have 63 characters at most
FieldName = Annotated[str, AfterValidator(_name(48))]
ReceiverId = Annotated[str, AfterValidator(_name(20))]
InterfaceId = Annotated[str, AfterValidator(_name(30))]
OfficialCode = Annotated[str, AfterValidator(_code)]
DatasetId = Annotated[str, AfterValidator(_dataset)]
ForeignTable = Annotated[str, AfterValidator(_foreign)]
ForeignColumn = Annotated[str, AfterValidator(_foreign_column)]


class CodeList(Strict):
    """A closed list: canonical value → accepted spellings and codes."""

    title: str
    values: dict[str, list[str]]
    multiple: bool = False
    other: bool = False


class Rule(Strict):
    """A publication or retention rule and the clause it rests on."""

    clause: str
    rule: str
    years: int | None = None


class Retention(Rule):
    """How long rows stay: ``years`` from the latest of the dates in ``ends``, with none of them from when they were accepted.

    A record of which no such date is told is in force; ``ends: []``: nothing that is collected so far tells the end.
    """

    ends: list[str] | None = None


class Variant(Strict):
    """One table of a kind; ``extra`` fields may arrive with it though the standard does not list them."""

    title: str
    fields: list[str]
    interface: str | None = None
    extra: list[str] = []


class Field(Strict):
    """One field of the unified record format."""

    name: FieldName
    title: str
    codes: dict[str, OfficialCode]
    type: FieldType
    length: int = Attribute(gt=0)
    required: Literal["yes", "no", "conditional"]
    sensitivity: Literal["public", "personal", "person_id"]
    code_list: str | None = None
    aliases: list[str] = []
    renamed_from: str | None = None  # the name the field had before; its values move along (catalogue apply)
    role: Role | None = None  # what its text is meant to be, where the type does not say it
    sent_as: str | None = None  # what is sent to a receiver in its place: a column of the kind's current table

    @property
    def numbers(self) -> bool:
        """Whether its text identifies somebody or something: a code, or the number of a document, licence, list or register."""
        return self.type in ("code", "uscc", "org_code", "person_id") or self.role in (
            "document",
            "registration",
            "tax",
        )


class Kind(Strict):
    """A unified record format; one raw table with the union of its variants' fields."""

    id: KindId
    title: str
    key: list[str]
    event_date: str | None = None
    document: str | None = None  # the field that holds the number of the document a record is known by
    publication: Rule
    retention: Retention
    tables: dict[KindId, Variant] = Attribute(alias="variants")
    fields: dict[str, Field]
    ignored_headers: list[str] = []
    unstaged: list[str] = []  # fields no model reads: they stay in the raw layer
    rosters: bool = True  # whether a full roster may be delivered; one that is accepted ends what it lacks
    record: Record | None = None  # how a row becomes a record of a subject, where it is one
    code_lists: dict[str, CodeList] = {}

    @property
    def raw(self) -> str:
        """The raw table as SQL writes it."""
        return quoted("raw", self.id)

    @property
    def variants(self) -> dict[str, list[str]]:
        """Field names per variant in official order, extra fields last."""
        return {name: [*table.fields, *table.extra] for name, table in self.tables.items()}

    @property
    def columns(self) -> list[str]:
        """Field columns of the raw table: the union over the variants, first come first."""
        return list(dict.fromkeys(field for fields in self.variants.values() for field in fields))

    @property
    def identifying(self) -> frozenset[str]:
        """Fields whose text tells one record, document or subject from another, and so must keep every character."""
        texts = {
            name for name in [*self.key, self.document] if name in self.fields and self.fields[name].type == "text"
        }
        return frozenset(texts | {name for name, field in self.fields.items() if field.numbers})

    @property
    def document_numbers(self) -> frozenset[str]:
        """Required numbers of documents that tell one record from another: a word for "none" is no such number."""
        return frozenset(
            name
            for name in [*self.key, self.document]
            if name in self.fields and self.fields[name].role == "document" and self.fields[name].required == "yes"
        )

    @model_validator(mode="after")
    def _consistent(self) -> Kind:
        for name, table in self.tables.items():
            unknown = [field for field in [*table.fields, *table.extra] if field not in self.fields]
            if unknown:
                raise ValueError(f"变体 {name} 引用了未定义的字段：{'、'.join(unknown)}")
        unused = set(self.fields) - set(self.columns)
        if unused:
            raise ValueError(f"字段未被任何变体使用：{'、'.join(sorted(unused))}")
        for field in self.fields.values():
            if field.type in ("enum", "enum_multi") and field.code_list not in self.code_lists:
                raise ValueError(f"字段 {field.name} 的代码表 {field.code_list} 不存在")
        former = [field.renamed_from for field in self.fields.values() if field.renamed_from]
        if wrong := {name for name in former if name in self.fields or former.count(name) > 1}:
            raise ValueError(f"renamed_from 写了仍在使用的字段，或两个字段写了同一个：{'、'.join(sorted(wrong))}")
        if absent := sorted(set(self.unstaged) - set(self.fields)):
            raise ValueError(f"unstaged 写了未定义的字段：{'、'.join(absent)}")
        for part in self.key:
            if part != "subject" and part not in self.fields:
                raise ValueError(f"主键字段 {part} 未定义")
        if self.event_date and self.event_date not in self.fields:
            raise ValueError(f"事件日期字段 {self.event_date} 未定义")
        if unknown := sorted(set(self.retention.ends or []) - set(self.fields)):
            raise ValueError(f"保存期限的起算字段 {'、'.join(unknown)} 未定义")
        if self.document and self.document not in self.fields:
            raise ValueError(f"文书号字段 {self.document} 未定义")
        if mistake := next(self._mistakes_of_record(), None):
            raise ValueError(f"record：{mistake}")
        return self

    def _mistakes_of_record(self) -> Iterator[str]:
        if not self.record:
            if any(table.interface for table in self.tables.values()):
                yield "报送接收方的类型须写 record"
            return
        staged = set(self.columns) - set(self.unstaged)
        if unknown := sorted(self.record.names - staged - {"variant", "accepted_on"}):
            yield f"写了未定义或不进入明细层的字段：{'、'.join(unknown)}"
        if wrong := sorted(name for name in self.record.days & staged if self.fields[name].type != "date"):
            yield f"不是日期的字段：{'、'.join(wrong)}"
        if not self.event_date and not self.record.event_month:
            yield "没有 event_date 的记录须写 event_month（费款、评价所属月份的字段）"
        if (month := self.record.event_month) and month in self.fields and self.fields[month].type != "month":
            yield f"event_month 的字段 {month} 不是月份"
        if any(variants != set(self.tables) for variants in self.record.by_variant):
            yield f"按变体书写的标题和内容须写全各变体：{'、'.join(self.tables)}"
        if hidden := sorted(
            name
            for name in self.record.shown & staged
            if name in self.fields and self.fields[name].sensitivity != "public"
        ):
            yield f"标题和内容不能含非公开的字段：{'、'.join(hidden)}"


class _Connected(Strict):
    connection: str

    @field_validator("connection")
    @classmethod
    def _connection_id(cls, value: str) -> str:
        if not _CONNECTION.fullmatch(value):
            raise ValueError("连接编号只能由小写字母、数字和下划线组成（3–63 位），不能写地址或口令")
        return value


class _Bounded(Strict):
    max_mb: float = Attribute(default=2000.0, gt=0, description="一份回执（一次拉取、一个批次、一个文件）至多多少 MB")


class HttpApi(_Connected, _Bounded):
    """HTTP JSON interface of a department: pages, signature, rate limit."""

    type: Literal["http_api"]
    path: str
    page_size: int = Attribute(default=1000, ge=1, le=1000)
    signing: Literal["md5_appkey_secret_time"] = "md5_appkey_secret_time"
    requests_per_second: float = Attribute(default=5.0, gt=0, le=50)
    row_version: str = "SJC"
    max_pages: int = Attribute(default=2000, ge=1, description="一次拉取至多多少页")
    max_minutes: float = Attribute(default=60.0, gt=0, description="一次拉取至多多少分钟")
    plain_http: PlainHttp | None = None


def _pattern(value: str) -> str:
    parent, name = posixpath.split(value)
    if not name or value.startswith("/") or ".." in value.split("/") or any(sign in parent for sign in "*?["):
        raise ValueError("文件名模式只能指向渠道文件夹之内，通配符只能用在文件名中")
    return value


class _Files(_Connected, _Bounded):
    patterns: list[Annotated[str, AfterValidator(_pattern)]] = Attribute(min_length=1)
    format: Literal["csv", "xlsx", "xls", "zip_xml", "xml", "auto"] = "auto"
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    settle_seconds: float = Attribute(default=5.0, ge=0)


class Sftp(_Files):
    """Files on a department's SFTP server."""

    type: Literal["sftp"]
    folder: str = "out"

    @field_validator("folder")
    @classmethod
    def _below(cls, value: str) -> str:
        if ".." in value.split("/") or any(sign in value for sign in "*?["):
            raise ValueError("文件夹不能含 .. 和通配符")
        return value


class DropFolder(_Files):
    """Files a department drops into a shared folder."""

    type: Literal["drop_folder"]


class ExchangeDb(_Connected, _Bounded):
    """Front-end database (前置库): tables with batch numbers."""

    type: Literal["exchange_db"]
    table: ForeignTable
    key_column: ForeignColumn = "source_id"
    batch_column: ForeignColumn = "source_record_id"
    created_column: ForeignColumn = "source_create_date"
    batch_done_table: ForeignTable
    recheck_batches: int = Attribute(default=20, ge=1, description="每次核对最近多少个已收批次有无晚到或改动的行")
    count_behind: bool = Attribute(default=True, description="每次数一遍更早批次的行数，有从未收取的即提示（大表可关）")


class HandIn(_Bounded):
    """Files handed in by a person (form or command line)."""

    type: Literal["hand_in"]
    format: Literal["csv", "xlsx", "xls", "zip_xml", "xml", "auto"] = "auto"
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"


Channel = Annotated[HttpApi | Sftp | DropFolder | ExchangeDb | HandIn, Attribute(discriminator="type")]


class Dataset(Strict):
    """One unit delivering one kind (and variant) through one channel."""

    id: DatasetId
    unit: str
    title: str
    kind: str
    variant: str
    sectors: list[str] = Attribute(min_length=1, description="属于依据文件的哪些领域（sectors.yml 的编号）")
    channel: Channel
    cadence_days: int = Attribute(gt=0, description="最长报送间隔（天），超过即提示催报")
    floor: int = Attribute(default=0, ge=0, description="一批至少多少行（空表零报送除外）")
    delivery_mode: Literal["events", "changes", "full_snapshot"] = "events"
    shrink_floor: float = Attribute(default=0.9, gt=0, le=1, description="全量名录的行数至少是上一批的几成")
    overlap_floor: float = Attribute(default=0.8, gt=0, le=1, description="现行名录至少几成的主键仍在新的全量名录中")
    growth_ceiling: float = Attribute(default=1.5, gt=1, description="新的全量名录至多是现行名录的几倍")
    field_exceptions: dict[str, str] = {}
    ignored_columns: list[str] = []
    legal_basis: str = Attribute(min_length=4)
    purpose: str = Attribute(min_length=2)
    disclosure: Disclosure
    retention: str = Attribute(min_length=2)


class Unit(Strict):
    """A department, town, street office or body under dual leadership that delivers."""

    id: str
    name: str
    uscc: str
    nature: Literal["部门", "镇街", "开发区", "双管单位", "司法机关"]
    schedule: str | None
    owner: str
    contact: str
    run_notes: str
    datasets: list[Dataset]

    @field_validator("id")
    @classmethod
    def _short(cls, value: str) -> str:
        return _name(40)(value)

    @field_validator("uscc")
    @classmethod
    def _valid_uscc(cls, value: str) -> str:
        if not check_uscc(value).ok:
            raise ValueError("单位统一社会信用代码不正确（GB 32100 校验）")
        return value

    @field_validator("schedule")
    @classmethod
    def _cron(cls, value: str | None) -> str | None:
        try:
            if value is not None and (len(value.split()) != 5 or not croniter(value, datetime(2026, 1, 1)).get_next()):
                raise ValueError
        except ValueError:  # of the parser too: out of range, or a day that never comes
            raise ValueError('采集时间须为五段 cron 表达式，例如 "0 6 * * *"') from None
        return value

    @field_validator("name", "owner")
    @classmethod
    def _shown(cls, value: str) -> str:
        if not 0 < len(value.strip()) <= 60 or not value.isprintable() or "," in value:
            raise ValueError("名称和责任人为 1 至 60 个字，不含逗号和换行")
        return value


class Interface(Strict):
    """One table a receiver takes: which kind and variant, under which disclosure levels, with which numbers."""

    kind: str
    variant: str
    disclosures: list[Disclosure]
    sensitive_fields: list[str] = []


class Unusual(Strict):
    """When a release waits for an approval (shares 0..1). ``free_fields``: official codes whose fill rate says nothing, as of 备注."""

    min_records: int
    deletion_share: float
    fill_rate_drop: float
    free_fields: list[str] = []
    reason: str


class Receiver(Strict):
    """Who receives what, on what basis."""

    id: ReceiverId
    title: str
    connection: str
    adapter: Literal["http_json"]
    plain_http: PlainHttp | None = None
    legal_basis: str
    purpose: str
    batch_size: int = Attribute(default=200, gt=0, le=1000)
    interfaces: dict[InterfaceId, Interface]
    unusual: Unusual


class Limit(Strict):
    """Words that mark a column as never collected, and the reason."""

    words: list[str]
    reason: str


class Forbidden(Strict):
    """``forbidden.yml``: columns that the law lets nobody collect."""

    columns: list[Limit]


class Authority(Strict):
    """An entry of ``authorities.yml``: an authority or source unit, no unit of the catalogue, that may stand in a record (rule R15)."""

    name: str
    uscc: str
