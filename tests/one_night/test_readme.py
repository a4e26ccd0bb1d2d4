"""Every command of the README but the two `make`s, typed as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lsif import services
from lsif.config import project_folder
from lsif.login_file import sign_in_to_mlflow
from lsif.registry import Registry
from tests.one_night.conftest import World

pytestmark = pytest.mark.timeout(1200)

README = (project_folder() / "README.md").read_text()
BIN = Path(sys.executable).parent


def blocks(heading: str, language: str) -> list[str]:
    """The code of a language in one chapter."""
    chapter = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", chapter, re.DOTALL | re.MULTILINE)


def typed(commands: str, cwd: Path, **environment: str) -> str:
    """What the commands print, run with the environment's own programs."""
    shell = ["bash", "-euc", commands.replace(".venv/bin/", f"{BIN}/")]
    env = {**os.environ, **environment}
    done = subprocess.run(shell, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_command_is_forgotten() -> None:
    """A block that no test below runs would be a command that nobody has tried."""
    languages = re.findall(r"^```(.+)$", README, re.MULTILINE)
    assert languages.count("bash") == len(blocks("Every day", "bash")) + len(blocks("Your own log", "bash"))
    assert languages.count("python") == len(blocks("Tables", "python"))
    assert languages.count("toml") == len(blocks("Your own log", "toml"))
    assert set(languages) == {"bash", "python", "toml"}


@pytest.mark.long  # trainings and three nights: a night in Airflow stands in test_night.py
def test_every_day(world: World) -> None:
    (commands,) = blocks("Every day", "bash")
    said = typed(commands, project_folder(), COLUMNS="200")
    assert re.search(r"user 385, ds=2017-10-31, model version 1", said)
    assert "version 1 is champion again, version 2 is previous" in said
    sign_in_to_mlflow(str(services.mlflow_login_file(world.home, "reader")))
    aliases = Registry(services.environment(world.home)["MLFLOW_TRACKING_URI"]).aliases()
    assert (aliases["champion"], aliases["previous"], aliases["challenger"]) == ("1", "2", "2")


def test_readers_without_the_project(world: World) -> None:
    (program,) = blocks("Tables", "python")
    (world.home / ".lsif").symlink_to(world.home)
    shown = f"{program}\nprint(len(frame), len(lists), len(rows.fetchall()))"
    reader = [sys.executable, "-I", "-c", shown]
    done = subprocess.run(reader, cwd=world.home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    in_all, lists, of_the_day = map(int, done.stdout.split())
    published = world.tables.read("recommendations", columns=["ds"])["ds"].to_pylist()
    assert (in_all, lists, of_the_day) == (len(published), len(published), published.count("2017-10-31"))


def test_your_own_log(tmp_path: Path) -> None:
    (toml, defaults), (commands,) = blocks("Your own log", "toml"), blocks("Your own log", "bash")
    assert len(toml.splitlines()) <= 15 + 2, "the README says fifteen lines"
    shop = tmp_path / "shop" / "events"
    shop.mkdir(parents=True)
    for ds, hour in [("2024-03-01", 10), ("2024-03-02", 11)]:
        row = f"{ds}-1,anna,7,purchase,{ds} {hour}:00:00"
        (shop / f"{ds}.csv").write_text(f"id,user,item,type,time\n{row}\n")
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "items.csv").write_text("id,title,category,description\n7,Tea,drinks,Green tea\n")
    (tmp_path / "my.toml").write_text(toml.replace("s3://", f"{tmp_path}/") + defaults)
    said = typed(commands, project_folder(), LSIF_HOME=str(tmp_path), LSIF_CONFIG=str(tmp_path / "my.toml"))
    assert "import_past ds=2024-03-02: 2 rows in, 2 out" in said
