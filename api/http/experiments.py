"""/v1/experiments: start one, watch it, stop it; its results and report; two runs compared."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from fastapi.responses import JSONResponse, Response

from api.errors import ConfigError
from api.experiments.chosen import choose
from api.experiments.places import FOLDER
from api.experiments.runs import ID, Run
from api.http.problem import Problem
from api.http.schema import ExperimentBody
from api.http.service import Service, ServiceDep
from api.parts import import_libraries

router = APIRouter(prefix="/v1/experiments", tags=["experiments"])
opened = APIRouter(include_in_schema=False)  # below /page/, which needs no key (api/http/guard.py)

# The pattern is what keeps an id from being any other path.
RunId = Annotated[str, Path(pattern=rf"^{ID.pattern}$", description="an id from the list of runs")]
RunQuery = Annotated[str, Query(pattern=rf"^{ID.pattern}$", description="an id from the list of runs")]


@router.post("", status_code=202, summary="Start an experiment")
def start(body: ExperimentBody, service: ServiceDep) -> Response:
    """202 with {run}: it waits for those before it and runs in the background. What was begun before goes on from
    there; what is under way already is not started twice. 422 for a definition that cannot be, with the line.
    """
    folder = service.pipeline.config.home / FOLDER
    chosen = choose(
        folder, name=body.name, given=body.definition, limit=body.limit, seed=body.seed, endpoints=service.endpoints
    )
    run = service.experimenter.add(chosen)
    return JSONResponse({"run": run_json(run)}, 202, headers={"Location": f"/v1/experiments/{run.id}"})


@router.get("", summary="The experiments that can be started, and all runs")
def experiments(service: ServiceDep) -> dict[str, Any]:
    """{shipped, runs}: what comes with the program, by name; the runs of this home, newest first, those of the command
    line among them.
    """
    shipped = service.experimenter.offers.all()
    return {
        "shipped": [{"name": e.name, "question": e.question, "arms": [arm.name for arm in e.arms]} for e in shipped],
        "runs": [run_json(run, finding) for run, finding in service.experimenter.all()],
    }


@router.get("/compare", summary="Two runs side by side")
def compare(a: RunQuery, b: RunQuery, service: ServiceDep) -> dict[str, Any]:
    """Every figure of both, with the difference on the questions that both were asked and its paired test; what the
    runs were made with, where it differs. 409 for a run without results.
    """
    import_libraries()
    from api.experiments.comparison import compare_runs

    first, second = service.experimenter.results(a), service.experimenter.results(b)
    try:
        return compare_runs(first, second)
    except (LookupError, TypeError) as error:
        raise ConfigError(f"the results of {a} and {b} cannot be compared; run them again") from error


@router.get("/{run_id}", summary="One run: how far it is, and its results")
def run(run_id: RunId, service: ServiceDep, accept: Annotated[str, Header()] = "") -> Response:
    """The run as in the list; once it is done with `results`, every question and answer among them. With
    `Accept: text/html` its report.
    """
    if "text/html" in accept and "application/json" not in accept:
        return _report(service, run_id)
    found = service.experimenter.get(run_id)
    body = run_json(found)
    if found.folder:
        body["results"] = service.experimenter.results(run_id)
    return JSONResponse(body, headers={"Vary": "Accept"})


@router.get("/{run_id}/report", summary="The report of a run, one HTML file")
def report(run_id: RunId, service: ServiceDep) -> Response:
    """409 for a run without results."""
    return _report(service, run_id)


@router.post("/{run_id}/report", status_code=201, summary="An address of the report that needs no key")
def report_address(run_id: RunId, service: ServiceDep) -> Response:
    """201 with {url}: it opens this report, for ten minutes, in a browser that cannot send the key. 409 for a run
    without results.
    """
    service.experimenter.report_folder(run_id)
    url = f"/page/reports/{service.tickets.issue(run_id)}"
    return JSONResponse({"url": url}, 201, headers={"Location": url})


@opened.get("/page/reports/{ticket}")
def opened_report(ticket: str, service: ServiceDep) -> Response:
    """The report that the ticket is for."""
    run_id = service.tickets.run_of(ticket)
    if run_id is None:
        raise Problem(404, "this address of a report is too old: open the report from the list of experiments again")
    return _report(service, run_id)


@router.delete("/{run_id}", summary="Stop a run")
def stop(run_id: RunId, service: ServiceDep) -> Response:
    """202 with {run} if it was under way or waited: its answers are kept, and starting it again goes on from there. 204
    if it had been stopped or had failed: it is off the list. 409 if it is done.
    """
    found = service.experimenter.remove(run_id)
    return Response(status_code=204) if found is None else JSONResponse({"run": run_json(found)}, 202)


def run_json(run: Run, finding: str = "") -> dict[str, Any]:
    """A run as JSON: its fields, the share done 0..1, where its report is, and the finding where it is known."""
    values = {key: value for key, value in dataclasses.asdict(run).items() if key != "folder"}
    progress = 1.0 if run.state == "done" else run.done / run.total if run.total else 0.0
    report_at = f"/v1/experiments/{run.id}/report" if run.folder else None
    return {**values, "progress": round(progress, 4), "finding": finding, "report": report_at}


def _report(service: Service, run_id: str) -> Response:
    """A page of its own origin that may run its own script and nothing else: it can neither ask this server for
    anything nor be framed.
    """
    import_libraries()
    from api.experiments.report import script_hash

    allowed = script_hash()
    try:
        page = service.experimenter.report(run_id, allowed)
    except OSError as error:
        raise Problem(507, f"the report cannot be written: {error.strerror or error}") from error
    headers = {
        "Content-Security-Policy": (
            f"sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src '{allowed}'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Cross-Origin-Opener-Policy": "unsafe-none",  # browsers refuse a sandboxed page that asks for more
        "Vary": "Accept",
    }
    return Response(page.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)
