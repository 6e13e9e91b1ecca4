"""The bill of materials of a bundle: base model, adapters, data sets and licences, as a CycloneDX document (ML-BOM).

Made from the verdict, and checked against CycloneDX's own schema before it is written. The same verdict gives the same
bytes: its serial number is a digest, its time the verdict's.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from harness.errors import BundleError

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

FILE = "bom.cdx.json"
NOT_STATED = "not stated"
_SPACE = uuid.UUID("6f0c1c6e-6c3a-5d0a-9c3f-0d6a8a6f2b11")
"""UUID namespace of serial numbers. Any value would do, but it must never change."""


def render(document: Mapping[str, Any], archives: Mapping[str, str]) -> str:
    """The bill of materials of a released run, as the text of a JSON file.

    Args:
        document: its verdict.
        archives: adapter -> SHA-256 of its archive.

    Raises:
        BundleError: what was made is not valid CycloneDX, such as a licence that is no SPDX expression.
    """
    from cyclonedx.exception import CycloneDxException
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    try:
        components = list(_components(document, archives))
        bom = Bom(
            components=components,
            serial_number=uuid.uuid5(_SPACE, json.dumps([document["release"], document["run_id"], dict(archives)])),
        )
        bom.metadata.timestamp = datetime.fromisoformat(document["concluded_at"])
        bom.metadata.component = _component(
            f"{document['release']}-{document['run_id']}",
            "release",
            "",
            {"greenrun:verdict": document["verdict"]},
            None,
        )
        base = next(one for one in components if one.bom_ref.value == "base")
        adapters = [one for one in components if str(one.bom_ref.value).startswith("adapter-")]
        data = [one for one in components if str(one.bom_ref.value).startswith("data-")]
        bom.register_dependency(bom.metadata.component, adapters)
        for adapter in adapters:
            bom.register_dependency(adapter, [base, *data])
        text = JsonV1Dot6(bom).output_as_string(indent=1)
    except CycloneDxException as error:
        raise BundleError(f"{FILE} cannot be made: {error}") from error
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise BundleError(f"{FILE} is not valid CycloneDX: {str(problem).splitlines()[0]}")
    return text + "\n"


def _components(document: Mapping[str, Any], archives: Mapping[str, str]) -> Any:
    origin = document.get("origin", {})
    licences = origin.get("licences", {})
    model = document.get("model", {})
    yield _component(
        str(origin.get("base") or NOT_STATED),
        "base",
        str(model.get("weights", "")),
        {"greenrun:pin": str(origin.get("pin", "")), "greenrun:checkpoint": str(model.get("base", ""))},
        licences.get("base"),
        "model",
    )
    for name, digest in sorted(archives.items()):
        yield _component(name, f"adapter-{name}", digest, {"greenrun:kind": "LoRA"}, licences.get("adapters"), "model")
    for one in document.get("data", []):
        records = {"greenrun:records": str(one["records"]), "greenrun:path": str(one["path"])}
        yield _component(
            str(one["name"]), f"data-{one['name']}", str(one["sha256"]), records, licences.get("data"), "data"
        )


def _component(
    name: str, ref: str, digest: str, properties: Mapping[str, str], licence: str | None, kind: str = "model"
) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import LicenseExpression

    told = {**properties, "greenrun:licence": licence or NOT_STATED}
    return Component(
        name=name,
        bom_ref=ref,
        type=ComponentType.DATA if kind == "data" else ComponentType.MACHINE_LEARNING_MODEL,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        licenses=[LicenseExpression(licence)] if licence else [],
        properties=[Property(name=key, value=value) for key, value in told.items() if value],
    )
