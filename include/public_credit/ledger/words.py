"""The words people read for what is stored: one per state and kind of thing, the same in commands, slips, alerts and pages.

``tests/ledger/test_states.py`` holds them complete, and told apart within a vocabulary.
"""

from __future__ import annotations

from .states import (
    ApprovalState,
    Audience,
    BatchState,
    CaseReason,
    CaseState,
    ChainOperation,
    Decision,
    Difference,
    DigestReason,
    EditionKind,
    EditionState,
    Irreversible,
    ItemState,
    Operation,
    Outcome,
    PastId,
    QuarantineState,
    ReceiverEvent,
    RecordState,
    ReleaseState,
    RequestState,
    SignIn,
    StepName,
    SubjectClass,
    Topic,
    Verdict,
)

ACCEPTED = "放行"
NOT_JUDGED = "待裁决"

BATCH: dict[str, str] = {
    BatchState.RECEIVED: "已收到",
    BatchState.LANDED: NOT_JUDGED,
    BatchState.ACCEPTED: ACCEPTED,
    BatchState.ACCEPTED_WITH_QUARANTINE: "放行有退回",
    BatchState.HELD: "扣留",
    BatchState.BROKEN: "无法读取",
    BatchState.FAILED: "出错",
    BatchState.SET_ASIDE: "已搁置",
    BatchState.WITHDRAWN: "已撤回",
}
STEP: dict[str, str] = {
    StepName.COLLECT_UNIT: "采集与入库",
    StepName.COLLECT: "采集",
    StepName.RECEIVE: "收件",
    StepName.ATTEST: "零报送",
    StepName.LAND: "入库",
    StepName.GATE: "裁决",
    StepName.GATE_RUN: "集中裁决",
    StepName.FOLLOW_UP: "退回单与更正匹配",
    StepName.SET_ASIDE: "搁置批次",
    StepName.WITHDRAW: "撤回批次",
    StepName.REPLAY: "重放批次",
    StepName.RESTORE: "恢复批次",
    StepName.DECIDE: "认定更正",
    StepName.RESOLVE: "主体识别",
    StepName.BUILD: "数仓构建",
    StepName.CATALOGUE_APPLY: "套用目录",
    StepName.RELEASE: "变更单",
    StepName.DELIVER: "报送",
    StepName.RECEIPT: "取回执",
    StepName.RECONCILE: "对账",
    StepName.EDITION: "年度定稿",
    StepName.PUBLISH_LEADERSHIP: "发布领导页",
    StepName.ALERT: "告警",
    StepName.SWEEP: "清理残留",
    StepName.TIDY: "清理日志",
    StepName.SET_PASSWORD: "设置口令",
    StepName.PURGE: "期满清除",
    StepName.SEAL: "封存证据链",
    StepName.AUDIT: "复核留痕",
}
VERDICT: dict[str, str] = {
    Verdict.INCOMPLETE: "未完成",
    Verdict.OK: "完成",
    Verdict.WARNING: "有提示",
    Verdict.HELD: "等待处理",
    Verdict.FAILED: "失败",
    Verdict.NOTHING_DUE: "无事可做",
}
OUTCOME: dict[str, str] = {Outcome.QUARANTINED: "退回", Outcome.DUPLICATE: "重复"}
QUARANTINE: dict[str, str] = {
    QuarantineState.OPEN: "待退回",
    QuarantineState.RETURNED: "已退回",
    QuarantineState.CORRECTED: "已更正",
    QuarantineState.WAIVED: "已豁免",
    QuarantineState.WITHDRAWN: "已撤下",
}
CASE_REASON: dict[str, str] = {
    CaseReason.OTHER_ROW: "该位置上是另一条记录",
    CaseReason.AMBIGUOUS: "与退回行并非一对一",
    CaseReason.NO_SUCH_PLACE: "退回单上没有该位置",
    CaseReason.OLD_STAYS: "已更正而原记录仍在册",
}
CASE: dict[str, str] = {CaseState.OPEN: "待认定", CaseState.CORRECTION: "认定为更正", CaseState.NEW: "认定为新记录"}
RELEASE: dict[str, str] = {
    ReleaseState.WAITING: "等待审批",
    ReleaseState.RELEASED: "已放行",
    ReleaseState.REJECTED: "已否决",
    ReleaseState.OVERTAKEN: "已被后来的变更单取代",
}
OPERATION: dict[str, str] = {Operation.ADD: "新增", Operation.MOD: "变更", Operation.DEL: "撤下"}
ITEM: dict[str, str] = {
    ItemState.PENDING: "待报送",
    ItemState.SENDING: "报送中",
    ItemState.UNKNOWN: "结果不明",
    ItemState.ACCEPTED: "已接收",
    ItemState.REJECTED: "被拒收",
    ItemState.WITHDRAWN: "已撤下",
    ItemState.SUPERSEDED: "已被替代",
}
REQUEST: dict[str, str] = {
    RequestState.SENDING: "发送中",
    RequestState.EMPTY: "没有可发送的",
    RequestState.ANSWERED: "已答复",
    RequestState.REFUSED: "整批被拒",
    RequestState.NOT_TAKEN: "未受理",
    RequestState.UNKNOWN: "结果不明",
}
EVENT: dict[str, str] = {
    ReceiverEvent.PUBLISHED: "已公示",
    ReceiverEvent.WITHDRAWN: "已撤下",
    ReceiverEvent.DUPLICATE: "重复",
    ReceiverEvent.OBJECTION: "异议",
    ReceiverEvent.REPAIRED: "已修复",
    ReceiverEvent.UNREADABLE: "无法识别",
}
EDITION: dict[str, str] = {
    EditionState.DRAFT: "草稿",
    EditionState.APPROVED: "已批准",
    EditionState.FROZEN: "已定稿",
    EditionState.REJECTED: "已否决",
}
EDITION_KIND: dict[str, str] = {EditionKind.ORIGINAL: "年度定稿", EditionKind.RESTATEMENT: "更正重列"}
SUBJECT_CLASS: dict[str, str] = {SubjectClass.ENTERPRISE: "企业", SubjectClass.NON_ENTERPRISE: "非企业法人"}
PAST_ID: dict[str, str] = {PastId.MERGED: "并入本主体", PastId.RENUMBERED: "换号"}
DECISION: dict[str, str] = {Decision.SAME: "同一主体", Decision.DIFFERENT: "不同主体"}
TOPIC: dict[str, str] = {
    Topic.SEVERAL_USCCS: "多个统一社会信用代码",
    Topic.SHARED_IDENTIFIER: "标识被多个主体使用",
    Topic.UNRESOLVED_RECORD: "记录未关联到主体",
    Topic.POSSIBLE_DUPLICATE: "可能重复的主体",
}
RECORD: dict[str, str] = {
    RecordState.CURRENT: "有效",
    RecordState.EXPIRED: "已到期",
    RecordState.ENDED: "已结束",
    RecordState.REVOKED: "已撤销",
    RecordState.REPLACED: "已被更正取代",
    RecordState.REPAIRED: "已修复",
}

DIFFERENCE: dict[str, str] = {
    Difference.MISSING: "市平台缺",
    Difference.SURPLUS: "市平台多",
    Difference.DIFFERING: "版本不同",
    Difference.UNSETTLED: "结果不明",
}
IRREVERSIBLE: dict[str, str] = {
    Irreversible.REKEY: "更换密钥",
    Irreversible.PURGE: "期满清除",
    Irreversible.EXPLAIN: "说明留痕复核的发现",
}
APPROVAL: dict[str, str] = {
    ApprovalState.WAITING: "等待批准",
    ApprovalState.APPROVED: "已批准",
    ApprovalState.REJECTED: "未获批准",
    ApprovalState.USED: "已执行",
}
CHAIN: dict[str, str] = {
    ChainOperation.INSERT: "新增",
    ChainOperation.UPDATE: "变更",
    ChainOperation.DELETE: "删除",
    ChainOperation.FOUND: "起链时已在",
    ChainOperation.BEGUN: "起链",
    ChainOperation.WATCHED: "纳入证据链",
    ChainOperation.MIGRATED: "数据库升级",
    ChainOperation.RESTORED: "从备份恢复",
    ChainOperation.REKEYED: "更换密钥",
    ChainOperation.VERIFIED: "复核",
    ChainOperation.EXPLAINED: "说明",
}
DIGEST: dict[str, str] = {
    DigestReason.LANDED: "入库时",
    DigestReason.FOUND: "起链时",
    DigestReason.RESHAPED: "套用目录后",
    DigestReason.PURGED: "期满清除后",
}
AUDIENCE: dict[str, str] = {
    Audience.ENGINEER: "数据工程师",
    Audience.LEADERSHIP: "分管领导",
    Audience.AUDITOR: "审计人员",
    Audience.CLERK: "部门报送员",
}
SIGN_IN: dict[str, str] = {SignIn.ADMITTED: "登录成功", SignIn.REFUSED: "未通过", SignIn.THROTTLED: "次数过多"}
VOCABULARIES: dict[str, dict[str, str]] = {
    name: value for name, value in list(globals().items()) if name.isupper() and isinstance(value, dict)
}
