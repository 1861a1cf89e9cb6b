"""Fetch the city platform's later receipts and compare both sides record by record."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from airflow.timetables.assets import AssetOrTimeSchedule
from public_credit.steps.airflow import DELIVERED, clock_schedule, plainly, runbook

delivered = Asset(name=DELIVERED, uri=f"pcw://{DELIVERED}")
daily = clock_schedule("0 5 * * *")

with DAG(
    dag_id="receive_from_city",
    dag_display_name="市平台回执与对账",
    description="登记市平台的后续回执（公示、撤下、异议、修复），并逐条双向对账",
    doc_md=runbook(
        "登记市平台的后续回执并对账。回执按序号续取；对账比较双方各自持有的记录与版本，差异逐条记入台账。",
        "自动重试；仍失败的检查连接与市平台，恢复后手工触发。对账有差异不算失败：public-credit status 列出，public-credit explain 逐条核对。",
        "不按日期补跑：回执从上次的序号续取，对账总是比较现状。",
    ),
    schedule=AssetOrTimeSchedule(timetable=daily, assets=[delivered])  # type: ignore[list-item]  # of the SDK too
    if daily
    else [delivered],
    catchup=False,
    max_active_runs=1,
    tags=["回执", "市平台"],
    default_args={
        "owner": "data_engineer",
        "retries": 5,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=1),
    },
) as dag:

    @task
    @plainly
    def receive(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import receive as work

        work(run_of(context))

    receive()
