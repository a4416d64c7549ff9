"""The app asked as an attacker, a mistaken or an unlucky person would: refused, escaped, or told what to do."""

import json
import os
import re
import runpy
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from careloom.catalogue import load_catalogue
from careloom.cli import main

ROOT = Path(__file__).parents[1]
SERVING, KEPT = (runpy.run_path(str(ROOT / path)) for path in ("functional/serving.py", "unit/study/kept.py"))
SCRIPT = "<script>alert(1)</script>"
QUOTES = "\" onmouseover='alert(1)' x=\""
CHILD = "a" * 26
PAGES = (
    *("/", "/came-in", "/findings", "/findings/children", "/classes", "/outcomes", "/outcomes/fit"),
    *("/costs", "/costs/what-if", "/child", "/review"),
)


LOOKS = (
    ("/child", f"person_id={CHILD}"),
    ("/findings", "rule=ssda903+101"),
    ("/findings/children", "rule="),
    ("/findings/children", f"person_id={CHILD}"),
)
"""What shows single children, and what its form says."""


def day(text: str) -> Any:
    return KEPT["day"](text)


def kept_rows() -> dict[str, list[dict[str, Any]]]:
    """A child whose service, a class whose name, and a rule and a file whose words would be script on a careless page."""
    return {
        "person": [{"person_id": CHILD, "sex": "F", "birth_month": day("2012-05-01")}],
        "spell": [
            {"person_id": CHILD, "kind": "service", "code": SCRIPT, "detail": QUOTES, "starts_on": day("2019-05-01"), "ends_on": day("2019-08-01"), "delivery_id": 1, "line": 7}
        ],
        "demand_class": [{"class_no": 1, "name": SCRIPT, "suggested": SCRIPT + QUOTES}],
        "class_profile": [{"class_no": 1, "indicator": "3A", "probability": 0.5}],
        "rule_state": [{"rule": "ssda903 101", "message": SCRIPT, "state": "found", "rows_checked": 9, "rows_found": 1}],
        "finding": [{"rule": "ssda903 101", "table_name": SCRIPT, "delivery_id": 1, "line": 7}],
        "finding_child": [{"person_id": CHILD, "rule": "ssda903 101", "table_name": SCRIPT, "delivery_id": 1, "line": 7}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose results were written by hand, with script wherever words of others come in."""
    path: Path = KEPT["write_study"](tmp_path_factory.mktemp("app"), load_catalogue(), kept_rows())
    path.write_text(path.read_text().replace('name = "Anyshire"', f'name = "{SCRIPT}"'))
    results = path.parent / "results"
    (results / "tables").mkdir()
    manifest = json.loads((results / "manifest.json").read_text())
    (results / "report.html").write_text("<h1>The report</h1>")
    files = [{"file": "report.html", "sharing": "released"}, {"file": "study.duckdb", "sharing": "inside"}]
    about = {"study": SCRIPT, "made_by": SCRIPT, "made_on": "2026-01-01", "files": files}
    (results / "manifest.json").write_text(json.dumps(manifest | about))
    released = {"rule": "ssda903 101", "message": SCRIPT, "state": "found", "why": QUOTES, "rows_checked": 10}
    rows = [released | {"rows_found": None, "share": None, "withheld": "rows_found,share"}]
    whole = pa.schema([("rows_checked", pa.int64()), ("rows_found", pa.int64()), ("share", pa.float64())])
    texts = [pa.field(name, pa.string()) for name in ("rule", "message", "state", "why")]
    schema = pa.schema([*texts, *whole, pa.field("withheld", pa.string())])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), results / "tables" / "rules.parquet")
    return path


@pytest.fixture(scope="module")
def served(study_file: Path) -> Iterator[Any]:
    with SERVING["serving"](study_file) as served:
        yield served


@pytest.fixture(scope="module")
def cookie(served: Any) -> str:
    return str(served.come_in())


def csrf_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([\w-]+)"', page)
    assert found
    return found[1]


# --- who is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*PAGES, "/style.css", "/results/report.html", "/no/such"])
def test_nobody_sees_anything_without_the_cookie(served: Any, path: str) -> None:
    for headers in ({}, {"Cookie": f"{served.door.cookie}=guessed"}):
        status, _, page = served.ask(path, **headers)
        assert status == 403
        assert "study.toml" not in page
        assert "alert(1)" not in page


def test_an_address_works_once(study_file: Path) -> None:
    with SERVING["serving"](study_file) as served:
        wrong = served.told[-1].rpartition("/")[2][:-1]
        assert served.ask(f"/{wrong}")[0] == 403
        status, headers, _ = served.ask("/" + served.told[-1].rpartition("/")[2])
        assert status == 303
        assert headers["location"] == "/"
        assert re.fullmatch(
            rf"{served.door.cookie}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict", headers["set-cookie"]
        )
        assert served.ask("/" + served.told[-1].rpartition("/")[2])[0] == 403


@pytest.mark.parametrize("host", ["careloom.example", "127.0.0.1", "localhost:1", "127.0.0.1:1", "[::1]:80"])
def test_another_host_is_refused(served: Any, cookie: str, host: str) -> None:
    assert served.ask("/", Cookie=cookie, Host=host)[0] == 403
    assert served.ask("/", Cookie=cookie, Host=f"localhost:{served.door.port}")[0] == 200


@pytest.mark.parametrize("origin", ["http://careloom.example", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_another_origin_is_refused(served: Any, cookie: str, origin: str) -> None:
    word = csrf_in(served.ask("/classes", Cookie=cookie)[2])
    body = f"csrf={word}&number=1&name=Taken"
    assert served.ask("/classes", "POST", body, Cookie=cookie, Origin=origin)[0] == 403


@pytest.mark.parametrize(
    "body", ["", "number=1&name=Taken", "csrf=&name=Taken", "csrf=guessed&number=1&name=Taken", "x" * 70_000]
)
def test_a_form_of_somebody_else_is_refused(served: Any, cookie: str, study_file: Path, body: str) -> None:
    ours = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{served.door.port}"}
    assert served.ask("/classes", "POST", body, **ours)[0] == 403
    assert not (study_file.parent / "classes.csv").exists()


def test_a_form_must_be_sent_as_forms_are(served: Any, cookie: str) -> None:
    word = csrf_in(served.ask("/classes", Cookie=cookie)[2])
    for kind in ("application/json", "text/plain", "multipart/form-data"):
        body = f"csrf={word}&number=1&name=Taken"
        assert served.ask("/classes", "POST", body, Cookie=cookie, Content_Type=kind)[0] == 403


@pytest.mark.parametrize("path", ["/", "/style.css", "/no/such", "/results/report.html"])
def test_every_answer_says_what_a_browser_must_not_do(served: Any, cookie: str, path: str) -> None:
    for headers in (served.ask(path, Cookie=cookie)[1], served.ask(path)[1]):
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert "unsafe-inline" not in policy or "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy


# --- files -----------------------------------------------------------------------------------------------------------

STEPS_OUT = (
    "/results/../study.toml",
    "/results/..%2fstudy.toml",
    "/results/%2e%2e/study.key",
    "/results/....//study.key",
    "/results//etc/passwd",
    "/results/tables/../study.duckdb",
    "/results/study.duckdb",
    "/results/manifest.json",
    "/results/report.html%00.png",
    "/results/",
    "/../../etc/passwd",
    "/costs/what-if?scenario=../study.toml",
    "/costs/what-if?scenario=/etc/passwd",
)


@pytest.mark.parametrize("path", STEPS_OUT)
def test_no_path_leads_to_a_file_that_may_not_be_shared(served: Any, cookie: str, path: str) -> None:
    status, _, page = served.ask(path, Cookie=cookie)
    assert status in (404, 422)
    assert "[study]" not in page
    assert "root:" not in page


def test_a_file_that_may_be_shared_is_given(served: Any, cookie: str) -> None:
    status, headers, page = served.ask("/results/report.html", Cookie=cookie)
    assert (status, page) == (200, "<h1>The report</h1>")
    assert "script-src" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")


# --- words of others -------------------------------------------------------------------------------------------------


def assert_only_words(page: str) -> None:
    """The script that stands in the words of others is shown as it was written, and is none."""
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert " onmouseover='alert" not in page


@pytest.mark.parametrize("path", ["/", "/findings", "/classes"])
def test_script_in_the_words_of_others_is_only_words(served: Any, cookie: str, path: str) -> None:
    status, _, page = served.ask(path, Cookie=cookie)
    assert status == 200
    assert_only_words(page)


def test_script_in_a_service_of_one_child_is_only_words(served: Any, cookie: str) -> None:
    word = csrf_in(served.ask("/child", Cookie=cookie)[2])
    status, _, page = served.ask("/child", "POST", f"csrf={word}&purpose=audit&person_id={CHILD}", Cookie=cookie)
    assert status == 200
    assert_only_words(page)


def test_lines_of_files_are_only_words_too(served: Any, cookie: str) -> None:
    word = csrf_in(served.ask("/findings", Cookie=cookie)[2])
    status, _, page = served.ask("/findings", "POST", f"csrf={word}&purpose=mend&rule=ssda903+101", Cookie=cookie)
    assert status == 200
    assert "cin 22.xml" in page
    assert "<script" not in page


def test_findings_of_children_are_only_words_too(served: Any, cookie: str) -> None:
    word = csrf_in(served.ask("/findings/children", Cookie=cookie)[2])
    for body in ("rule=", f"person_id={CHILD}"):
        status, _, page = served.ask("/findings/children", "POST", f"csrf={word}&purpose=mend&{body}", Cookie=cookie)
        assert status == 200
        assert CHILD in page
        assert_only_words(page)


@pytest.mark.parametrize("page", ["0", "2", "-1", "one", "9" * 20, "\u0663"])
def test_a_page_of_children_that_is_not_there_is_refused(served: Any, cookie: str, page: str) -> None:
    word = csrf_in(served.ask("/findings/children", Cookie=cookie)[2])
    body = f"csrf={word}&purpose=mend&page={quote(page)}"
    status, _, told = served.ask("/findings/children", "POST", body, Cookie=cookie)
    assert status == 422
    assert CHILD not in told


def test_a_model_of_what_nobody_knows_is_refused(served: Any, cookie: str) -> None:
    word = csrf_in(served.ask("/outcomes/fit", Cookie=cookie)[2])
    for body in (
        "",
        "outcome=re_entry",
        f"outcome={quote(SCRIPT)}&adjust:sex=yes",
        "outcome=re_entry&adjust:shoes=yes",
    ):
        status, _, page = served.ask("/outcomes/fit", "POST", f"csrf={word}&{body}", Cookie=cookie)
        assert status == 422, body
        assert "<script" not in page


# --- what is missing -------------------------------------------------------------------------------------------------


def test_what_is_not_there_yet_is_said_with_what_to_run(study_file: Path) -> None:
    new = study_file.with_name("new.toml")
    new.write_text(study_file.read_text().replace('out = "results"', 'out = "nowhere"'))
    with SERVING["serving"](new) as served:
        cookie = served.come_in()
        status, _, page = served.ask("/", Cookie=cookie)
        assert status == 200
        assert "make them with careloom run" in page
        for path in (path for path in PAGES if path not in ("/", "/review")):
            status, _, page = served.ask(path, Cookie=cookie)
            assert status == 404, path
            assert "make them with careloom run" in page, path


def test_a_run_that_does_not_end_well_says_why_and_what_was_there_stays(study_file: Path) -> None:
    before = (study_file.parent / "results" / "manifest.json").read_bytes()
    with SERVING["serving"](study_file) as served:
        cookie = served.come_in()
        word = csrf_in(served.ask("/", Cookie=cookie)[2])
        assert served.ask("/", "POST", f"csrf={word}&do=run", Cookie=cookie)[1]["location"] == "/"
        until = time.monotonic() + 120
        while "The run goes on" in (page := served.ask("/", Cookie=cookie)[2]):
            assert time.monotonic() < until, page
            time.sleep(0.2)
    assert "The run did not end well" in page
    assert "were not made by the run that made the others" in page  # the results were written by hand
    assert (study_file.parent / "results" / "manifest.json").read_bytes() == before


def test_a_study_file_that_is_spoilt_meanwhile_is_said(study_file: Path) -> None:
    spoilt = study_file.with_name("spoilt.toml")
    spoilt.write_text(study_file.read_text())
    with SERVING["serving"](spoilt) as served:
        cookie = served.come_in()
        spoilt.write_text("[study]\nname = ")
        status, _, page = served.ask("/", Cookie=cookie)
        assert status == 422
        assert "spoilt.toml" in page


def test_results_older_than_the_study_file_are_said_to_be(served: Any, cookie: str, study_file: Path) -> None:
    made = (study_file.parent / "results" / "manifest.json").stat().st_mtime
    for changed, is_said in ((made - 60, False), (made + 60, True)):
        os.utime(study_file, (changed, changed))
        assert ("The study file was changed since" in served.ask("/", Cookie=cookie)[2]) is is_said


def test_a_look_without_purpose_is_refused_and_written_down(served: Any, cookie: str, study_file: Path) -> None:
    word = csrf_in(served.ask("/child", Cookie=cookie)[2])
    for path, body in LOOKS:
        status, _, page = served.ask(path, "POST", f"csrf={word}&purpose=+&{body}", Cookie=cookie)
        assert status == 422
        assert "say why you look" in page
        logged = json.loads((study_file.parent / "access.jsonl").read_text().splitlines()[-1])
        assert logged["outcome"] == "refused"
        assert logged["command"] == path.split("/")[1]


def test_what_cannot_be_written_down_is_not_shown(served: Any, cookie: str, study_file: Path) -> None:
    log = study_file.parent / "access.jsonl"
    word = csrf_in(served.ask("/child", Cookie=cookie)[2])
    before = log.read_bytes() if log.exists() else b""
    log.write_text("not a log\n")
    for path, body in LOOKS:
        status, _, page = served.ask(path, "POST", f"csrf={word}&purpose=audit&{body}", Cookie=cookie)
        assert status == 422
        assert "does not hold together" in page
        assert "2019" not in page
        assert "cin 22.xml" not in page
    log.write_bytes(before)


def test_a_page_of_one_child_does_not_stay_on_the_screen(served: Any, cookie: str) -> None:
    """Once the app would lock, the browser asks for another page, which is no use, and so finds it locked."""
    word = csrf_in(served.ask("/child", Cookie=cookie)[2])
    for path, body in LOOKS:
        assert "refresh" not in served.ask(path, Cookie=cookie)[1]
        _, headers, _ = served.ask(path, "POST", f"csrf={word}&purpose=audit&{body}", Cookie=cookie)
        assert headers["refresh"] == "601; url=/?again=yes"


def test_it_locks_and_tells_a_new_address(study_file: Path) -> None:
    with SERVING["serving"](study_file, idle_seconds=-1) as served:  # so long ago that it was never used
        cookie = served.come_in()
        assert served.ask("/", Cookie=cookie)[0] == 403
        assert len(served.told) == 2
        assert served.ask("/", Cookie=cookie)[0] == 403


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_says_what_is_wrong(study_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", str(study_file.with_name("none.toml"))]) == 3
    assert main(["app", str(study_file), "--idle", "0"]) == 2
    assert main(["app", str(study_file), "--port", "70000"]) == 6
    assert "cannot be listened on" in " ".join(capsys.readouterr().err.split())


def test_without_its_packages_the_command_says_how_to_have_them(
    study_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "uvicorn" or name.startswith("careloom.app")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)  # as if it was not installed
    assert main(["app", str(study_file)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "pip install 'careloom[app]'" in said
    assert "uvicorn is missing" in said
