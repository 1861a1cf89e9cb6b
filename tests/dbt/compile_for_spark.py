"""Run by test_spark.py with a Python that has dbt-spark: compile the project for an empty Spark, let Spark parse every model.

Arguments: the dbt project, a folder to work in; what stands there as *.sql is parsed, too. Prints one line per statement that Spark
cannot parse, and last how many it could.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession
from pyspark.sql.utils import ParseException

PROFILE = """public_credit:
  target: spark
  outputs: {spark: {type: spark, method: session, host: none, schema: marts, threads: 1}}
"""


def main(project: str, folder: Path) -> None:
    (folder / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    os.chdir(folder)  # Spark keeps its files where it is started
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    spark = SparkSession.builder.master("local[1]").config(map=quiet).getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    os.environ |= {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    places = ["--project-dir", project, "--profiles-dir", str(folder)]
    variables = '{build_id: 1, business_date: "2026-02-25"}'
    done: Any = dbtRunner().invoke(["compile", "--quiet", "--no-version-check", *places, "--vars", variables])
    if not done.success:
        sys.exit(str(done.exception or [item.message for item in done.result if item.message]))
    parser = spark._jsparkSession.sessionState().sqlParser()
    parsed, models = 0, [item.node for item in done.result if item.node.resource_type == "model"]
    statements = {model.name: model.compiled_code for model in models}
    statements |= {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}
    for name, statement in statements.items():
        try:
            parser.parsePlan(statement)
            parsed += 1
        except ParseException as error:
            print(f"{name}: {str(error).strip()[:300]}")
    print(parsed)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
