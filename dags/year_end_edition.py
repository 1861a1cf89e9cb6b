"""Compute a year's target figures, wait for an approval, freeze them in the ledger."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Asset, Param, task
from public_credit.steps.airflow import APPROVE, REJECT, SETTLED, clock_schedule, plainly, runbook

DOES = """
每年 1 月计算上一年度截至 12 月 31 日的目标数字，等待领导在 Airflow 中批准后定稿；定稿后不再更改。
已定稿的年度再次运行时，数字有变才产生“更正重列”草稿（须填原因），原定稿不动。
否决的草稿留存备查，不会成为定稿。定稿后领导看板自动重新发布。审批页面只有目标数字与内部编号，没有个人信息。
"""
FAILS = "内容指纹不符的，说明审批后数字又变了：重新运行并审批。提示构建不足的，先运行 build_warehouse。提示没有对应账号的，在工作台“待批准”页答复，或在 users.yml 写明 airflow 后重跑 settle。60 天无人答复的，用 public-credit editions approve 审批草稿。"
BACKFILL = "在表单中填年度即可补做往年；已定稿的年度数字未变则什么也不做，有变须写明重列的原因。"

settled = Asset(name=SETTLED, uri=f"pcw://{SETTLED}")

with DAG(
    dag_id="year_end_edition",
    dag_display_name="年度定稿",
    description="计算年度目标数字，领导批准后冻结入台账；更正另行重列",
    doc_md=runbook(DOES, FAILS, BACKFILL),
    schedule=clock_schedule("0 9 10 1 *"),
    catchup=False,
    max_active_runs=4,
    tags=["目标", "定稿"],
    params={
        "year": Param(
            None, type=["null", "integer"], title="年度（默认最近一个已结束的年度）", minimum=2016, maximum=2100
        ),
        "reason": Param("", type="string", title="重列的原因（已定稿的年度必填）", maxLength=500),
    },
    default_args={"owner": "data_engineer", "retries": 1, "retry_delay": timedelta(seconds=15)},
) as dag:

    @task.short_circuit(
        execution_timeout=timedelta(hours=1), doc_md="起草；与上一份定稿一致、或还没有可定稿的年度时到此为止。"
    )
    @plainly
    def compute(**context):
        from public_credit.steps.airflow import edition

        return edition(context)

    # Not ApprovalOperator: a rejection there skips by exception, so nobody downstream learns who said no, and why.
    approval = HITLOperator(
        task_id="approval",
        owner="leadership",
        subject="{{ ti.xcom_pull(task_ids='compute')['subject'] }}",
        body="{{ ti.xcom_pull(task_ids='compute')['body'] }}",
        options=[APPROVE, REJECT],
        params={"reason": Param("", type="string", title="否决理由")},
        response_timeout=timedelta(days=60),
        retries=2,  # an answer within a second of the question can overtake the scheduler's own bookkeeping: ask again
        doc_md="批准或否决；60 天不答复则本次失败，草稿仍可用命令行审批。",
    )

    @task(outlets=[settled], doc_md="批准：按展示时的内容指纹冻结，内容已变则失败。否决：登记否决人与理由，草稿留存。")
    @plainly
    def settle(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import settle_edition

        ti = context["ti"]
        settle_edition(run_of(context), ti.xcom_pull(task_ids="compute"), ti.xcom_pull(task_ids="approval"))

    compute() >> approval >> settle()
