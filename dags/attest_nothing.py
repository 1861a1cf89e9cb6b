"""零报送 by form: a unit states that it has nothing to deliver for a period."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param, task
from public_credit.steps.airflow import datasets_to_choose, plainly, runbook

with DAG(
    dag_id="attest_nothing",
    dag_display_name="零报送登记",
    description="登记一个数据集在一段时间内没有应报数据，与静默相区别",
    doc_md=runbook(
        "为一个数据集登记一段时间内没有应报数据（零报送）。只能登记一年以内、已经过去的日期；期间内报送过数据的不能作零报送。",
        "任务日志最后一行写明哪一项不对；改正后重新提交表单。误登的用 public-credit attestations revoke 撤销。",
        "同一数据集、同一期间再次登记不会重复记账。登记人与填表的 Airflow 用户一并留痕；该用户在 users.yml 中有账号的，记其账号。",
    ),
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["采集", "零报送"],
    params={
        "dataset": Param(type="string", title="数据集", **datasets_to_choose()),
        "start": Param(type="string", format="date", title="起始日期"),
        "end": Param(type="string", format="date", title="截止日期"),
        "who": Param(type="string", title="登记人", minLength=1, maxLength=50),
        "reason": Param(type="string", title="依据（例如来函文号）", minLength=1, maxLength=200),
    },
    default_args={"owner": "data_engineer", "retries": 0},
) as dag:

    @task
    @plainly
    def book(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import attest

        given = context["params"]
        run = run_of(context, form=given["who"])
        attest(run, given["dataset"], given["start"], given["end"], given["reason"])

    book()
