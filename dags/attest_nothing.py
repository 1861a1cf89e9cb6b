"""零报送 by form: a unit states that it has nothing to deliver for a period."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param, task
from public_credit.catalogue import load_catalogue

with DAG(
    dag_id="attest_nothing",
    dag_display_name="零报送登记",
    description="登记一个数据集在一段时间内没有应报数据，与静默相区别",
    doc_md="只能登记已经过去的日期；期间内报送过数据的不能作零报送。重复登记不会重复记账。",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["采集", "零报送"],
    params={
        "dataset": Param(
            None, type=["null", "string"], title="数据集", enum=[None, *sorted(load_catalogue().datasets)]
        ),
        "start": Param(None, type=["null", "string"], format="date", title="起始日期"),
        "end": Param(None, type=["null", "string"], format="date", title="截止日期"),
        "who": Param("", type="string", title="登记人", maxLength=50),
        "reason": Param("", type="string", title="依据（例如来函文号）", maxLength=200),
    },
    default_args={"owner": "data_engineer", "retries": 0},
) as dag:

    @task
    def book(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import attest

        given = context["params"]
        run = run_of(context, who=given["who"])
        attest(run, given["dataset"], given["start"], given["end"], given["reason"])

    book()
