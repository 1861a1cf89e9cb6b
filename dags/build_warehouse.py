"""Gate all landed batches, build the warehouse with dbt, freeze what leaves the house."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset, task
from airflow.timetables.assets import AssetOrTimeSchedule
from public_credit.steps.airflow import LANDED, RELEASED, clock_schedule, plainly, runbook

DOES = """
到货即唤醒，台账为准：任务自己向台账查询待处理批次；另每小时自行查看一次，唤醒事件合并或丢失都不影响结果。
仍有部门在采集时最多等 15 分钟，到时不再等，迟到的由下一次运行处理。任一任务可随时终止后重跑。
同一件事已有别处在做（如命令行正在构建）的，本任务跳过并写明是谁、自何时起，由下一次运行再看。
一个批次出错只停这一批：其余照常裁决、构建、报送，本次运行最后记为失败，由数据管理员处理。
"""
FAILS = """
public-credit status 列出全部待办与办法。gate：修正后 public-credit replay 重放出错的批次，或 batches set-aside 搁置。
build：状态目录 dbt/logs/dbt.log 有失败的模型；修正后再次运行，构建以同一编号续做。
release：变更单异常的不算失败，等待批准：public-credit release show、release approve，有误的 release reject。alert：检查连接 alert，未发出的下次再发。
seal：检查归档存储与连接 audit，未送到的根值下次再送。
"""
BACKFILL = "不按日期补跑：每次运行处理全部待处理的批次，业务日期是当天。漏跑的不必补，手工触发一次即可；全部重算用 public-credit build --full。"
landed = Asset(name=LANDED, uri=f"pcw://{LANDED}")
released = Asset(name=RELEASED, uri=f"pcw://{RELEASED}")
hourly = clock_schedule("30 * * * *", at_once=True)  # a new warehouse has its page within minutes

with DAG(
    dag_id="build_warehouse",
    dag_display_name="质量关卡与数仓构建",
    description="跨记录检查与 Great Expectations 关卡，dbt 构建，形成对市平台的变更单",
    doc_md=runbook(DOES, FAILS, BACKFILL),
    schedule=AssetOrTimeSchedule(timetable=hourly, assets=[landed])  # type: ignore[list-item]  # of the SDK too
    if hourly
    else [landed],
    catchup=False,
    max_active_runs=1,
    tags=["构建"],
    default_args={
        "owner": "data_engineer",
        "retries": 2,
        "retry_delay": timedelta(seconds=15),
        "execution_timeout": timedelta(hours=3),
    },
) as dag:

    @task(doc_md="等采集告一段落；跨记录检查、关卡裁决、退回单。")
    @plainly
    def gate(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import gate as work
        from public_credit.steps.work import wait_for_collectors

        run = run_of(context)
        wait_for_collectors(run)
        work(run)

    @task(doc_md="一次 dbt build；中断后以同一构建号续做。")
    @plainly
    def build(**context):
        from public_credit.steps.airflow import run_of, unless_busy
        from public_credit.steps.work import build as work

        unless_busy(work, run_of(context))

    @task(outlets=[released], doc_md="冻结对市平台的新增、变更、删除；异常变更单等待审批。")
    @plainly
    def release(**context):
        from public_credit.steps.airflow import run_of, unless_busy
        from public_credit.steps.work import release as work

        unless_busy(work, run_of(context))

    @task(
        trigger_rule="all_done", doc_md="一次运行一份汇总提醒，按责任人分列，已知事项不重复；前面的任务失败也照常提醒。"
    )
    @plainly
    def alert(**context):
        from public_credit.steps.airflow import run_of
        from public_credit.steps.work import alert as work

        work(run_of(context))

    @task(
        trigger_rule="all_done",
        doc_md="封存证据链：本次登记的事件接到链上，根值送出；前面的任务失败也照常封存（步骤 seal）。",
    )
    @plainly
    def seal(**context):
        from public_credit.steps.airflow import run_of, unless_busy
        from public_credit.steps.work import seal as work

        unless_busy(work, run_of(context))

    @task(retries=0, trigger_rule="none_failed", doc_md="有步骤出错的运行记为失败，构建由别处在做、本次跳过时也是。")
    @plainly
    def conclude(**context):
        from public_credit.steps.airflow import conclude as work
        from public_credit.steps.airflow import run_of

        work(run_of(context))

    released_or_not, ending = release(), conclude()
    gate() >> build() >> released_or_not >> [alert(), seal()] >> ending
    released_or_not >> ending  # what failed before must not look well because alert and seal ran
