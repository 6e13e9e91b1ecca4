"""``python -m harness.ask ITEM_ID``: one item, and what the base, the adapter and the deployed form answer.

The first thing to do after a red run. Nothing is built and nothing is downloaded: base and adapter are those of the
last run of the release.
"""

from __future__ import annotations

import argparse
import difflib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.dataset import files
from harness.dataset.item import Item
from harness.engines import answers, processor
from harness.engines.answers import Answer
from harness.errors import GreenrunError
from harness.forms import registry
from harness.forms.form import Direct, Form
from harness.metrics import scoring
from harness.project import ROOT
from harness.report import side_by_side
from harness.report.escape import clean
from harness.run import last
from harness.spec import load
from harness.spec.objects import Spec

REFUSED = 2
"""Exit status where the item, the adapter or an artifact of the last run is missing."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m harness.ask", description="Put one item to base, adapter and deployed form, side by side."
    )
    parser.add_argument("item", metavar="ITEM_ID", help="the id of a record in the spec's data, or TASK/SPLIT/ID")
    parser.add_argument("--adapter", metavar="NAME_OR_DIR", help="an adapter of the spec, or a folder; the candidate")
    parser.add_argument("--release", type=Path, metavar="PATH", default=ROOT / "data" / "v3" / "release.toml")
    parser.add_argument("--out", type=Path, metavar="DIR", default=ROOT / "out", help="where the release was run")
    given = parser.parse_args(arguments)
    try:
        spec = load.load(given.release)
        processor.hold(spec.instructions)
        item, split = find_item(spec, given.item)
        run = last.last_run(given.out, spec)
        label, adapter = _adapter(spec, run, given.adapter)
        columns = _columns(spec, run, item, split, label, adapter)
    except (GreenrunError, OSError) as error:
        print(clean(str(error)), file=sys.stderr)
        return REFUSED
    width = shutil.get_terminal_size((100, 40)).columns
    print("\n".join(side_by_side.wrap(f"release {spec.name}, run {run.id}, adapter {label}", width)))
    for line in side_by_side.render(item, split, scoring.forms_of(spec.tasks)[item.task], columns, width):
        print(line)
    return 0


def find_item(spec: Spec, name: str) -> tuple[Item, str]:
    """The item with that id, and its split.

    Raises:
        GreenrunError: no file has it; with the nearest ids.
        DataError: a data file cannot be read.
    """
    everything = [
        (item, split) for task in spec.tasks.values() for split in task.files for item in files.items_of(task, split)
    ]
    known = {item.id: (item, split) for item, split in everything}
    known |= {f"{item.task}/{split}/{item.id}": (item, split) for item, split in everything}
    if len(places := [f"{item.task}/{split}/{name}" for item, split in everything if item.id == name]) > 1:
        raise GreenrunError(f"several items have the id {name!r}; say which one: {', '.join(places)}")
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, cutoff=0.4)
        mend = f"the nearest: {', '.join(near)}" if near else f"there are {len(known)}, such as {next(iter(known))}"
        raise GreenrunError(f"no item has the id {name!r} in the data of release {spec.name!r}; {mend}")
    return known[name]


def _adapter(spec: Spec, run: last.LastRun, wanted: str | None) -> tuple[str, Path]:
    """(label, folder) of the adapter to ask.

    Raises:
        GreenrunError: it is neither an adapter of the spec nor a folder.
    """
    name = spec.candidate if wanted is None else wanted
    if name in spec.adapters:
        return run.adapter(name)
    if Path(name).is_dir():
        return str(Path(name)), Path(name)
    near = difflib.get_close_matches(name, spec.adapters, 1, cutoff=0.4)
    mend = f"did you mean {near[0]!r}?" if near else f"the spec names {', '.join(sorted(spec.adapters))}"
    raise GreenrunError(f"--adapter: {name!r} is neither an adapter of the spec nor a folder; {mend}")


def _columns(
    spec: Spec, run: last.LastRun, item: Item, split: str, label: str, adapter: Path
) -> list[tuple[str, Answer]]:
    from harness.ask import models  # imports torch, which an unknown id should not wait for

    form, base = registry.deployed(spec), run.get("base")
    weights = run.get(f"served {form.name}") if form.rounds(spec) else base
    columns = list(models.ask(spec, item, base, weights, adapter))
    sheet = run.find(f"answers {label} {item.task} {split}")
    if sheet is not None:
        judged = answers.read(sheet, [one.id for one in files.items_of(spec.tasks[item.task], split)])[item.id]
        columns.append((_stored_title(form, judged, columns[-1][1]), judged))
    return columns


def _stored_title(form: Form, judged: Answer, deployed: Answer) -> str:
    """Title of the column with the stored answer. For a form that is asked here it says whether the tokens are the
    same."""
    if not isinstance(form, Direct):
        return f"stored: deployed, {form.name}"
    return f"stored: {'same' if judged.ids == deployed.ids else 'OTHER'} tokens"


if __name__ == "__main__":
    sys.exit(main())
