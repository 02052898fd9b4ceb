"""The results of an analysis as files: tables, JSON, the page and the model, in one folder."""

from models.root_cause.export.content import ReportContent
from models.root_cause.export.document import (
    REPORT_SCHEMA,
    read_report,
    report_document,
    report_schema,
)
from models.root_cause.export.folder import (
    MODEL_FOLDER,
    PARTS,
    check_folder,
    render_part,
    write_report,
)
from models.root_cause.export.tables import (
    Table,
    assignments_table,
    causes_table,
)

__all__ = [
    "MODEL_FOLDER",
    "PARTS",
    "REPORT_SCHEMA",
    "ReportContent",
    "Table",
    "assignments_table",
    "causes_table",
    "check_folder",
    "read_report",
    "render_part",
    "report_document",
    "report_schema",
    "write_report",
]
