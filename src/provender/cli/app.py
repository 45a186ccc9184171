"""The commands and their options. Bodies import what they need, so that `provender --help` stays quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .complete import node_numbers, run_names

app = typer.Typer(
    name="provender",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Better feed for the model you already have: improves the data behind a fixed learning algorithm, and proves it.",
)

RunName = Annotated[str, typer.Argument(metavar="RUN", help="Run id, the beginning of one, its folder, or 'last'.", autocompletion=run_names)]
Node = Annotated[Optional[int], typer.Option("--node", help="A node's number, as provender tree shows it.", autocompletion=node_numbers)]  # noqa: UP045
Workspace = Annotated[Optional[Path], typer.Option("--workspace", envvar="PROVENDER_HOME", help="Where journal, pool and runs lie [./.provender].")]  # noqa: UP045
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Budget = Annotated[Optional[str], typer.Option("--budget", help="Wall-clock time, such as 90s, 10m or 1h30m.")]  # noqa: UP045
Nodes = Annotated[Optional[int], typer.Option("--nodes", help="Number of tree nodes; with it alone a run is reproducible.")]  # noqa: UP045
Lake = Annotated[Optional[Path], typer.Option("--lake", help="Folder of tables and corpora that red nodes may use.")]  # noqa: UP045


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from .. import __version__

        print(__version__)
        raise typer.Exit


@app.command()
def demo(
    into: Annotated[Path, typer.Option(help="Where to put the demo task.")] = Path("provender-demo"),
    budget: Annotated[str, typer.Option(help="Wall-clock time.")] = "75s",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Run a real bundled task: no key, no network, under 90 seconds."""
    from .demo import demo as command

    command(into, budget=budget, workspace=workspace, json=json)


@app.command()
def init(
    source: Annotated[Path, typer.Argument(help="CSV, Parquet, JSONL, or a folder of images with one sub-folder a class.")],
    target: Annotated[Optional[list[str]], typer.Option("--target", help="Column to predict; repeat it for several.")] = None,  # noqa: UP045
    metric: Annotated[Optional[str], typer.Option(help="Metric by scikit-learn's name.")] = None,  # noqa: UP045
    learner: Annotated[Optional[str], typer.Option(help="Preset, such as logistic, or a learner.py.")] = None,  # noqa: UP045
    into: Annotated[Optional[Path], typer.Option(help="The task folder to make.")] = None,  # noqa: UP045
    test: Annotated[Optional[Path], typer.Option(help="Test file, with answers or without.")] = None,  # noqa: UP045
    id: Annotated[Optional[str], typer.Option("--id", help="Column that names rows.")] = None,  # noqa: UP045
    sample_submission: Annotated[Optional[Path], typer.Option(help="Table whose columns and order predictions are to have.")] = None,  # noqa: UP045
    drop_missing_targets: Annotated[bool, typer.Option(help="Leave out rows without a target.")] = False,
) -> None:
    """Make a task folder from your data; what was inferred stands in task.toml for you to correct."""
    from .init import init as command

    command(
        source, target=target or [], metric=metric, learner=learner, into=into, test=test, id=id,
        sample_submission=sample_submission, drop_missing_targets=drop_missing_targets,
    )  # fmt: skip


@app.command()
def run(
    task: Annotated[Path, typer.Argument(help="Task folder.")],
    budget: Budget = None,
    nodes: Nodes = None,
    lake: Lake = None,
    bundled: Annotated[bool, typer.Option(help="Let red nodes use data sets that ship inside installed packages.")] = True,
    agent: Annotated[str, typer.Option(help="Who proposes data states: playbook, or a folder of loaders written by hand.")] = "playbook",
    earlier: Annotated[Optional[str], typer.Option("--from", metavar="RUN", help="Try an earlier run's best states first.", autocompletion=run_names)] = None,  # noqa: UP045
    workers: Annotated[Optional[int], typer.Option(help="States evaluated at once [number of cores, at most 8].")] = None,  # noqa: UP045
    seed: Annotated[int, typer.Option(help="Seed of scheduling and agents; never of the split.")] = 0,
    schedule: Annotated[str, typer.Option(help="branch (default) or paper.")] = "branch",
    decay: Annotated[str, typer.Option(help="piecewise, linear or exponential; for --schedule paper.")] = "piecewise",
    no_red: Annotated[bool, typer.Option("--no-red", help="Ablation: no discovery of external data.")] = False,
    no_black: Annotated[bool, typer.Option("--no-black", help="Ablation: what red nodes admit is appended by rule, nothing else.")] = False,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="Ablation: agents see no records of other nodes.")] = False,
    algorithm_only: Annotated[bool, typer.Option("--algorithm-only", help="Ablation: ignore the task's loader.py.")] = False,
    isolation: Annotated[Optional[str], typer.Option(help="Demand a level: sealed, partial or unsealed.")] = None,  # noqa: UP045
    unsealed: Annotated[bool, typer.Option("--unsealed", help="Accept a run without isolation; nothing is proven then.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what a run would be, and stop.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Search for better data for the task's fixed learner, and prove what was found."""
    from .run import dry, options, start

    settings = options(
        task, budget=budget, nodes=nodes, lake=lake, bundled=bundled, agent=agent, workers=workers, seed=seed, schedule=schedule, decay=decay,
        no_red=no_red, no_black=no_black, no_memory=no_memory, algorithm_only=algorithm_only, level=isolation, unsealed=unsealed,
        earlier=earlier, workspace=workspace,
    )  # fmt: skip
    (dry if dry_run else start)(task, settings, workspace=workspace, json=json)


@app.command()
def resume(run: RunName, budget: Budget = None, nodes: Nodes = None, workspace: Workspace = None, json: Json = False) -> None:
    """Go on with a run that was stopped, or give it more budget (+10m, or --nodes 20)."""
    from .run import resume as command

    command(run, budget=budget, nodes=nodes, workspace=workspace, json=json)


@app.command()
def show(
    run: RunName = "last",
    node: Annotated[Optional[int], typer.Option(help="One node: its loader, what it did to the rows, why it failed.", autocompletion=node_numbers)] = None,  # noqa: UP045
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Show a run, or one node of it."""
    from .show import show as command

    command(run, node=node, workspace=workspace, json=json)


@app.command()
def tree(run: RunName = "last", workspace: Workspace = None) -> None:
    """Draw a run's DataTree."""
    from .show import tree as command

    command(run, workspace=workspace)


@app.command()
def report(
    run: RunName = "last",
    to: Annotated[Optional[Path], typer.Option("--to", help="Where to write it [report.html in the run's folder].")] = None,  # noqa: UP045
    open: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    workspace: Workspace = None,
) -> None:
    """Draw a run's report: one HTML file with what was gained, how sure it is, and why."""
    from .report import report as command

    command(run, to=to, show=open, workspace=workspace)


@app.command()
def runs(workspace: Workspace = None, json: Json = False) -> None:
    """List the runs of a workspace."""
    from .show import runs as command

    command(workspace=workspace, json=json)


@app.command()
def doctor(json: Json = False) -> None:
    """Say what this machine offers: isolation, packages, cores, disk."""
    from .doctor import doctor as command

    command(json=json)


@app.command()
def accept(run: RunName = "last", node: Node = None, workspace: Workspace = None, json: Json = False) -> None:
    """Take a state as the run's result though nothing proved it: by default the candidate; --node 0 takes that back."""
    from .accept import accept as command

    command(run, node=node, workspace=workspace, json=json)


@app.command()
def rerun(
    node: Annotated[int, typer.Option("--node", help="The node whose loader is run.", autocompletion=node_numbers)],
    run: RunName = "last",
    fold: Annotated[Optional[int], typer.Option("--fold", help="This development fold alone, counted from 0.")] = None,  # noqa: UP045
    loader: Annotated[Optional[Path], typer.Option("--loader", help="A mended loader.py to try in place of the node's own.")] = None,  # noqa: UP045
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Run a node's loader again and show all it says: scores, tracebacks, what it printed. Keeps nothing."""
    from .rerun import rerun as command

    command(run, node=node, fold=fold, loader=loader, workspace=workspace, json=json)


@app.command("rm")
def remove(
    run: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run ids, beginnings of them, or 'last'.", autocompletion=run_names)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Delete runs: their events and their folders."""
    from .remove import remove as command

    command(run, yes=yes, workspace=workspace, json=json)


@app.command()
def gc(
    keep: Annotated[Optional[str], typer.Option("--keep", metavar="SIZE", help="What the cache may hold, such as 500MB [5GB].")] = None,  # noqa: UP045
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be freed, and free nothing.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Say what a workspace holds, and free what no run needs."""
    from .gc import gc as command

    command(keep=keep, dry=dry_run, workspace=workspace, json=json)


@app.command()
def export(
    run: RunName,
    to: Annotated[Path, typer.Option("--to", help="The folder to make.")],
    node: Annotated[Optional[int], typer.Option(help="A node other than the one the run stands for.")] = None,  # noqa: UP045
    with_assets: Annotated[bool, typer.Option("--with-assets", help="Include external tables whatever their licence says.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Write curated rows with the origin of each, the loader that makes them, a data card, and all that a rebuild needs."""
    from .export import export as command

    command(run, node=node, to=to, with_assets=with_assets, workspace=workspace, json=json)


@app.command()
def rebuild(
    folder: Annotated[Path, typer.Argument(help="An export's folder.")],
    to: Annotated[Optional[Path], typer.Option("--to", help="Write the rebuilt training rows to this Parquet file.")] = None,  # noqa: UP045
    assets: Annotated[Optional[list[Path]], typer.Option("--assets", help="Where external tables are that the export does not hold; repeat it for several.")] = None,  # noqa: UP045
    unsealed: Annotated[bool, typer.Option("--unsealed", help="Accept to run its loader without isolation.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Make an export's rows and features again, and compare digests: exit 1 when they are not the same."""
    from .export import rebuild as command

    command(folder, to=to, assets=assets or [], workspace=workspace, unsealed=unsealed, json=json)


@app.command()
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="RUN, RUN:NODE or an export's folder.")],
    b: Annotated[Optional[str], typer.Argument(metavar="[B]", help="What it becomes; without it A is compared with the initial state.")] = None,  # noqa: UP045
    unsealed: Annotated[bool, typer.Option("--unsealed", help="Accept to run the loaders without isolation.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Say what differs between two data states: rows, cells, labels, weights, columns, sources and loaders."""
    from .diff import diff as command

    command(a, b, workspace=workspace, unsealed=unsealed, json=json)


@app.command()
def fit(
    run: RunName,
    to: Annotated[Path, typer.Option("--to", help="The folder to make.")],
    node: Annotated[Optional[int], typer.Option(help="A node other than the one the run stands for.")] = None,  # noqa: UP045
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Fit the task's learner on all labelled rows with a run's state, and keep it as a model."""
    from .model import fit as command

    command(run, node=node, to=to, workspace=workspace, json=json)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    inputs: Annotated[Path, typer.Option("--inputs", help="Table of new records; - for CSV on standard input.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write predictions: .csv or .parquet; - for standard output.")] = Path("-"),
    unsealed: Annotated[bool, typer.Option("--unsealed", help="Accept to open the model without isolation.")] = False,
    json: Json = False,
) -> None:
    """Predict new records with a kept model."""
    from .model import predict as command

    command(model, inputs=inputs, out=out, unsealed=unsealed, json=json)


library = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(library, name="methods", help="List the published methods, or show one.")


@library.callback()
def methods(context: typer.Context, json: Json = False) -> None:
    """List the published methods that data states are made of."""
    if context.invoked_subcommand is None:
        from .methods import methods as command

        command(json=json)


@library.command("show")
def method(name: Annotated[str, typer.Argument(help="A method's name.")], json: Json = False) -> None:
    """Show a method: its paper, when it helps and hurts, what it costs."""
    from .methods import show as command

    command(name, json=json)
