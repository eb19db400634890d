"""Writes the DAGSTER_HOME of a data folder: the instance file with absolute paths.

The template beside this module equals the `dagster.yaml` of a clone but for the paths.
"""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

TEMPLATE = Path(__file__).with_name("dagster_instance.yaml")


def write_dagster_home(data_dir: Path, max_concurrent_runs: int = 3) -> Path:
    """Write `<data_dir>/dagster/dagster.yaml` and give the folder, to be used as DAGSTER_HOME."""
    home = data_dir.absolute() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    path, text = home / "dagster.yaml", render_instance(home, max_concurrent_runs)
    # Written only when it changes, and whole: a running daemon may read it at any moment.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        draft = path.with_suffix(".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return home


def render_instance(home: Path, max_concurrent_runs: int) -> str:
    """Fill the template in; a JSON string is a YAML string, whatever the path holds."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        home=json.dumps(str(home)),
        logs=json.dumps(str(home / "storage")),
        max_concurrent_runs=max_concurrent_runs,
    )
