"""Every night: remove what processes that died left in archive and vault, and old logs; close last month's partitions."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task
from public_credit.steps.airflow import clock_schedule, plainly, runbook

with DAG(
    dag_id="sweep",
    dag_display_name="清理残留",
    description="清理中断的收取和入库在归档与保险库中的残留",
    doc_md=runbook(
        "清理归档中一天前的、没有登记的对象，以及没有落成的入库存入保险库、而没有任何一行用到的号码。可以重复运行；有批次正在入库时保险库留到下一次。跨月后另为原始层各类记录开新的月分区。另删除过期的日志和 Airflow 的运行记录（PCW_LOG_DAYS、PCW_METADATA_DAYS）。",
        "残留无害，下一晚会再清理；连续失败的看任务日志，检查归档存储与数据库。",
        "不必补跑：每次都清理到当时为止的全部残留。",
    ),
    schedule=clock_schedule("40 2 * * *"),
    catchup=False,
    max_active_runs=1,
    tags=["维护"],
    default_args={
        "owner": "data_engineer",
        "retries": 2,
        "retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=2),
    },
) as dag:

    @task(doc_md="结果登记在台账（步骤 sweep）。")
    @plainly
    def sweep(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import sweep as work

        work(run_of(context))

    @task(doc_md="删除过期的日志和 Airflow 的运行记录；结果登记在台账（步骤 tidy）。")
    def tidy(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.tidy import tidy as work

        work(run_of(context))

    sweep()
    tidy()
