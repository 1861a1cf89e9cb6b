"""Manual hand-in (人工报送): a form that names a file of the hand-in folder and the dataset it belongs to."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Asset, Param, task
from public_credit.catalogue import load_catalogue
from public_credit.steps.airflow import LANDED

landed = Asset(name=LANDED, uri=f"pcw://{LANDED}")

with DAG(
    dag_id="hand_in",
    dag_display_name="人工报送",
    description="登记一份人工报送的文件：先放入报送文件夹，再在表单中选择数据集、填写文件名",
    doc_md="只接受报送文件夹内的文件；文件夹之外的路径一律拒绝。",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["采集", "人工报送"],
    params={
        "dataset": Param(
            None, type=["null", "string"], title="数据集", enum=[None, *sorted(load_catalogue().datasets)]
        ),
        "file": Param("", type="string", title="报送文件夹中的文件名", maxLength=200),
    },
    default_args={"owner": "data_engineer", "retries": 0},
) as dag:

    @task(outlets=[landed])
    def take_in(**context):
        from public_credit.steps.airflow import conclude, run_of
        from public_credit.steps.work import hand_in as work

        run = run_of(context)
        work(run, context["params"]["dataset"], context["params"]["file"])
        conclude(run)

    take_in()
