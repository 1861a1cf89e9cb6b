"""Drop folder: what is taken, what is left alone, what is refused."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

import pytest
from public_credit import collect
from public_credit.base.messages import UserError
from public_credit.catalogue import LeftOut
from public_credit.collect import files
from public_credit.collect.base import SourceChanged

from tests.helpers.receipts import DAY, archived
from tests.helpers.runs import run_on


@pytest.fixture
def folder(offer, tmp_path: Path) -> Path:
    place = tmp_path / "drop"
    place.mkdir()
    warehouse = offer(
        licences={
            "channel": {
                "type": "drop_folder",
                "connection": "drop_csdw",
                "patterns": ["许可_*.csv"],
                "settle_seconds": 0.4,
            }
        }
    )
    warehouse.add_connections(drop_csdw=place.as_uri())
    return place


def write(path: Path, content: str = "名称\n甲\n", age: float = 60) -> Path:
    path.write_text(content, encoding="utf-8")
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def test_each_file_is_one_receipt_oldest_first(folder, batches):
    write(folder / "许可_2.csv", "二", age=50)
    write(folder / "许可_1.csv", "一", age=40)
    write(folder / "说明.txt")
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    booked = batches()
    assert [batch["file_name"] for batch in booked] == ["许可_2.csv", "许可_1.csv"]
    assert [batch["seq"] for batch in booked] == outcome.batch_seqs
    assert [archived(batch["archive_uri"]).decode() for batch in booked] == ["二", "一"]
    assert {batch["state"] for batch in booked} == {"received"}
    assert booked[0]["business_date"] == DAY
    assert booked[0]["locator"] == "drop_folder:drop_csdw/许可_2.csv"
    assert sorted(path.name for path in folder.iterdir()) == ["许可_1.csv", "许可_2.csv", "说明.txt"]


def test_collecting_again_books_nothing_and_says_so(folder, batches, steps):
    write(folder / "许可_1.csv")
    collect.collect(run_on(DAY), "csdw")
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert len(batches()) == 1
    assert outcome.batch_seqs == []
    assert steps()[-1]["verdict"] == "ok"
    assert "已收过 1 份" in steps()[-1]["message"]


def test_same_bytes_under_a_new_name_or_time_are_a_new_receipt(folder, batches):
    write(folder / "许可_1.csv", age=90)
    collect.collect(run_on(DAY), "csdw")
    write(folder / "许可_1_重报.csv", age=80)
    write(folder / "许可_1.csv", age=70)
    collect.collect(run_on(DAY), "csdw")
    booked = batches()
    assert len(booked) == 3
    assert len({batch["sha256"] for batch in booked}) == 1
    assert len({batch["batch_id"] for batch in booked}) == 3


def test_an_empty_folder_is_nothing_due(folder, steps):
    collect.collect(run_on(DAY), "csdw")
    assert (steps()[-1]["verdict"], steps()[-1]["message"]) == ("nothing_due", "无新增")


@pytest.mark.parametrize("name", ["许可_1.csv.part", "~$许可_1.csv", "许可_1.csv.tmp", ".许可_1.csv"])
def test_temporary_names_are_left_alone(folder, batches, name):
    write(folder / name)
    collect.collect(run_on(DAY), "csdw")
    assert batches() == []


def test_a_fresh_file_is_watched_and_taken_when_it_stays_still(folder, batches):
    write(folder / "许可_1.csv", age=0)
    collect.collect(run_on(DAY), "csdw")
    assert len(batches()) == 1


def test_a_file_still_being_written_is_left_for_the_next_run(folder, batches, steps):
    path = folder / "许可_1.csv"
    path.write_text("名称\n", encoding="utf-8")
    finished = threading.Event()

    def keep_writing() -> None:
        while not finished.wait(0.05):
            with path.open("a", encoding="utf-8") as target:
                target.write("甲\n")

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        collect.collect(run_on(DAY), "csdw")
    finally:
        finished.set()
        writer.join()
    assert batches() == []
    assert "未就绪 1 份" in steps()[-1]["message"]
    collect.collect(run_on(DAY), "csdw")
    assert [archived(batch["archive_uri"]) for batch in batches()] == [path.read_bytes()]


def test_links_are_refused_and_the_rest_is_taken(folder, batches, steps, tmp_path):
    secret = write(tmp_path / "secret.csv", "别处的文件")
    (folder / "许可_链接.csv").symlink_to(secret)
    write(folder / "许可_1.csv")
    collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["许可_1.csv"]
    assert steps()[-1]["verdict"] == "warning"
    assert steps()[-1]["owner"] == "department"
    assert "许可_链接.csv" in steps()[-1]["message"]


def test_a_pattern_cannot_lead_out_of_the_folder(offer, batches, tmp_path):
    place = tmp_path / "drop"
    place.mkdir()
    write(tmp_path / "许可_外.csv")
    warehouse = offer(
        licences={
            "channel": {
                "type": "drop_folder",
                "connection": "drop_csdw",
                "patterns": ["../许可_*.csv"],
                "settle_seconds": 0,
            }
        }
    )
    warehouse.add_connections(drop_csdw=place.as_uri())
    with pytest.raises(LeftOut, match="只能指向渠道文件夹之内"):
        collect.collect(run_on(DAY), "csdw")
    assert batches() == []


def test_a_folder_that_is_gone_fails_this_dataset_only(offer, batches, steps, tmp_path):
    place = tmp_path / "drop"
    place.mkdir()
    write(place / "许可_1.csv")
    channel = {"type": "drop_folder", "patterns": ["许可_*.csv"], "settle_seconds": 0}
    warehouse = offer(
        gone={"channel": channel | {"connection": "drop_gone"}},
        unknown={"channel": channel | {"connection": "drop_unknown"}},
        licences={"channel": channel | {"connection": "drop_csdw"}},
    )
    warehouse.add_connections(drop_csdw=place.as_uri(), drop_gone=(tmp_path / "gone").as_uri())
    gone, unknown, taken = collect.collect(run_on(DAY), "csdw")
    assert (gone.verdict, unknown.verdict, taken.verdict) == ("failed", "failed", "ok")
    assert "共享文件夹不存在" in gone.message
    assert "未配置连接 drop_unknown" in unknown.message
    assert len(batches()) == 1
    assert [step["verdict"] for step in steps()] == ["failed", "failed", "ok"]
    assert str(tmp_path) not in gone.message


def test_a_persons_number_in_a_file_name_stays_out_of_the_ledger(folder, batches, warehouse):
    write(folder / "许可_370399199001011234.csv", "一")
    write(folder / "许可_370399199001015678.csv", "一")
    collect.collect(run_on(DAY), "csdw")
    collect.collect(run_on(DAY), "csdw")
    assert len({batch["locator"] for batch in batches()}) == len(batches()) == 2
    with warehouse.connect() as connection:
        for table in ("batch", "step", "archive_object"):
            (content,) = connection.execute(f"select string_agg(t::text, ' ') from ledger.{table} t").fetchone()
            assert "370399199001" not in content


def test_a_subfolder_may_be_named_but_not_one_that_leads_outside(offer, batches, steps, tmp_path):
    place, elsewhere = tmp_path / "drop", tmp_path / "elsewhere"
    (place / "xk").mkdir(parents=True)
    elsewhere.mkdir()
    (place / "link").symlink_to(elsewhere)
    write(place / "xk" / "1.csv")
    write(elsewhere / "2.csv")
    channel = {"type": "drop_folder", "connection": "drop_csdw", "settle_seconds": 0}
    offer(
        inside={"channel": channel | {"patterns": ["xk/*.csv"]}},
        outside={"channel": channel | {"patterns": ["link/*.csv"]}},
    ).add_connections(drop_csdw=place.as_uri())
    collect.collect(run_on(DAY), "csdw")
    assert [batch["locator"] for batch in batches()] == ["drop_folder:drop_csdw/xk/1.csv"]
    assert "指向文件夹之外" in steps()[-1]["message"]


def test_a_connection_of_another_kind_is_ours_to_fix(folder, warehouse, steps):
    warehouse.add_connections(drop_csdw="sftp://somewhere/")
    collect.collect(run_on(DAY), "csdw")
    assert "应为 file:///" in steps()[-1]["message"]
    assert steps()[-1]["owner"] == "data_engineer"


def test_an_odd_name_hides_nothing_beside_it(folder, batches):
    """GBK bytes are read as such, line breaks and direction marks are shown escaped; two names are two receipts."""
    for name in ("许可_甲.csv".encode(), "许可_乙.csv".encode("gbk"), "许可_\n\u202e丙.csv".encode(), b"\xff\xfe.csv"):
        path = os.fsdecode(bytes(folder) + b"/" + name)
        write(Path(path), content=str(len(name)))
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert sorted(batch["file_name"] for batch in batches()) == [r"许可_\n\u202e丙.csv", "许可_乙.csv", "许可_甲.csv"]
    assert len({batch["locator"] for batch in batches()}) == 3 and outcome.unmatched == [r"\xff\xfe.csv"]
    (again,) = collect.collect(run_on(DAY), "csdw")
    assert (again.known, again.receipts) == (3, [])


def test_files_nobody_asked_for_are_named_by_probe_and_status(folder, batches, steps):
    from public_credit.oversight.waits import open_list

    def unmatched():
        return [item.message for item in open_list.items(DAY) if item.key == "unmatched/csdw.licences"]

    write(folder / "许可_1.csv")
    write(folder / "xuke_1.csv")
    write(folder / "Thumbs.db")
    slips = ["退回单_csdw.licences_20260225_7.xlsx", "退回单_测试单位_测试数据_20260225_7行 - 副本.xlsx"]
    for name in slips:
        write(folder / name, content=name)
    assert "文件名与目录中的模式不符 1 份，未收取：xuke_1.csv" in collect.probe(run_on(DAY), "csdw.licences").message
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["许可_1.csv", *slips]
    assert (outcome.verdict, steps()[-1]["counts"]["unmatched"]) == ("ok", 1)
    (said,) = unmatched()
    assert said.endswith("未收取：xuke_1.csv")
    (folder / "许可_1.csv").unlink()
    (folder / "xuke_1.csv").unlink()
    collect.collect(run_on(DAY), "csdw")
    assert unmatched() == []


def test_a_file_beyond_its_bound_is_left_and_named(offer, batches, steps, tmp_path):
    place = tmp_path / "drop"
    place.mkdir()
    channel = {"type": "drop_folder", "connection": "drop_csdw", "patterns": ["*.csv"], "settle_seconds": 0.1}
    offer(licences={"channel": channel | {"max_mb": 0.01}}).add_connections(drop_csdw=place.as_uri())
    large = write(place / "许可_1.csv", "名" * 4000)
    write(place / "许可_2.csv")
    (outcome,) = collect.collect(run_on(DAY), "csdw")
    assert [batch["file_name"] for batch in batches()] == ["许可_2.csv"]
    assert (outcome.verdict, outcome.owner) == ("warning", "department")
    assert "拒绝读取：许可_1.csv（0.0 MB，超过 0.01 MB，请拆分后报送" in steps()[-1]["message"]
    with pytest.raises(UserError, match="许可_1.csv（0.0 MB，超过 0.01 MB"):
        collect.receive_file(run_on(DAY), "csdw.licences", large)
    assert len(batches()) == 1


def test_a_file_that_grows_while_it_is_read_is_left_at_the_size_it_had():
    class Growing(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.given += size or 0
            return b"x" * (size or 0)

    handle, listed = Growing(), files.Found("a.csv", 200_000, 0.0)
    with pytest.raises(SourceChanged):
        for _ in files.stream(handle, listed, lambda: listed):
            assert handle.given < 1_000_000
    assert handle.given < 300_000
