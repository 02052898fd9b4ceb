"""``/v1/jobs``: whole files, done behind the calls of people."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from service.api.accept import choose_media_type
from service.api.auth import Caller, require
from service.api.cursors import Cursor, make_cursor, read_cursor
from service.api.events import MEDIA_TYPE as EVENT_STREAM
from service.api.events import Event, stream_events
from service.api.idempotency import IdempotencyKeyDoc, idempotent
from service.api.problems import (
    EVERYWHERE,
    Code,
    InvalidParam,
    ProblemError,
    from_validation,
    problem_responses,
)
from service.api.schemas.jobs import LISTS, JobOut, JobParams, JobsPage, Kind
from service.api.services import Services, ServicesDep
from service.api.uploads import FILE_FIELD, FORM, Received, receive, temporary_file
from service.jobs.intake import MEDIA_TYPES, Upload
from service.jobs.results import stream_result, write_result
from service.store import jobs as store
from service.store.jobs import Job, JobStatus, NewJob
from service.store.keys import Scope
from service.tables.errors import OutputError
from service.tables.formats import Format

router = APIRouter(tags=["jobs"])

_TABLES: Mapping[str, Format] = {
    "application/x-ndjson": Format.JSONL,
    "text/csv": Format.CSV,
    "text/tab-separated-values": Format.TSV,
    "application/vnd.apache.parquet": Format.PARQUET,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
}
_REPORT: Mapping[str, str] = {
    "application/json": "report.json",
    "text/html": "report.html",
    "application/x-ndjson": "assignments.jsonl",
    "text/csv": "assignments.csv",
    "application/vnd.apache.parquet": "assignments.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "assignments.xlsx",
}
"""Files of a report, by their media types."""

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
AnalyseDep = Annotated[Caller, Depends(require(Scope.ANALYSE))]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_EVENT_SCHEMA = {  # as OpenAPI 3.2 has it
    "type": "object",
    "properties": {
        "event": {"type": "string"},
        "id": {"type": "string"},
        "data": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}
_NO_JOB = "there is no such job; it may have expired"


def _form_schema() -> dict[str, Any]:
    """The form as OpenAPI has it: the file, and each parameter as a field."""
    schema = JobParams.model_json_schema()
    fields = {FILE_FIELD: {"type": "string", "format": "binary"}}
    for name, found in schema["properties"].items():
        field = dict(found)
        choices = [one for one in field.pop("anyOf", ()) if one != {"type": "null"}]
        if choices:  # a field that is left out is null; none can be sent as null
            field |= choices[0]
            field.pop("default", None)
        fields[name] = field
    for name, definition in schema.get("$defs", {}).items():
        for field in fields.values():
            _inline(field, f"#/$defs/{name}", definition)
    return {
        "type": "object",
        "properties": fields,
        "required": [FILE_FIELD],
        "additionalProperties": False,
    }


def _inline(schema: Any, reference: str, definition: Mapping[str, Any]) -> None:
    """Put a definition where it is referred to."""
    if isinstance(schema, dict):
        if schema.get("$ref") == reference:
            del schema["$ref"]
            schema |= {key: value for key, value in definition.items() if key not in schema}
        for part in schema.values():
            _inline(part, reference, definition)
    elif isinstance(schema, list):
        for part in schema:
            _inline(part, reference, definition)


@router.post(
    "/v1/jobs",
    summary="Send a file",
    status_code=202,
    response_model=JobOut,
    responses={
        202: {
            "description": "The file was read; its rows wait.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        },
        **problem_responses(
            Code.INVALID_REQUEST,
            Code.TOO_LARGE,
            Code.UNSUPPORTED_MEDIA_TYPE,
            Code.VALIDATION_FAILED,
            Code.UNREADABLE_FILE,
            Code.KIND_UNAVAILABLE,
            Code.CONFLICT,
            Code.IDEMPOTENCY_MISMATCH,
            Code.IDEMPOTENCY_IN_PROGRESS,
            *EVERYWHERE,
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                FORM: {"schema": _form_schema()},
                **dict.fromkeys(MEDIA_TYPES, _BINARY),
            },
        }
    },
)
async def create_job(
    caller: AnalyseDep,
    request: Request,
    services: ServicesDep,
    params: Annotated[JobParams, Query()],
    _: IdempotencyKeyDoc = None,
) -> Response:
    """Send a CSV, TSV, XLSX, JSONL or Parquet file, as a form or as the body itself, and get a job
    that tags each of its rows.

    The columns are found by name and content, or named in parameters: in the query, or as fields
    of the form. The file is read before the answer, so a file that cannot be read is refused here;
    a row that cannot be read gets an error of its own. The rows are kept until `expires_at`.
    """
    with temporary_file(services.jobs.temporary) as stream:
        received = await receive(request, stream, MEDIA_TYPES)
        params = _with_fields(params, received)
        if params.kind not in services.jobs.kinds:
            raise ProblemError(
                Code.KIND_UNAVAILABLE, f"this service does no jobs of the kind {params.kind}"
            )

        async def answer(operation_id: str) -> Response:
            new = NewJob(
                id=operation_id,
                tenant_id=caller.tenant_id,
                kind=params.kind.value,
                options=params.model_dump(mode="json", exclude_defaults=True),
            )
            upload = Upload(
                path=received.path, media_type=received.media_type, suffix=received.suffix
            )
            job = await run_in_threadpool(
                services.jobs.take, new, upload, params, subject_hash=caller.subject_hash
            )
            request.state.log["n_rows"] = job.n_rows
            return Response(
                orjson.dumps(_document(job)),
                status_code=202,
                media_type="application/json",
                headers={"Location": f"/v1/jobs/{job.id}"},
            )

        return await idempotent(request, caller, services, answer, body_sha256=received.sha256)


@router.get(
    "/v1/jobs",
    summary="List jobs",
    response_model=JobsPage,
    responses=problem_responses(Code.INVALID_REQUEST, Code.VALIDATION_FAILED, *EVERYWHERE),
)
async def list_jobs(
    caller: AnalyseDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """Give the tenant's jobs, newest first."""
    page = await run_in_threadpool(
        store.list_jobs,
        services.store,
        caller.tenant_id,
        limit=limit + 1,
        before=None if cursor is None else read_cursor(cursor),
    )
    shown = page[:limit]
    has_more = len(page) > limit
    document = {
        "jobs": [_document(job) for job in shown],
        "next_cursor": make_cursor(shown[-1].created_at, shown[-1].id) if has_more else None,
    }
    return Response(orjson.dumps(document), media_type="application/json")


@router.get(
    "/v1/jobs/{job_id}",
    summary="Show a job and how far it is",
    response_model=JobOut,
    responses=problem_responses(Code.VALIDATION_FAILED, Code.NOT_FOUND, *EVERYWHERE),
)
async def show_job(caller: AnalyseDep, services: ServicesDep, job_id: JobId) -> Response:
    """Give a job as it stands."""
    job = await _find(services, caller, job_id)
    return Response(orjson.dumps(_document(job)), media_type="application/json")


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "`progress` whenever the job has changed, then `done` once; the data of "
            "each is the job as `GET /v1/jobs/{job_id}` gives it.",
            "content": {EVENT_STREAM: {"schema": _EVENT_SCHEMA}},
        },
        **problem_responses(Code.VALIDATION_FAILED, Code.NOT_FOUND, *EVERYWHERE),
    },
)
async def follow_job(
    caller: AnalyseDep,
    request: Request,
    services: ServicesDep,
    job_id: JobId,
    _: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            description="Sent by clients that come back. The present state is sent in any case.",
        ),
    ] = None,
) -> StreamingResponse:
    """Send the progress of a job as server-sent events until it is finished."""
    await _find(services, caller, job_id)

    async def look() -> Event:
        job = await run_in_threadpool(
            store.find_job, services.store, tenant_id=caller.tenant_id, job_id=job_id
        )
        if job is None:
            data = {"id": job_id, "status": "deleted"}
            return Event(name="done", id="deleted", data=data, is_last=True)
        is_last = job.status.is_final
        identity = f"{job.n_runs}-{job.status.value}-{job.n_done}-{job.n_erased}"
        name = "done" if is_last else "progress"
        return Event(name=name, id=identity, data=_document(job), is_last=is_last)

    health = request.app.state.health
    return stream_events(look, is_stopping=lambda: bool(health.is_stopping))


@router.post(
    "/v1/jobs/{job_id}/cancel",
    summary="Cancel a job",
    response_model=JobOut,
    responses=problem_responses(Code.VALIDATION_FAILED, Code.NOT_FOUND, Code.CONFLICT, *EVERYWHERE),
)
async def cancel_job(caller: AnalyseDep, services: ServicesDep, job_id: JobId) -> Response:
    """Stop a job and delete its rows, those that are done, too. Cancelled twice, it is the same."""
    job = await run_in_threadpool(services.jobs.cancel, tenant_id=caller.tenant_id, job_id=job_id)
    if job is None:
        raise ProblemError(Code.NOT_FOUND, _NO_JOB)
    if job.status is not JobStatus.CANCELLED:
        raise ProblemError(
            Code.CONFLICT, f"the job has {job.status.value}; DELETE removes it with its results"
        )
    return Response(orjson.dumps(_document(job)), media_type="application/json")


@router.delete(
    "/v1/jobs/{job_id}",
    summary="Delete a job",
    status_code=204,
    response_class=Response,
    responses=problem_responses(Code.VALIDATION_FAILED, Code.NOT_FOUND, *EVERYWHERE),
)
async def delete_job(caller: AnalyseDep, services: ServicesDep, job_id: JobId) -> Response:
    """Delete a job with all its rows and results; one that runs is stopped."""
    is_deleted = await run_in_threadpool(
        store.delete_job, services.store, tenant_id=caller.tenant_id, job_id=job_id
    )
    if not is_deleted:
        raise ProblemError(Code.NOT_FOUND, _NO_JOB)
    return Response(status_code=204)


@router.get(
    "/v1/jobs/{job_id}/result",
    summary="Get the result",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Of `classify` the rows in the order of the file, each with its tags: "
            "`klantstem` in JSONL, columns `klantstem_...` in the others. Of `root_causes` the "
            "report as JSON (the default) or as a page, or its complaints, each with its cause, as "
            "a table.",
            "content": {
                **dict.fromkeys((*_TABLES, *_REPORT), _BINARY),
                "application/json": {"schema": {"type": "object"}},
            },
        },
        **problem_responses(
            Code.VALIDATION_FAILED,
            Code.NOT_FOUND,
            Code.NOT_ACCEPTABLE,
            Code.CONFLICT,
            Code.GONE,
            *EVERYWHERE,
        ),
    },
)
async def get_result(
    caller: AnalyseDep,
    request: Request,
    services: ServicesDep,
    job_id: JobId,
) -> Response:
    """Give the result of a job that has succeeded, in the format that `Accept` asks for; without
    it in the first one.
    """
    job = await _find(services, caller, job_id)
    is_report = job.kind == Kind.ROOT_CAUSES
    accept = request.headers.get("accept")
    media_type = choose_media_type(accept, tuple(_REPORT if is_report else _TABLES))
    _check_succeeded(job)
    name = f"klantstem-{job.id[:8]}"
    if is_report:
        return await _report(services, job, media_type, name)
    table_format = _TABLES[media_type]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{table_format.value}"'}
    chunks = store.read_results(services.store, job)
    if not table_format.is_binary:
        stream = stream_result(job, chunks, table_format)
        return StreamingResponse(stream, media_type=media_type, headers=headers)
    path = await run_in_threadpool(_write, services, job, table_format)
    return FileResponse(
        path,
        media_type=media_type,
        headers=headers,
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


async def _report(services: Services, job: Job, media_type: str, name: str) -> Response:
    """Give a file of a report."""
    file = _REPORT[media_type]
    content = await run_in_threadpool(store.read_file, services.store, job, file)
    if content is None:
        raise ProblemError(Code.CONFLICT, "the job has changed at this moment; try again")
    headers = {"Content-Disposition": f'attachment; filename="{name}-{file}"'}
    return Response(content, media_type=media_type, headers=headers)


def _write(services: Services, job: Job, table_format: Format) -> FilePath:
    """Write a result that cannot be sent piece by piece to a temporary file."""
    folder = services.jobs.temporary
    with tempfile.NamedTemporaryFile(
        dir=folder, prefix="result-", suffix=f".{table_format.value}", delete=False
    ) as stream:
        path = FilePath(stream.name)
    try:
        write_result(job, store.read_results(services.store, job), table_format, path)
    except OutputError as error:
        path.unlink(missing_ok=True)
        raise ProblemError(Code.NOT_ACCEPTABLE, str(error)) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _check_succeeded(job: Job) -> None:
    """Refuse a result that is not there yet, or never will be."""
    if job.status is JobStatus.SUCCEEDED:
        return
    if job.status is JobStatus.CANCELLED:
        raise ProblemError(Code.GONE, "the job was cancelled; its rows are deleted")
    if job.status is JobStatus.FAILED:
        raise ProblemError(Code.GONE, "the job failed; its error says why")
    raise ProblemError(
        Code.CONFLICT,
        f"the job is {job.status.value}: {job.n_done} of {job.n_rows} rows are done",
        headers={"Retry-After": "5"},
    )


async def _find(services: Services, caller: Caller, job_id: str) -> Job:
    """Look up a job of the caller's tenant."""
    job = await run_in_threadpool(
        store.find_job, services.store, tenant_id=caller.tenant_id, job_id=job_id
    )
    if job is None or job.expires_at <= datetime.now(UTC):
        raise ProblemError(Code.NOT_FOUND, _NO_JOB)
    return job


def _with_fields(params: JobParams, received: Received) -> JobParams:
    """Take the parameters from the fields of a form, where it has some, before the query."""
    fields: dict[str, Any] = {}
    for name, value in received.fields:
        if name in LISTS:
            fields.setdefault(name, []).append(value)
        elif name in fields:
            raise _twice(name)
        else:
            fields[name] = value
    try:
        return JobParams.model_validate({**params.model_dump(exclude_unset=True), **fields})
    except ValidationError as error:
        problems: Sequence[Any] = error.errors(
            include_url=False, include_input=False, include_context=False
        )
        located = [{**problem, "loc": ("body", *problem["loc"])} for problem in problems]
        raise from_validation(located) from None


def _twice(name: str) -> ProblemError:
    reason = "is given twice"
    return ProblemError(
        Code.VALIDATION_FAILED,
        f"{name[:64]} {reason}; give it once",
        invalid_params=[
            InvalidParam(name=f"/{name[:64]}", place="body", code="duplicate", reason=reason)
        ],
    )


def _document(job: Job) -> dict[str, Any]:
    """A job as it is shown."""
    spec = job.table_spec
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status.value,
        "error": job.error,
        "rows_total": job.n_rows,
        "rows_done": job.n_done,
        "rows_failed": job.n_failed,
        "rows_erased": job.n_erased,
        "rows_by_status": job.n_by_status,
        "format": spec["format"],
        "columns": {
            "text": spec["text"],
            "id": spec["id"],
            "language": spec["language"],
            "subject": spec["subject"],
            "score": spec["score"],
            "date": spec["date"],
            "segments": spec["segments"],
            "kept": spec["columns"],
        },
        "notes": spec["notes"],
        "options": job.options,
        "bundle_versions": job.bundle_versions,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "expires_at": job.expires_at,
        "links": {
            "self": f"/v1/jobs/{job.id}",
            "events": f"/v1/jobs/{job.id}/events",
            "result": f"/v1/jobs/{job.id}/result",
        },
    }
