"""One DAG per department, generated from the catalogue: collect its receipts, archive and land them."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from public_credit.catalogue import load_catalogue
from public_credit.steps.airflow import LANDED, clock_schedule

LANDED_BATCHES = Asset(name=LANDED, uri=f"pcw://{LANDED}")


def department_dag(unit) -> DAG:
    """The DAG of one department."""
    with DAG(
        dag_id=f"collect_{unit.id}",
        dag_display_name=f"采集 {unit.name}",
        description=f"按目录采集{unit.name}的公共信用信息，加密归档后入库",
        doc_md=f"{unit.run_notes}\n\n联系：{unit.contact}\n",  # what ends in .md would be taken for a file
        schedule=clock_schedule(unit.schedule),
        catchup=False,
        max_active_runs=1,
        tags=["采集", unit.name, *sorted({dataset.channel.type for dataset in unit.datasets})],
        default_args={
            "owner": unit.owner,
            "retries": 3,
            "retry_delay": timedelta(seconds=20),
            "retry_exponential_backoff": 2,
            "max_retry_delay": timedelta(minutes=30),
            "execution_timeout": timedelta(hours=2),
        },
    ) as dag:

        @task(
            task_id="collect_and_land",
            outlets=[LANDED_BATCHES],
            doc_md="先收齐各数据集的新回执并归档，再逐批入库；一个数据集失败不影响其他数据集，失败者由本任务重试；一份回执出错只停这一份。连接还没有配置的单位跳过（尚未接入）；目录文件有误的单位失败，原因见日志。",
        )
        def collect_and_land(**context):
            from public_credit.steps.airflow import collect

            collect(context, unit.id)

        collect_and_land()
    return dag


for _unit in load_catalogue().collected:
    globals()[f"collect_{_unit.id}"] = department_dag(_unit)
