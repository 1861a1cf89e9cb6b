"""Send the released differences to the city platform and book its receipts per record."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from airflow.timetables.assets import AssetOrTimeSchedule
from public_credit.steps.airflow import DELIVERED, RELEASED, clock_schedule, plainly, runbook

released = Asset(name=RELEASED, uri=f"pcw://{RELEASED}")
delivered = Asset(name=DELIVERED, uri=f"pcw://{DELIVERED}")
hourly = clock_schedule("10 * * * *")

with DAG(
    dag_id="deliver_to_city",
    dag_display_name="报送市平台",
    description="按变更单逐条按序报送市公共信用信息平台，结果不明的先查询再处理",
    doc_md=runbook(
        "按变更单逐条报送市平台。同一记录严格按序；结果不明的记录不重发，先向市平台查询。每小时续报一次未完成的记录。",
        "网络或市平台不可用的会自动重试并逐时续报。提示访问令牌不对的，改正连接后手工触发。被拒收的记录不算失败，见 public-credit status。",
        "不按日期补跑：每次运行报送全部已放行、未完成的记录，不会重复报送。",
    ),
    schedule=AssetOrTimeSchedule(timetable=hourly, assets=[released])  # type: ignore[list-item]  # of the SDK too
    if hourly
    else [released],
    catchup=False,
    max_active_runs=1,
    tags=["报送", "市平台"],
    default_args={
        "owner": "data_engineer",
        "retries": 5,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(minutes=30),
        "execution_timeout": timedelta(hours=3),
    },
) as dag:

    @task(outlets=[delivered])
    @plainly
    def deliver(**context):
        from public_credit.steps.airflow import run_of, unless_busy
        from public_credit.steps.work import deliver as work

        unless_busy(work, run_of(context))

    deliver()
