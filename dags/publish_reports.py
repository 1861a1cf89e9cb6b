"""Publish what leadership reads after each build and each settled edition: page, workbook and PDF from one set of figures."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from airflow.sdk import DAG, Asset, task
from public_credit.steps.airflow import RELEASED, SETTLED, plainly, runbook

released = Asset(name=RELEASED, uri=f"pcw://{RELEASED}")
settled = Asset(name=SETTLED, uri=f"pcw://{SETTLED}")

with DAG(
    dag_id="publish_reports",
    dag_display_name="发布领导看板",
    description="最近一次构建的目标进度、双公示质量、里程碑：网页、工作簿、PDF 各一份",
    doc_md=runbook(
        "发布领导看板。数字全部来自集市，只在一处读取；文件整份写好再换名，读者不会打开半份文件。内容未变则不重写。",
        "提示还没有构建的，先运行 build_warehouse；磁盘写不下的，清理后手工触发。此前发布的文件不受影响。",
        "总是发布最近一次构建的数字；手工触发必定重写。",
    ),
    schedule=(released | settled),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    tags=["发布", "领导"],
    default_args={
        "owner": "data_engineer",
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "execution_timeout": timedelta(minutes=30),
    },
) as dag:

    @task(doc_md="网页、工作簿、PDF 写入状态目录 publications/leadership。")
    @plainly
    def publish(**context):
        from public_credit.steps.airflow import run_of, unless_busy
        from public_credit.steps.work import publish as work

        unless_busy(partial(work, again=context["dag_run"].run_type == "manual"), run_of(context))

    publish()
