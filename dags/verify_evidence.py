"""Every night: compare what is evidence with what was booked of it – recent days, once a week everything."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param, task
from public_credit.steps.airflow import clock_schedule, plainly, runbook

with DAG(
    dag_id="verify_evidence",
    dag_display_name="复核留痕",
    description="复核归档、原始行、台账与证据链有没有被改：每夜复核近日的，每周复核全部",
    doc_md=runbook(
        "把台账各表、证据链和根值，以及近日收到的原始行与归档，与登记的摘要比对；距上次全部复核满一周的，全部复核。发现的改动列入待办并提醒，直到恢复原样并复核无误，或由两人说明。",
        "因发现改动而失败的：运行 public-credit audit verify 看何处、何时被改，办法见 docs/audit.md；不要先动数据库。因错误失败的看任务日志。",
        "不必补跑：下一夜照常；手工触发时可以选择全部复核。",
    ),
    schedule=clock_schedule("40 3 * * *"),
    catchup=False,
    max_active_runs=1,
    tags=["维护"],
    params={"whole": Param(False, type="boolean", title="全部复核", description="不论上次全部复核在何时")},
    default_args={
        "owner": "leadership",
        "retries": 1,
        "retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=6),
    },
) as dag:

    @task(doc_md="结果登记在台账（步骤 audit）和证据链。")
    @plainly
    def verify(**context):
        from public_credit.steps.airflow import evidence

        evidence(context)

    verify()
