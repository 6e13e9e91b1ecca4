"""A data file is what its bytes say: tables and arrays are read row by row, and a wrong format is named once."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset import file_format
from harness.dataset.records import parse_lines
from harness.dataset.scan import Plan, scan
from harness.dataset.tables import digest_of
from harness.errors import DataError
from harness.spec import data_place
from harness.spec.data import Options
from suites.selftest.dataset.scanned import told

QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)

TEXT = st.text(st.characters(blacklist_categories=["Cs"]))

ROWS: list[dict[str, Any]] = [
    {"id": f"q{number}", "question": f"When is high water {number} of the day?", "reference": f"At {number} o'clock."}
    for number in range(1, 39)
]
CHINESE = [
    {"question": "请问今天什么时候涨潮。", "reference": f"今天的第{n}次大潮在中午、请你不要下海。"} for n in range(38)
]
JAPANESE = [{"question": "満潮は何時ですか。", "reference": f"{n}時ごろになります。"} for n in range(38)]
KOREAN = [{"question": "오늘 만조는 언제입니까?", "reference": f"오늘 {n}시에 물이 가장 높습니다."} for n in range(38)]
RUSSIAN = [{"question": "Когда сегодня прилив?", "reference": f"Сегодня прилив будет в {n} часов."} for n in range(38)]
FRENCH = [{"question": "À quelle heure est la marée?", "reference": f"Elle sera élevée à {n} h."} for n in range(38)]


def lines_of(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def excel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("train.jsonl", lines_of(ROWS))
    return packed.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n"
HTML = b"<!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>Please sign in</body>\n</html>\n"
ARRAY = json.dumps(ROWS).encode()
PRETTY_ARRAY = json.dumps(ROWS, indent=2).encode()
LARGE_ARRAY = json.dumps(ROWS * 200, indent=1).encode()
PRETTY = "".join(json.dumps(row, indent=2) + "\n" for row in ROWS).encode()
LARGE_RECORD = json.dumps({"text": ["word " * 20] * 4000}, indent=2).encode()
WRONG: dict[str, tuple[bytes, str, str]] = {
    "array": (ARRAY, "one JSON array", "name it .json"),
    "array-over-lines": (PRETTY_ARRAY, "one JSON array", "jq -c '.[]'"),
    "large-array": (LARGE_ARRAY, "one JSON array", "name it .json"),
    "large-array-in-one-line": (json.dumps(ROWS * 200).encode(), "one JSON array", "name it .json"),
    "packed-array": (gzip.compress(PRETTY_ARRAY), "one JSON array", "name it .json"),
    "pretty": (PRETTY, "pretty-printed", "jq -c ."),
    "one-large-pretty-record": (LARGE_RECORD, "pretty-printed", "jq -c ."),
    "pretty-packed": (zstd.compress(PRETTY), "pretty-printed", "jq -c ."),
    "utf-16": (lines_of(ROWS).encode("utf-16"), "UTF-16", "iconv -f UTF-16"),
    "utf-16-without-a-mark": (lines_of(ROWS).encode("utf-16-le"), "UTF-16LE", "iconv -f UTF-16LE"),
    "chinese-utf-16": (lines_of(CHINESE).encode("utf-16"), "UTF-16", "iconv"),
    "utf-32": (lines_of(ROWS).encode("utf-32"), "UTF-32", "iconv"),
    "gbk": (lines_of(CHINESE).encode("gbk"), "GBK", "iconv -f GBK"),
    "big5": (lines_of([{"question": "請問今天什麼時候漲潮。這是我們的問題。"}] * 38).encode("big5"), "Big5", "iconv"),
    "shift-jis": (lines_of(JAPANESE).encode("cp932"), "Shift-JIS", "iconv"),
    "euc-kr": (lines_of(KOREAN).encode("cp949"), "EUC-KR", "iconv"),
    "koi8": (lines_of(RUSSIAN).encode("koi8_r"), "KOI8-R", "iconv -f KOI8-R"),
    "euc-jp": (lines_of(JAPANESE).encode("euc_jp"), "EUC-JP", "iconv"),
    "cyrillic": (lines_of(RUSSIAN).encode("cp1251"), "Windows-1251", "iconv"),
    "latin-1": (lines_of(FRENCH).encode("latin-1"), "Windows-1252", "iconv"),
    "lfs": (LFS, "pointer of Git LFS", "git lfs pull"),
    "annex": (b"/annex/objects/SHA256E-s123--abc.jsonl\n", "pointer of git-annex", "git annex get"),
    "html": (HTML, "an HTML page", "download the file itself"),
    "xml": (b'<?xml version="1.0"?>\n<rows><row/></rows>\n', "XML", "one JSON object a line"),
    "zip": (zipped(), "a zip archive", "unpack it"),
    "xlsx": (excel(), "an Excel workbook", "as CSV"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF", "one JSON object a line"),
    "csv": (b"question,reference\n" + b"When?,At noon.\n" * 38, "CSV with the columns question, reference", ".csv"),
    "text": (b"When is high water?\nAt noon today\n" * 38, "plain text", "one JSON object a line"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_format_is_named_once_with_its_mend(name: str, tmp_path: Path) -> None:
    data, what, mend = WRONG[name]
    path = tmp_path / "train.jsonl"
    path.write_bytes(data)
    found = scan(Plan(path))
    ((check, line, kind),) = told(found)
    assert (check, line, kind) == ("parse", 0, "wrong-format")
    (finding,) = found.tallies["parse"].kept
    assert what in finding.problem
    assert mend in finding.problem
    assert found.digest == digest_of(path)
    with pytest.raises(DataError, match=r"train\.jsonl") as raised:
        parse_lines(path)
    assert mend in str(raised.value)


SOUND: dict[str, Callable[[Path], bytes]] = {
    "lines": lambda path: lines_of(ROWS).encode(),
    "chinese": lambda path: lines_of(CHINESE).encode(),
    "french": lambda path: lines_of(FRENCH).encode(),
    "one-line": lambda path: lines_of(ROWS[:1]).encode(),
    "a-record-that-holds-a-list-of-records": lambda path: b'{"data": [{"a": 1}, {"a": 2}]}\n',
    "texts-that-look-like-other-formats": lambda path: b'{"a": "<html>PAR1 %PDF"}\n{"a": "x,y\\n1,2"}\n',
    "a-line-over-the-border-of-what-is-looked-at": lambda path: lines_of([{"a": "b" * 300_000}] * 2).encode(),
    "lines-named-json": lambda path: lines_of(ROWS).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_lines_stay_lines_whatever_their_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / ("train.json" if name == "lines-named-json" else "train.jsonl")
    path.write_bytes(SOUND[name](path))
    assert file_format.format_of(path).name == file_format.LINES
    assert told(scan(Plan(path))) == []


class TestArray:
    @pytest.mark.parametrize("data", [ARRAY, PRETTY_ARRAY, b"\xef\xbb\xbf" + ARRAY, LARGE_ARRAY], ids=len)
    @pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["plain", "gzip", "zstd"])
    def test_is_read_element_by_element(self, data: bytes, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
        path = tmp_path / "train.json"
        path.write_bytes(pack(data))
        found = parse_lines(path)
        assert found[:38] == list(enumerate(ROWS, 1))
        scanned = scan(Plan(path))
        assert (told(scanned), scanned.records) == ([], len(found))

    @QUICK
    @given(
        records=st.lists(st.dictionaries(TEXT, st.integers() | TEXT | st.none()), min_size=1),
        indent=st.none() | st.integers(0, 3), ascii_only=st.booleans(),
    )  # fmt: skip
    def test_keeps_every_digit_and_key(
        self, records: list[dict[str, Any]], indent: int | None, ascii_only: bool, tmp_path: Path
    ) -> None:
        path = tmp_path / "any.json"
        path.write_text(json.dumps(records, indent=indent, ensure_ascii=ascii_only), "utf-8")
        assert [record for _, record in parse_lines(path)] == records

    def test_accuses_the_element_that_is_spoilt(self, tmp_path: Path) -> None:
        path = tmp_path / "train.json"
        path.write_text('[\n {"a": "x"},\n {"a": "x", "a": "y"},\n {"a": ""},\n 7\n]\n')
        found = [("parse", 2, "duplicate-key"), ("parse", 4, "not-object"), ("fields", 3, "empty-field")]
        assert told(scan(Plan(path))) == found

    def test_that_is_cut_is_read_up_to_there_and_accused_once(self, tmp_path: Path) -> None:
        path = tmp_path / "train.json"
        path.write_bytes(PRETTY_ARRAY[:-300])
        found = scan(Plan(path))
        assert told(found) == [("parse", 0, "not-json")]
        assert 30 < found.records < 38
        assert "what follows is not read" in found.tallies["parse"].kept[0].problem


class TestTables:
    """By the ``datasets`` library, one record a row."""

    @pytest.fixture
    def datasets(self) -> Any:
        return pytest.importorskip("datasets", reason="datasets is not installed: make test installs it")

    def test_parquet_is_read_whatever_its_name(self, datasets: Any, tmp_path: Path) -> None:
        path = tmp_path / "train[1].jsonl"
        datasets.Dataset.from_list(ROWS).to_parquet(str(path))
        assert parse_lines(path) == list(enumerate(ROWS, 1))
        assert told(scan(Plan(path))) == []

    def test_keys_that_are_null_in_a_row_are_absent_from_its_record(self, datasets: Any, tmp_path: Path) -> None:
        rows = [
            {"id": "a", "turns": [{"role": "user", "call": {"port": "X"}}]},
            {"id": "b", "turns": [{"role": "user"}]},
        ]
        datasets.Dataset.from_list(rows).to_parquet(str(tmp_path / "a.parquet"))
        assert [record for _, record in parse_lines(tmp_path / "a.parquet")] == rows

    def test_a_saved_folder_is_read_and_digested_by_its_files(self, datasets: Any, tmp_path: Path) -> None:
        datasets.Dataset.from_list(ROWS).save_to_disk(str(tmp_path / "saved"))
        assert parse_lines(tmp_path / "saved") == list(enumerate(ROWS, 1))
        before = digest_of(tmp_path / "saved")
        assert scan(Plan(tmp_path / "saved")).digest == before
        opened = Options(opened=((str(tmp_path / "saved"), "other"),))
        with pytest.raises(DataError, match="changed while"):
            scan(Plan(tmp_path / "saved", options=opened))

    def test_a_folder_of_splits_names_them(self, datasets: Any, tmp_path: Path) -> None:
        table = datasets.Dataset.from_list(ROWS)
        datasets.DatasetDict({"train": table, "test": table}).save_to_disk(str(tmp_path / "saved"))
        assert "saved/test, saved/train" in data_place.problem(tmp_path / "saved")
        assert data_place.problem(tmp_path / "saved" / "test") == ""
        assert len(parse_lines(tmp_path / "saved" / "test")) == len(ROWS)

    @pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), (";", "a.csv"), ("\t", "a.tsv")])
    def test_every_field_of_csv_is_the_text_that_it_was(self, delimiter: str, name: str, tmp_path: Path) -> None:
        head = "\ufeff" + delimiter.join(("id", "question", "reference"))
        rows = [delimiter.join(("007", '"When,\nand where; today?"', "NA")), delimiter.join(("1e3", "x", ""))]
        (tmp_path / name).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        assert [record for _, record in parse_lines(tmp_path / name)] == [
            {"id": "007", "question": "When,\nand where; today?", "reference": "NA"},
            {"id": "1e3", "question": "x"},
        ]

    def test_a_row_of_csv_with_too_many_fields_is_accused_once(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("question,reference\na,b\nc,d,e\nf,g\n")
        found = scan(Plan(path))
        assert [kind for _, _, kind in told(found)] == ["broken-table"]
        assert "line 3" in found.tallies["parse"].kept[0].problem

    def test_a_damaged_parquet_file_is_accused_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"x" * 400)
        assert told(scan(Plan(tmp_path / "a.parquet"))) == [("parse", 0, "broken-table")]

    def test_a_column_of_bytes_is_named(self, datasets: Any, tmp_path: Path) -> None:
        datasets.Dataset.from_list([{"a": "x", "raw": b"\x00\x01"}]).to_parquet(str(tmp_path / "a.parquet"))
        with pytest.raises(DataError, match="column 'raw' holds"):
            parse_lines(tmp_path / "a.parquet")


class TestHub:
    @pytest.fixture
    def cached(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A cache with the data set ``port/tides`` of two splits, as the library leaves one; and no network."""
        datasets = pytest.importorskip("datasets", reason="datasets is not installed: make test installs it")
        for name in ("train", "test"):
            (tmp_path / f"{name}.jsonl").write_text(lines_of(ROWS))
        files = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "test")}
        datasets.load_dataset("json", data_files=files, cache_dir=str(tmp_path / "made"))
        (made,) = (tmp_path / "made" / "json").glob("*/*/*/dataset_info.json")
        folder = tmp_path / "cache" / "port___tides" / "default" / "0.0.0" / made.parent.name
        shutil.copytree(made.parent, folder)
        for path in folder.glob("json-*.arrow"):
            path.rename(folder / path.name.replace("json-", "tides-"))
        info = json.loads((folder / "dataset_info.json").read_text())
        info |= {"dataset_name": "tides", "config_name": "default", "builder_name": "json"}
        (folder / "dataset_info.json").write_text(json.dumps(info))
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")

        def refuse(*args: object, **how: object) -> None:
            raise AssertionError("a release asked the network")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        return tmp_path

    def test_a_data_set_comes_from_the_cache_alone(self, cached: Path) -> None:
        path = Path("hf:port/tides#test")
        assert parse_lines(path) == list(enumerate(ROWS, 1))
        found = scan(Plan(path))
        assert (told(found), found.digest) == ([], digest_of(path))

    def test_a_split_that_is_not_named_is_listed(self, cached: Path) -> None:
        with pytest.raises(DataError, match=r"names no split; one of hf:port/tides#train, hf:port/tides#test"):
            digest_of(Path("hf:port/tides"))
        assert [kind for _, _, kind in told(scan(Plan(Path("hf:port/tides#tset"))))] == ["broken-table"]

    def test_one_that_is_not_there_names_how_to_load_it(self, cached: Path) -> None:
        with pytest.raises(DataError, match=r"not in the local cache .* datasets.load_dataset\('port/waves'\)"):
            digest_of(Path("hf:port/waves"))


class TestFolders:
    def test_a_folder_names_the_files_that_could_be_meant(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").write_text("{}\n")
        assert data_place.problem(tmp_path) == f"{tmp_path} is a folder; name one file: it holds a.jsonl"
        assert told(scan(Plan(tmp_path))) == [("parse", 0, "wrong-format")]

    def test_an_empty_folder_is_one_finding(self, tmp_path: Path) -> None:
        assert told(scan(Plan(tmp_path))) == [("parse", 0, "wrong-format")]
