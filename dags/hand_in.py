"""Manual hand-in (人工报送): a form that names a file of the hand-in folder and the dataset it belongs to."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Asset, Param, task
from public_credit.steps.airflow import LANDED, datasets_to_choose, plainly, runbook

landed = Asset(name=LANDED, uri=f"pcw://{LANDED}")

with DAG(
    dag_id="hand_in",
    dag_display_name="人工报送",
    description="登记一份人工报送的文件：先放入报送文件夹，再在表单中选择数据集、填写文件名",
    doc_md=runbook(
        "登记一份人工报送的文件并入库：先把文件放入报送文件夹（状态目录 hand_in），再在表单中选择数据集、填写文件名。只接受报送文件夹内的文件。",
        "任务日志最后一行写明原因。文件名写错的，改正后重新提交；文件无法读取的，请来源单位重新导出。",
        "同一份文件再次登记不会重复入库。",
    ),
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["采集", "人工报送"],
    params={
        "dataset": Param(type="string", title="数据集", **datasets_to_choose()),
        "file": Param(type="string", title="报送文件夹中的文件名", minLength=1, maxLength=200),
    },
    default_args={"owner": "data_engineer", "retries": 0},
) as dag:

    @task(outlets=[landed])
    @plainly
    def take_in(**context):
        from public_credit.steps.airflow import conclude, run_of
        from public_credit.steps.work import hand_in as work

        run = run_of(context)
        work(run, context["params"]["dataset"], context["params"]["file"])
        conclude(run)

    take_in()
